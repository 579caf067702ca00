// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a node remarks on (sluice_remarks.h) if the system refuses something (inject.h): a client
 * or a server that lacks something, and a registry that cannot be written or watched.  And that
 * it has nothing to say of a quiet life.  remarks_test has deaths, hostile_remarks_test has
 * peers that break the protocol.
 */
#include "steps.h"
#include "inject.h"
#include "remarked.h"

#include <sluice_watch.h>

FIXTURE(remarked) {
	struct root root;
	struct side client, server;
	struct remarked by_client, by_server;
};

static void make_node(struct __test_metadata *_metadata, struct side *side,
		      struct remarked *remarked)
{
	const struct sluice_node_opts opts = SLUICE_NODE_OPTS(
		.remark = remarked_note, .remark_context = remarked);

	side->node = sluice_node_create("remarked", &opts);
	ASSERT_NE(NULL, side->node) TH_LOG("%s", sluice_strerror());
}

FIXTURE_SETUP(remarked)
{
	root_make(_metadata, &self->root);
	make_node(_metadata, &self->client, &self->by_client);
	make_node(_metadata, &self->server, &self->by_server);
	/* The kernel may have no inotify instance left; that is a test of its own. */
	if (self->by_client.count[SLUICE_REMARK_REGISTRY_UNWATCHED] ||
	    self->by_server.count[SLUICE_REMARK_REGISTRY_UNWATCHED])
		SKIP(return, "the kernel has no inotify instance left");
}

FIXTURE_TEARDOWN(remarked)
{
	if (_metadata->exit_code == KSFT_PASS) {
		leave(&self->client, 0, 0);
		leave(&self->server, 0, 0);
	}
	EXPECT_EQ(0, self->by_client.wrong);
	EXPECT_EQ(0, self->by_server.wrong);
	TEARDOWN_CHECKS(&self->root);
}

static void connect_both(struct __test_metadata *_metadata, FIXTURE_DATA(remarked) *self)
{
	ASSERT_EQ(0, join_server(&self->server, PTR(&blobs), 0));
	ASSERT_EQ(0, join_client(&self->client, PTR(&blobs), 0));
	ASSERT_EQ(1, ask_blob(&self->client, 0, 10));
	ASSERT_EQ(10, take_blob(&self->server, 0, LONG));
	ASSERT_EQ(1, wait_servers(&self->client, 1, LONG));
}

#define INSTALL()							\
	do {								\
		const char *why_ = inject_install();			\
									\
		if (why_)						\
			SKIP(return, "%s", why_);			\
	} while (0)

/* The node waits until this number was told. */
#define TOLD(side, remarked, number)					\
	EVENTUALLY(({							\
		(void)!sluice_node_wait((side)->node, SECOND / 50);	\
		(remarked)->count[number] > 0;				\
	}))

/* ---- Nothing to say ------------------------------------------------------------- */

/* A request, and a response of the same length. */
static void exchange(struct __test_metadata *_metadata, FIXTURE_DATA(remarked) *self, long size)
{
	ASSERT_EQ(1, ask_blob(&self->client, 0, size));
	ASSERT_EQ(size, take_blob(&self->server, 0, LONG));
	ASSERT_EQ(0, answer_blob(&self->server, 0, size));
	ASSERT_EQ(0, done(&self->server, 0, 0));
	ASSERT_EQ(size, hear_blob(&self->client, 0, LONG));
	ASSERT_EQ(0, cancel(&self->client, 0, 0));
}

/* Memory grows, requests are given up, limits are met, ports come and go. */
TEST_F(remarked, a_quiet_life)
{
	long size, round;

	ASSERT_EQ(0, join_server(&self->server, PTR(&blobs), 0));
	ASSERT_EQ(0, open_service(&self->client, PTR(&blobs), 0));
	for (round = 0; round < 4; round++) {
		ASSERT_EQ(0, open_client(&self->client, 0, 0));
		for (size = 10; size < 1 << 20; size *= 8) {
			exchange(_metadata, self, size);
		}
		ASSERT_EQ(1, ask_blob(&self->client, 1, 20));
		ASSERT_EQ(0, cancel(&self->client, 1, 0));
		(void)!take_blob(&self->server, 1, SLUICE_NOWAIT);
		ASSERT_EQ(0, done(&self->server, 1, 0));
		ASSERT_EQ(1, ask_blob(&self->client, 1, 20));
		ASSERT_EQ(20, take_blob(&self->server, 1, LONG));
		ASSERT_EQ(0, cancel(&self->client, 1, 0));
		ASSERT_EQ(0, done(&self->server, 1, 0));
		close_client(&self->client, 0, 0);
		EXPECT_EQ(-ETIMEDOUT, take_blob(&self->server, 1, MILLISECOND));
	}
	ASSERT_EQ(0, open_client(&self->client, 0, 0));
	for (round = 0; round < 4; round++) {
		exchange(_metadata, self, 30);
		close_server(&self->server, 0, 0);
		(void)!sluice_node_wait(self->client.node, MILLISECOND);
		ASSERT_EQ(0, open_server(&self->server, 0, 0));
		ASSERT_TRUE(EVENTUALLY(({
			(void)!take_blob(&self->server, 1, SLUICE_NOWAIT);
			wait_servers(&self->client, 1, MILLISECOND) == 1;
		})));
	}
	leave(&self->client, 0, 0);
	leave(&self->server, 0, 0);
	EXPECT_EQ(0, self->by_client.told);
	EXPECT_EQ(0, self->by_server.told);
}

/* ---- Connections ------------------------------------------------------------------ */

/* The kernel has no memory for what the client has sent. */
TEST_F(remarked, a_channel_is_lost)
{
	connect_both(_metadata, self);
	INSTALL();
	ASSERT_EQ(1, ask_blob(&self->client, 1, 1 << 20));
	inject_arm_call(SYS_recvmsg, 1, ENOMEM, INJECT_ON);
	EXPECT_TRUE(EVENTUALLY(({
		(void)!take_blob(&self->server, 1, SLUICE_NOWAIT);
		self->by_server.told > 0;
	})));
	inject_disarm();
	EXPECT_REMARKED_ONLY(1, SLUICE_REMARK_PEER_LOST, &self->by_server);
	EXPECT_EQ(ENOMEM, self->by_server.error[3]);
	EXPECT_EQ(getpid(), self->by_server.pid[3]);
	EXPECT_EQ(sluice_server_id(self->server.server), self->by_server.port[3]);
	EXPECT_EQ(sluice_client_id(self->client.client), self->by_server.peer[3]);
	EXPECT_STREQ("test/blobs", self->by_server.service[3]);
}

TEST_F(remarked, a_server_is_not_reached)
{
	ASSERT_EQ(0, join_server(&self->server, PTR(&blobs), 0));
	ASSERT_EQ(0, open_service(&self->client, PTR(&blobs), 0));
	INSTALL();
	inject_arm_call(SYS_connect, 1, ENOMEM, INJECT_ON);
	ASSERT_EQ(0, open_client(&self->client, 0, 0));
	inject_disarm();
	EXPECT_TRUE(inject.hit);
	EXPECT_REMARKED_ONLY(1, SLUICE_REMARK_SERVER_NOT_REACHED, &self->by_client);
	EXPECT_EQ(ENOMEM, self->by_client.error[4]);
	EXPECT_STREQ("test/blobs", self->by_client.service[4]);
	/* It is tried again, which is no matter for a remark. */
	ASSERT_EQ(1, wait_servers(&self->client, 1, LONG));
	exchange(_metadata, self, 10);
	EXPECT_REMARKED_ONLY(1, SLUICE_REMARK_SERVER_NOT_REACHED, &self->by_client);
	EXPECT_EQ(0, self->by_server.told);
}

TEST_F(remarked, a_server_cannot_accept)
{
	ASSERT_EQ(0, join_server(&self->server, PTR(&blobs), 0));
	ASSERT_EQ(0, join_client(&self->client, PTR(&blobs), 0));
	INSTALL();
	inject_arm_call(SYS_accept4, 1, EMFILE, INJECT_ON);
	EXPECT_TRUE(TOLD(&self->server, &self->by_server, SLUICE_REMARK_ACCEPT_SHORTAGE));
	inject_disarm();
	EXPECT_EQ(self->by_server.told, self->by_server.count[SLUICE_REMARK_ACCEPT_SHORTAGE]);
	EXPECT_EQ(EMFILE, self->by_server.error[8]);
	EXPECT_STREQ("test/blobs", self->by_server.service[8]);
	exchange(_metadata, self, 10);
	EXPECT_EQ(0, self->by_client.told);
}

/* ---- The registry ------------------------------------------------------------------ */

/* A file is where the directory of the domain was; then it goes, too. */
TEST_F_TIMEOUT(remarked, the_registry_cannot_be_written, 120)
{
	connect_both(_metadata, self);
	ASSERT_EQ(0, system("rm -rf $SLUICE_ROOT/default && touch $SLUICE_ROOT/default"));
	EXPECT_TRUE(TOLD(&self->server, &self->by_server, SLUICE_REMARK_REGISTRY_NOT_RENEWED));
	EXPECT_NE(0, self->by_server.error[11]);
	EXPECT_EQ(0, self->by_server.count[SLUICE_REMARK_REGISTRY_RENEWED]);
	ASSERT_EQ(0, system("rm $SLUICE_ROOT/default"));
	EXPECT_TRUE(TOLD(&self->server, &self->by_server, SLUICE_REMARK_REGISTRY_RENEWED));
	EXPECT_TRUE(TOLD(&self->client, &self->by_client, SLUICE_REMARK_REGISTRY_RENEWED));
	EXPECT_EQ(sluice_node_id(self->server.node), self->by_server.node[10]);
}

/* There is no inotify instance when the node is made. */
TEST_F(remarked, a_node_without_inotify)
{
	INSTALL();
	leave(&self->client, 0, 0);
	inject_arm_call(SYS_inotify_init1, 1, EMFILE, INJECT_ON);
	make_node(_metadata, &self->client, &self->by_client);
	EXPECT_REMARKED_ONLY(1, SLUICE_REMARK_REGISTRY_UNWATCHED, &self->by_client);
	EXPECT_EQ(sluice_node_id(self->client.node), self->by_client.node[12]);
	ASSERT_EQ(0, join_client(&self->client, PTR(&blobs), 0));
	inject_disarm();
	EXPECT_REMARKED_ONLY(1, SLUICE_REMARK_REGISTRY_UNWATCHED, &self->by_client);
}

/* The limit of inotify watches is reached later, when a service or a port is made. */
TEST_F(remarked, a_service_without_a_watch)
{
	INSTALL();
	inject_arm_call(SYS_inotify_add_watch, 1, ENOSPC, INJECT_ON);
	ASSERT_EQ(0, open_service(&self->client, PTR(&blobs), 0));
	EXPECT_TRUE(inject.hit);
	EXPECT_REMARKED_ONLY(1, SLUICE_REMARK_REGISTRY_UNWATCHED, &self->by_client);
	ASSERT_EQ(0, open_client(&self->client, 0, 0));
	inject_disarm();
	EXPECT_REMARKED_ONLY(1, SLUICE_REMARK_REGISTRY_UNWATCHED, &self->by_client);

	ASSERT_EQ(0, open_service(&self->server, PTR(&blobs), 0));
	EXPECT_EQ(0, self->by_server.told);
	inject_arm_call(SYS_inotify_add_watch, 1, ENOSPC, INJECT_ON);
	ASSERT_EQ(0, open_server(&self->server, 0, 0));
	inject_disarm();
	EXPECT_REMARKED_ONLY(1, SLUICE_REMARK_REGISTRY_UNWATCHED, &self->by_server);
}

/* ---- A watch ----------------------------------------------------------------------- */

/* Reads all events until everything was told, or nothing comes. */
static void read_all(struct __test_metadata *_metadata, struct sluice_watch *watch)
{
	struct sluice_watch_event event = SLUICE_WATCH_EVENT();
	int r;

	do {
		event = (struct sluice_watch_event)SLUICE_WATCH_EVENT();
		r = sluice_watch_next(watch, &event, LONG);
	} while (r == 1 && event.kind != SLUICE_WATCH_ALL_TOLD);
	EXPECT_EQ(1, r) TH_LOG("%s", sluice_strerror());
}

TEST_F(remarked, a_watch_without_inotify)
{
	struct sluice_watch *watch;

	INSTALL();
	inject_arm_call(SYS_inotify_init1, 1, EMFILE, INJECT_ON);
	watch = sluice_watch_open(self->client.node, NULL);
	ASSERT_NE(NULL, watch);
	EXPECT_REMARKED_ONLY(1, SLUICE_REMARK_WATCH_UNTOLD, &self->by_client);
	EXPECT_EQ(sluice_node_id(self->client.node), self->by_client.node[13]);
	read_all(_metadata, watch);
	/* It tries again, and tells it once. */
	EXPECT_EQ(-ETIMEDOUT, sluice_watch_next(watch,
			&(struct sluice_watch_event)SLUICE_WATCH_EVENT(), SECOND / 10));
	inject_disarm();
	EXPECT_REMARKED_ONLY(1, SLUICE_REMARK_WATCH_UNTOLD, &self->by_client);
	sluice_watch_close(watch);
}

TEST_HARNESS_MAIN
