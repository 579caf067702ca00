// SPDX-License-Identifier: GPL-2.0-only
/*
 * sluice_list.h: what is in the registry, as the processes of a domain have put it there.
 * A list is a copy of one moment, and nobody who lives is disturbed by it.
 * hostile_list_test.c has files that nobody honest has written.
 */
#include "steps.h"

#include <poll.h>
#include <sys/stat.h>

#include "list_content.h"

PROCESSES_FIXTURE(list);

static const struct sluice_contract shown = {
	.name = "test/shown",
	.request = { "struct question", 48, 16, SLUICE_KIND_FIXED, 0x17 },
	.response = { "answer", 80, 8, SLUICE_KIND_SLICE, 0 },
	.request_header = { "stamp", 24, 8, SLUICE_KIND_FIXED, 0 },
};

static const struct sluice_attribute attributes[] = {
	{ "place", "cellar" }, { "place", "" }, { "version", "3" },
};

static const struct sluice_service_opts settings = {
	.size = sizeof(settings),
	.flags = SLUICE_SERVICE_NO_RESPONSE_OVERFLOW,
	.max_clients = 5,
	.max_active_requests_per_client = 3,
	.response_alignment = 128,
	.attributes = attributes,
	.attribute_count = 3,
};

/* ---- Nothing, and what cannot be asked ---- */

TEST_F(list, of_nothing)
{
	struct sluice_list_place place = SLUICE_LIST_PLACE();
	struct sluice_list *list = sluice_list_open(NULL);
	struct content content = content_of(_metadata, list);
	const struct content nothing = { 0 };

	EXPECT_EQ(0, memcmp(&nothing, &content, sizeof(content)));
	EXPECT_EQ(0, sluice_list_where(list, &place));
	EXPECT_STREQ(self->root.path, place.root);
	EXPECT_STREQ("default", place.domain);
	EXPECT_LT(now() - LONG, place.time);
	EXPECT_GE(now(), place.time);
	sluice_list_close(list);
	sluice_list_close(NULL);
	sluice_list_domains_close(NULL);
}

TEST_F(list, of_what_is_no_root)
{
	char path[PATH_MAX];
	const struct sluice_list_opts opts = { .size = sizeof(opts), .root = path };
	struct sluice_list_node node = SLUICE_LIST_NODE();

	snprintf(path, sizeof(path), "%s/nothing", self->root.path);
	EXPECT_FAILS(ENXIO, sluice_list_open(&opts));
	EXPECT_SAYS("nothing");
	EXPECT_FAILS(ENXIO, sluice_list_domains_open(&opts));
	EXPECT_FAILS_INT(ENXIO, sluice_list_next_node(NULL, &node));
	ASSERT_EQ(0, mkdir(path, 0700));
	ASSERT_EQ(0, chmod(path, 0777));
	EXPECT_FAILS(EACCES, sluice_list_open(&opts));
	EXPECT_SAYS("written by others");
	ASSERT_EQ(0, rmdir(path));
	ASSERT_EQ(0, symlink("..", path));
	EXPECT_FAILS(ENOTDIR, sluice_list_open(&opts));
	ASSERT_EQ(0, unlink(path));
	ASSERT_EQ(0, mkfifo(path, 0600));
	EXPECT_FAILS(ENOTDIR, sluice_list_open(&opts));
	ASSERT_EQ(0, unlink(path));
}

/* /proc lets nobody make files.  A user who may not write there cannot find that out. */
TEST_F(list, of_a_root_without_files)
{
	const struct sluice_list_opts opts = { .size = sizeof(opts), .root = "/proc" };
	const struct content nothing = { 0 };
	struct sluice_list *list;
	struct content content;

	if (!access(opts.root, W_OK)) {
		EXPECT_FAILS(EOPNOTSUPP, sluice_list_open(&opts));
	} else {
		list = sluice_list_open(&opts);
		content = content_of(_metadata, list);
		EXPECT_EQ(0, memcmp(&nothing, &content, sizeof(content)));
		sluice_list_close(list);
	}
}

TEST_F(list, of_what_makes_no_sense)
{
	struct sluice_list_opts opts = { .size = sizeof(opts), .domain = "a/b" };
	struct sluice_list_node node = { .size = 0 };
	struct sluice_list *list;

	EXPECT_FAILS(EINVAL, sluice_list_open(&opts));
	EXPECT_SAYS("a/b");
	opts.domain = "";
	EXPECT_FAILS(EINVAL, sluice_list_open(&opts));
	opts = (struct sluice_list_opts){ .size = 1 };
	EXPECT_FAILS(EINVAL, sluice_list_open(&opts));
	ASSERT_EQ(0, open_service(&self->side, PTR(&calls), 0));
	list = sluice_list_open(NULL);
	ASSERT_NE(NULL, list);
	EXPECT_FAILS_INT(EINVAL, sluice_list_next_node(list, &node));
	EXPECT_FAILS_INT(EINVAL, sluice_list_next_node(list, NULL));
	EXPECT_FAILS_INT(EINVAL, sluice_list_next_service(list, NULL));
	EXPECT_FAILS_INT(EINVAL, sluice_list_where(list, NULL));
	/* None was passed over; and a program that knows less gets what it knows. */
	node.size = sizeof(size_t);
	node.id = 5;
	EXPECT_EQ(1, sluice_list_next_node(list, &node));
	EXPECT_EQ(5, node.id);
	EXPECT_EQ(0, sluice_list_next_node(list, &node));
	sluice_list_close(list);
	leave(&self->side, 0, 0);
}

/* ---- What is there ---- */

static void expect_service(struct __test_metadata *_metadata,
			   const struct sluice_list_service *service)
{
	const struct sluice_list_message *message = service->messages;

	EXPECT_STREQ("test/shown", service->name);
	EXPECT_EQ(16, strlen(service->entry));
	EXPECT_EQ(SLUICE_LIST_ALIVE, service->flags);
	EXPECT_EQ(SLUICE_LIST_REQUEST_RESPONSE, service->pattern);
	EXPECT_EQ(2, service->nodes);
	EXPECT_EQ(2, service->message_count);
	EXPECT_STREQ("question", message[SLUICE_LIST_REQUEST].payload.name);
	EXPECT_EQ(48, message[SLUICE_LIST_REQUEST].payload.size);
	EXPECT_EQ(0x17, message[SLUICE_LIST_REQUEST].payload.fingerprint);
	EXPECT_STREQ("stamp", message[SLUICE_LIST_REQUEST].header.name);
	EXPECT_EQ(32, message[SLUICE_LIST_REQUEST].lead);
	EXPECT_EQ(SLUICE_KIND_SLICE, message[SLUICE_LIST_RESPONSE].payload.kind);
	EXPECT_EQ(0, message[SLUICE_LIST_RESPONSE].header.size);
	EXPECT_EQ(0, message[SLUICE_LIST_RESPONSE].lead);
	EXPECT_EQ(SLUICE_SERVICE_NO_RESPONSE_OVERFLOW, service->settings->flags);
	EXPECT_EQ(0, service->other_flags);
	EXPECT_EQ(5, service->settings->max_clients);
	EXPECT_EQ(3, service->settings->max_active_requests_per_client);
	EXPECT_EQ(128, service->settings->response_alignment);
	ASSERT_EQ(3, service->settings->attribute_count);
	EXPECT_STREQ("place", service->settings->attributes[1].key);
	EXPECT_STREQ("", service->settings->attributes[1].value);
	EXPECT_STREQ("3", service->settings->attributes[2].value);
}

TEST_F(list, of_a_service_and_its_ports)
{
	static const struct sluice_client_opts named = SLUICE_CLIENT_OPTS(.port.name = "seeker");
	struct sluice_list_service service = SLUICE_LIST_SERVICE();
	struct sluice_list_node node = SLUICE_LIST_NODE();
	struct sluice_list_port port = SLUICE_LIST_PORT();
	struct end *server = &self->end[0];
	struct sluice_list *list;
	int i;

	start_service(_metadata, server, IN_PROCESS, &shown, &settings);
	ASSERT_EQ(0, at(server, open_server, 0, 0));
	ASSERT_EQ(0, open_service(&self->side, PTR(&shown), 0));
	ASSERT_EQ(0, open_client(&self->side, PTR(&named), 0));
	ASSERT_EQ(1, wait_servers(&self->side, 1, LONG));

	list = sluice_list_open(NULL);
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(1, sluice_list_next_node(list, &node));
		EXPECT_EQ(SLUICE_LIST_ALIVE, node.flags);
		EXPECT_TRUE(node.wait == SLUICE_WAIT_URING || node.wait == SLUICE_WAIT_SOCKET);
		EXPECT_EQ(0, node.rewritten);
		EXPECT_EQ(16, strlen(node.entry));
		EXPECT_EQ(node.id == sluice_node_id(self->side.node), node.pid == (uint32_t)getpid());
	}
	EXPECT_EQ(0, sluice_list_next_node(list, &node));
	EXPECT_EQ(0, sluice_list_next_port(list, &port));
	ASSERT_EQ(1, sluice_list_next_service(list, &service));
	expect_service(_metadata, &service);

	ASSERT_EQ(1, sluice_list_next_port(list, &port));
	EXPECT_EQ(SLUICE_LIST_CLIENT, port.kind);
	EXPECT_EQ(0, port.listens);
	EXPECT_EQ(sluice_client_id(self->side.client), port.id);
	EXPECT_EQ(sluice_node_id(self->side.node), port.node);
	EXPECT_EQ((uint32_t)getpid(), port.pid);
	EXPECT_STREQ("client.0", port.entry);
	EXPECT_STREQ("seeker", port.name);
	EXPECT_EQ(SLUICE_LIST_ALIVE, port.flags);
	EXPECT_EQ(1, port.counters->peers);
	ASSERT_EQ(1, sluice_list_next_port(list, &port));
	EXPECT_EQ(SLUICE_LIST_SERVER, port.kind);
	EXPECT_EQ(1, port.listens);
	EXPECT_EQ((uint32_t)server->pid, port.pid);
	EXPECT_EQ(0, sluice_list_next_port(list, &port));
	EXPECT_EQ(0, sluice_list_next_service(list, &service));
	leave(&self->side, 0, 0);
	end_stop(server);
	/* All has gone, and the list still has it. */
	expect_service(_metadata, &service);
	sluice_list_close(list);
	EXPECT_EQ(0, look(_metadata).services);
}

/* Traffic shows in the counters of the next list, and not in those of the last. */
TEST_F(list, of_counters)
{
	struct sluice_list_service service = SLUICE_LIST_SERVICE();
	struct sluice_list_port port = SLUICE_LIST_PORT();
	struct end *server = &self->end[0];
	struct sluice_list *list;
	long i, n;

	start_server(_metadata, server, IN_PROCESS, &calls, NULL, NULL);
	open_client_side(_metadata, &self->side, &calls, NULL, 1);
	for (n = 0; n < 10; n += 5) {
		list = sluice_list_open(NULL);
		begin(server, serve, 5, 0);
		for (i = 0; i < 5; i++) {
			ASSERT_EQ(1, ask(&self->side, 0, i));
			ASSERT_EQ(i + 1, hear(&self->side, 0, LONG));
			cancel(&self->side, 0, 0);
		}
		ASSERT_EQ(5, finish(server));
		ASSERT_EQ(1, sluice_list_next_service(list, &service));
		ASSERT_EQ(1, sluice_list_next_port(list, &port));
		EXPECT_EQ((uint64_t)n, port.counters->sent);
		EXPECT_EQ((uint64_t)n, port.counters->received);
		EXPECT_EQ((uint64_t)n * sizeof(struct question), port.counters->sent_bytes);
		EXPECT_EQ(n != 0, port.counters->active != 0);
		sluice_list_close(list);
	}
	leave(&self->side, 0, 0);
}

/* One node, one service and one port; this many of each are alive. */
static void expect_one_of_each(struct __test_metadata *_metadata, int alive)
{
	struct content content = look(_metadata);

	EXPECT_EQ(1, content.nodes);
	EXPECT_EQ(1, content.services);
	EXPECT_EQ(1, content.ports);
	EXPECT_EQ(alive, content.nodes_alive);
	EXPECT_EQ(alive, content.ports_alive);
	EXPECT_EQ(alive, content.services_alive);
}

TEST_F(list, of_the_dead)
{
	struct end *server = &self->end[0];

	start_server(_metadata, server, IN_PROCESS, &calls, NULL, NULL);
	expect_one_of_each(_metadata, 1);
	end_kill(server);
	end_reap(server);
	expect_one_of_each(_metadata, 0);
	sweep(_metadata);
	EXPECT_EQ(0, look(_metadata).nodes);
}

TEST_F(list, of_domains)
{
	static const char *const names[] = { "b", "a", "default" };
	struct sluice_list_domain domain = SLUICE_LIST_DOMAIN();
	struct sluice_list_domains *domains;
	struct sluice_node *nodes[3];
	char path[PATH_MAX];
	struct content content;
	struct sluice_list *list;
	int i;

	for (i = 0; i < 3; i++) {
		struct sluice_node_opts opts = { .size = sizeof(opts), .domain = names[i] };

		nodes[i] = sluice_node_create(names[i], &opts);
		ASSERT_NE(NULL, nodes[i]);
	}
	/* Entries that are no domains. */
	snprintf(path, sizeof(path), "%s/file", self->root.path);
	close(open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
	domains = sluice_list_domains_open(NULL);
	ASSERT_NE(NULL, domains);
	EXPECT_EQ(1, sluice_list_domains_next(domains, &domain));
	EXPECT_STREQ("a", domain.name);
	EXPECT_EQ(1, sluice_list_domains_next(domains, &domain));
	EXPECT_STREQ("b", domain.name);
	EXPECT_EQ(1, sluice_list_domains_next(domains, &domain));
	EXPECT_STREQ("default", domain.name);
	EXPECT_EQ(0, sluice_list_domains_next(domains, &domain));
	EXPECT_FAILS_INT(EINVAL, sluice_list_domains_next(NULL, &domain));
	sluice_list_domains_close(domains);
	for (i = 0; i < 3; i++) {
		struct sluice_list_opts opts = { .size = sizeof(opts), .domain = names[i] };

		list = sluice_list_open(&opts);
		content = content_of(_metadata, list);
		EXPECT_EQ(1, content.nodes_alive);
		sluice_list_close(list);
		sluice_node_destroy(nodes[i]);
	}
	unlink(path);
}

/* ---- What others do meanwhile ---- */

/* come_and_go(): makes a client and destroys it, until the test writes to the pipe. */
static long come_and_go(struct side *side, long fd, long b)
{
	struct pollfd end = { .fd = (int)fd, .events = POLLIN };
	long rounds = 0;

	(void)b;
	while (poll(&end, 1, 0) == 0) {
		if (open_service(side, PTR(&blobs), 0) || open_client(side, 0, 0))
			return -EIO;
		leave(side, 0, 0);
		rounds++;
	}
	return rounds;
}

TEST_F_TIMEOUT(list, of_what_comes_and_goes, 120)
{
	struct end *other = &self->end[0];
	struct content content;
	int tell[2], i;

	ASSERT_EQ(0, pipe2(tell, O_CLOEXEC));
	ASSERT_EQ(0, open_service(&self->side, PTR(&calls), 0));
	ASSERT_EQ(0, open_client(&self->side, 0, 0));
	end_start(_metadata, other, IN_PROCESS);
	begin(other, come_and_go, tell[0], 0);
	for (i = 0; i < 100; i++) {
		content = look(_metadata);
		EXPECT_LE(1, content.nodes_alive);
		EXPECT_LE(1, content.services_alive);
		EXPECT_LE(1, content.ports_alive);
		EXPECT_GE(2, content.nodes);
		EXPECT_GE(2, content.services);
		EXPECT_GE(2, content.ports);
		EXPECT_EQ(0, content.other_versions);
	}
	ASSERT_EQ(1, write(tell[1], "", 1));
	/* And that nobody was kept from removing what he had made. */
	EXPECT_LT(0, finish(other));
	leave(&self->side, 0, 0);
	close(tell[0]);
	close(tell[1]);
}

TEST_HARNESS_MAIN
