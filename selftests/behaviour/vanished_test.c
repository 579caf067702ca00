// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is taken away from the registry under living nodes is written again, and who
 * comes then meets them: whatever part of the tree was removed, moved, or replaced by
 * something else, and whether the newcomer comes before the living have noticed or after.
 *
 * A server sleeps in a receive and a client is connected to it.  Then a shell does the
 * damage.  A new client must meet the old server, and a new server the old client, and
 * the old two answer each other all along.
 */
#include "steps.h"

#define ROUNDS	100000	/* more than any test asks */

FIXTURE(vanished) {
	struct root root;
	char moved[80];
	struct side side;
	struct end server;
	struct end crowd[6];
};

FIXTURE_VARIANT(vanished) {
	const char *damage;
};

#define DAMAGE(variant_, damage_)					\
	FIXTURE_VARIANT_ADD(vanished, variant_) { .damage = damage_ }

/* Its owner may write a directory again while it is removed. */
#define REMOVE(path_)	"{ rm -rf " path_ " || rm -rf " path_ "; }"

DAMAGE(root, REMOVE("$SLUICE_ROOT"));
DAMAGE(domain, REMOVE("default"));
DAMAGE(nodes, REMOVE("default/nodes"));
DAMAGE(services, REMOVE("default/services"));
DAMAGE(service, REMOVE("default/services/*"));
DAMAGE(contract, "rm default/services/*/contract");
DAMAGE(ports, REMOVE("default/services/*/ports"));
DAMAGE(servers, REMOVE("default/services/*/servers"));
DAMAGE(socket, "rm default/services/*/servers/*.sock");
DAMAGE(server, "rm default/services/*/ports/server.0");
DAMAGE(client, "rm default/services/*/ports/client.0");
DAMAGE(memberships, "rm default/services/*/ports/node.*");
DAMAGE(entries, "rm default/nodes/*");
DAMAGE(mailboxes, "rm default/nodes/*.sock");
DAMAGE(files, "find default -type f -delete");
DAMAGE(sockets, "find default -type s -delete");
DAMAGE(empty_files, "for f in $(find default -type f -o -type s); do"
		    " rm $f && : >$f; done");
DAMAGE(directories, "for f in $(find default -type f -o -type s); do"
		    " rm $f && mkdir $f; done");
DAMAGE(renamed_over, "for f in $(find default -type f -o -type s); do"
		     " : >x && mv x $f; done; rm -f x");
DAMAGE(root_moved, "mv $SLUICE_ROOT $MOVED");
DAMAGE(root_moved_and_back, "mv $SLUICE_ROOT $MOVED && mv $MOVED $SLUICE_ROOT");
DAMAGE(root_made_anew, REMOVE("$SLUICE_ROOT") " && mkdir -m 700 $SLUICE_ROOT");
DAMAGE(domain_moved, "mv default $MOVED");
DAMAGE(service_moved, "mv default/services/* $MOVED");
DAMAGE(entries_moved, "for f in default/nodes/*; do mv $f $f.moved; done;"
		      " rm default/nodes/*.moved");

FIXTURE_SETUP(vanished)
{
	root_make(_metadata, &self->root);
	snprintf(self->moved, sizeof(self->moved), "%s.moved", self->root.path);
	ASSERT_EQ(0, setenv("MOVED", self->moved, 1));
	ends_mix(&self->server, 1);
	ends_mix(self->crowd, 6);
	start_server(_metadata, &self->server, IN_PROCESS, &calls, NULL, NULL);
	begin(&self->server, keep_serving, ROUNDS, 0);
	open_client_side(_metadata, &self->side, &calls, NULL, 1);
}

/* The server is killed, since only a request ends its step. */
FIXTURE_TEARDOWN(vanished)
{
	leave(&self->side, 0, 0);
	if (end_runs(&self->server)) {
		end_kill_and_reap(&self->server);
	}
	ends_stop(_metadata, self->crowd, 6);
	nftw(self->moved, tree_remove_visit, 16, FTW_PHYS | FTW_DEPTH);
	mkdir(self->root.path, 0700);
	/* The test removes its own files that lie in the places of entries. */
	nftw(self->root.path, tree_remove_visit, 16, FTW_PHYS | FTW_DEPTH);
	TEARDOWN_CHECKS(&self->root);
}

static void do_damage(struct __test_metadata *_metadata, const char *damage)
{
	char command[512];

	snprintf(command, sizeof(command), "cd $SLUICE_ROOT && set -e; %s", damage);
	ASSERT_EQ(0, system(command)) TH_LOG("%s", damage);
}

static void expect_answer(struct __test_metadata *_metadata, struct side *side, long servers)
{
	long i;

	ASSERT_EQ(servers, ask(side, 0, 20)) TH_LOG("%s", sluice_strerror());
	for (i = 0; i < servers; i++)
		ASSERT_EQ(21, hear(side, 0, LONG)) TH_LOG("%s", sluice_strerror());
	ASSERT_EQ(0, hear_end(side, 0, LONG));
}

static long ask_and_hear(struct side *side, long servers, long unused)
{
	long r = ask(side, 0, 30), i;

	(void)unused;
	if (r != servers)
		return r < 0 ? r : -ENOTCONN;
	for (i = 0; i < servers; i++) {
		r = hear(side, 0, LONG);
		if (r != 31)
			return r < 0 ? r : -EBADMSG;
	}
	return cancel(side, 0, 0);
}

/* A client that comes meets the servers once their names are back. */
static void come_as_client(struct __test_metadata *_metadata, struct end *end)
{
	end_start(_metadata, end, IN_PROCESS);
	ASSERT_EQ(0, at(end, join_client, PTR(&calls), 0)) TH_LOG("%s", end->result.sentence);
}

static void meet_servers(struct __test_metadata *_metadata, struct end *client, long servers)
{
	ASSERT_EQ(servers, at(client, wait_servers, servers, RENEWAL_LONG))
		TH_LOG("%s", client->result.sentence);
}

static void start_new_client(struct __test_metadata *_metadata, struct end *end, long servers)
{
	come_as_client(_metadata, end);
	meet_servers(_metadata, end, servers);
	ASSERT_EQ(0, at(end, ask_and_hear, servers, 0)) TH_LOG("%s", end->result.sentence);
}

static void start_new_server(struct __test_metadata *_metadata, struct end *end)
{
	start_server(_metadata, end, IN_PROCESS, &calls, NULL, NULL);
}

/* The living are stopped while somebody comes, and so come after him. */
static void stop_server(struct __test_metadata *_metadata, struct end *server)
{
	ASSERT_EQ(0, kill(server->pid, SIGSTOP));
	ASSERT_EQ(server->pid, waitpid(server->pid, NULL, WUNTRACED));
}

static void go_on(struct __test_metadata *_metadata, struct end *server)
{
	ASSERT_EQ(0, kill(server->pid, SIGCONT));
}

/* The server is stopped for a damage that takes a shell long: it would write entries again. */
static void damage_under(struct __test_metadata *_metadata, struct end *server,
			 const char *damage)
{
	bool slow = strstr(damage, "for ");

	until_asleep(server);
	if (slow)
		stop_server(_metadata, server);
	do_damage(_metadata, damage);
	if (slow)
		go_on(_metadata, server);
}

TEST_F_TIMEOUT(vanished, a_new_client, 240)
{
	damage_under(_metadata, &self->server, variant->damage);
	expect_answer(_metadata, &self->side, 1);
	start_new_client(_metadata, &self->crowd[0], 1);
	expect_answer(_metadata, &self->side, 1);
}

TEST_F_TIMEOUT(vanished, a_new_server, 240)
{
	damage_under(_metadata, &self->server, variant->damage);
	start_new_server(_metadata, &self->crowd[0]);
	ASSERT_EQ(2, wait_servers(&self->side, 2, RENEWAL_LONG)) TH_LOG("%s", sluice_strerror());
	begin(&self->crowd[0], serve, 1, 0);
	expect_answer(_metadata, &self->side, 2);
	ASSERT_EQ(1, finish(&self->crowd[0]));
}

/* Both newcomers come before the living can notice, and make the tree anew. */
TEST_F_TIMEOUT(vanished, newcomers_first, 240)
{
	stop_server(_metadata, &self->server);
	do_damage(_metadata, variant->damage);
	start_new_server(_metadata, &self->crowd[0]);
	come_as_client(_metadata, &self->crowd[1]);
	go_on(_metadata, &self->server);
	meet_servers(_metadata, &self->crowd[1], 2);
	ASSERT_EQ(2, wait_servers(&self->side, 2, RENEWAL_LONG)) TH_LOG("%s", sluice_strerror());
	begin(&self->crowd[0], serve, 2, 0);
	ASSERT_EQ(0, at(&self->crowd[1], ask_and_hear, 2, 0))
		TH_LOG("%s", self->crowd[1].result.sentence);
	expect_answer(_metadata, &self->side, 2);
	ASSERT_EQ(2, finish(&self->crowd[0]));
}

TEST_HARNESS_MAIN
