// SPDX-License-Identifier: GPL-2.0-only
/*
 * sluice_remarks.h: a node tells what it has dealt with, once and where it happens; the function
 * that is told cannot get into the library; and nobody can order more than some remarks.
 */
#include "steps.h"

#include <sluice_remarks.h>

PROCESSES_FIXTURE(remarks);

/* What was told. */
static struct {
	int count[32];
	uint64_t left_out;
	char service[64];
	long pid, error;
	void (*inside)(void);
} told;

static void note(const struct sluice_remark *remark, void *context)
{
	size_t i;

	/* Where the kernel has no inotify instance or watch left; remarked_test has that. */
	if (remark->number == SLUICE_REMARK_REGISTRY_UNWATCHED)
		return;
	*(int *)context += 1;
	told.count[remark->number]++;
	told.left_out += remark->left_out;
	for (i = 0; i < remark->field_count; i++) {
		if (!strcmp(remark->fields[i].key, "service"))
			snprintf(told.service, sizeof(told.service), "%s",
				 remark->fields[i].value);
		if (!strcmp(remark->fields[i].key, "pid"))
			told.pid = strtol(remark->fields[i].value, NULL, 10);
		if (!strcmp(remark->fields[i].key, "error"))
			told.error = strtol(remark->fields[i].value, NULL, 10);
	}
	if (told.inside)
		told.inside();
}

static int calls_of_note;

static const struct sluice_node_opts with_remarks = SLUICE_NODE_OPTS(
	.remark = note, .remark_context = &calls_of_note);

static void make_node(struct __test_metadata *_metadata, struct side *side)
{
	memset(&told, 0, sizeof(told));
	calls_of_note = 0;
	side->node = sluice_node_create("told", &with_remarks);
	ASSERT_NE(NULL, side->node) TH_LOG("%s", sluice_strerror());
}

/* Waits with the node until this number was told. */
#define TOLD(side, number)						\
	EVENTUALLY(({							\
		(void)!sluice_node_wait((side)->node, SECOND / 20);	\
		told.count[number] > 0;					\
	}))

/* Whoever opens a service removes what the dead have left. */
static void bury(struct __test_metadata *_metadata, struct end *end)
{
	start_service(_metadata, end, IN_PROCESS, &calls, NULL);
	end_stop(end);
}

TEST_F(remarks, a_server_dies)
{
	struct end *server = &self->end[0];
	struct side *side = &self->side;
	long pid;

	make_node(_metadata, side);
	start_server(_metadata, server, IN_PROCESS, &calls, NULL, NULL);
	open_client_side(_metadata, side, &calls, NULL, 1);
	EXPECT_EQ(0, calls_of_note);
	pid = server->pid;
	end_kill_and_reap(server);
	ASSERT_TRUE(TOLD(side, SLUICE_REMARK_PEER_DIED));
	EXPECT_EQ(1, told.count[SLUICE_REMARK_PEER_DIED]);
	EXPECT_STREQ("test/calls", told.service);
	EXPECT_EQ(pid, told.pid);
	EXPECT_EQ(ECONNRESET, told.error);
	bury(_metadata, &self->end[3]);
}

TEST_F(remarks, a_client_dies)
{
	struct side *side = &self->side;

	make_node(_metadata, side);
	ASSERT_EQ(0, join_server(side, PTR(&calls), 0));
	start_client(_metadata, &self->end[1], IN_PROCESS, &calls, 1);
	ASSERT_EQ(1, at(&self->end[1], ask, 0, 20));
	ASSERT_EQ(20, take(side, 0, LONG));
	end_kill_and_reap(&self->end[1]);
	ASSERT_TRUE(TOLD(side, SLUICE_REMARK_PEER_DIED));
	EXPECT_EQ(1, told.count[SLUICE_REMARK_PEER_DIED]);
	bury(_metadata, &self->end[3]);
}

/* Peers that leave are no matter for a remark. */
TEST_F(remarks, a_client_leaves)
{
	struct side *side = &self->side;

	make_node(_metadata, side);
	ASSERT_EQ(0, join_server(side, PTR(&calls), 0));
	start_client(_metadata, &self->end[1], IN_PROCESS, &calls, 1);
	ASSERT_EQ(1, at(&self->end[1], ask, 0, 20));
	ASSERT_EQ(20, take(side, 0, LONG));
	ASSERT_EQ(0, answer_and_done(side, 0, 21));
	end_stop(&self->end[1]);
	(void)!sluice_node_wait(side->node, SECOND / 10);
	EXPECT_EQ(0, calls_of_note);
}

TEST_F_TIMEOUT(remarks, entries_are_written_again, 120)
{
	struct side *side = &self->side;
	int64_t end = now() + RENEWAL_LONG;

	make_node(_metadata, side);
	ASSERT_EQ(0, join_server(side, PTR(&calls), 0));
	ASSERT_EQ(0, system("rm -rf $SLUICE_ROOT/default"));
	while (!told.count[SLUICE_REMARK_REGISTRY_RENEWED] && now() < end)
		(void)!sluice_node_wait(side->node, SECOND / 10);
	EXPECT_EQ(1, told.count[SLUICE_REMARK_REGISTRY_RENEWED]);
}

/* ---- No way into the library ---- */

static struct side *inside_side;
static int inside[6];

static void use_everything(void)
{
	struct side *side = inside_side;

	inside[0] = sluice_node_wait(side->node, SLUICE_NOWAIT);
	errno = 0;
	inside[1] = sluice_client_loan(side->client, 1) ? 0 : -errno;
	inside[2] = sluice_request_release(side->request[0]);
	errno = 0;
	inside[3] = sluice_service_open(side->node, &calls, NULL) ? 0 : -errno;
	inside[4] = sluice_node_adopt(side->node);
	inside[5] = sluice_pending_response_release(side->pending[1]);
	sluice_client_destroy(side->client);
	sluice_service_close(side->service);
	sluice_node_destroy(side->node);
	errno = ENOTTY;
}

TEST_F(remarks, the_function_cannot_use_the_node)
{
	struct end *server = &self->end[0];
	struct side *side = inside_side = &self->side;
	size_t i;

	make_node(_metadata, side);
	start_server(_metadata, server, IN_PROCESS, &calls, NULL, NULL);
	open_client_side(_metadata, side, &calls, NULL, 1);
	ASSERT_EQ(0, loan_question(side, 0, 20));
	ASSERT_EQ(1, ask(side, 1, 20));
	told.inside = use_everything;
	end_kill_and_reap(server);
	/* What the receive says is not changed by what has failed inside. */
	EXPECT_EQ(-ECONNRESET, hear(side, 1, LONG));
	EXPECT_EQ(ECONNRESET, errno);
	EXPECT_SAYS("died");
	told.inside = NULL;
	EXPECT_EQ(1, told.count[SLUICE_REMARK_PEER_DIED]);
	for (i = 0; i < ARRAY_SIZE(inside); i++)
		EXPECT_EQ(-EBUSY, inside[i]) TH_LOG("call %zu", i);
	/* All of it is still there. */
	start_server(_metadata, &self->end[2], IN_PROCESS, &calls, NULL, NULL);
	ASSERT_EQ(1, wait_servers(side, 1, LONG));
	EXPECT_EQ(1, send_question(side, 0, 0));
	EXPECT_EQ(20, at(&self->end[2], take, 0, LONG));
	EXPECT_EQ(0, at(&self->end[2], answer_and_done, 0, 21));
	EXPECT_EQ(21, hear(side, 0, LONG));
}

/* ---- A bound ---- */

TEST_F_TIMEOUT(remarks, are_bounded, 120)
{
	struct side *side = &self->side;
	struct end *client = &self->end[1];
	int64_t begun;
	int deaths;

	make_node(_metadata, side);
	ASSERT_EQ(0, join_server(side, PTR(&calls), 0));
	begun = now();
	for (deaths = 0; deaths < 24; deaths++) {
		start_client(_metadata, client, IN_PROCESS, &calls, 1);
		ASSERT_EQ(1, at(client, ask, 0, deaths));
		ASSERT_EQ(deaths, take(side, 0, LONG));
		end_kill_and_reap(client);
		ASSERT_TRUE(EVENTUALLY(!is_connected(side, 0, 0)));
		ASSERT_EQ(0, done(side, 0, 0));
		(void)!sluice_node_wait(side->node, SLUICE_NOWAIT);
	}
	EXPECT_LT(3, told.count[SLUICE_REMARK_PEER_DIED]);
	EXPECT_GE(4 * ((now() - begun) / SECOND + 1), told.count[SLUICE_REMARK_PEER_DIED]);
	bury(_metadata, &self->end[3]);
	/* What was left out is told with the next remark, or in the end. */
	leave(side, 0, 0);
	EXPECT_EQ(deaths, told.count[SLUICE_REMARK_PEER_DIED] + (int)told.left_out);
	EXPECT_GE(1, told.count[SLUICE_REMARK_LEFT_OUT]);
}

TEST_HARNESS_MAIN
