// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whose a node is: one thread's of one process.  Another thread and a forked child
 * call everything there is on everything they can reach; each call is refused,
 * and the owner, who was in the middle of an exchange, goes on with it.
 */
#include "steps.h"

ENDS_FIXTURE(owner);

static const int64_t waits[] = { SLUICE_NOWAIT, SLUICE_FOREVER };

/* One of everything, all of one node. */
struct belongings {
	struct side *side;
	struct sluice_request *request;
	struct sluice_reply *reply;
	int error;		/* what every call must end with */
	int failed;		/* the first that did not, by its line */
};

#define MUST_NOT(belongings, call)					\
	do {								\
		errno = 0;						\
		if ((call) || errno != (belongings)->error ||		\
		    !sluice_strerror()[0])				\
			(belongings)->failed = __LINE__;		\
	} while (0)

#define MUST_NOT_INT(belongings, call)					\
	do {								\
		if ((call) != -(belongings)->error ||			\
		    !sluice_strerror()[0])				\
			(belongings)->failed = __LINE__;		\
	} while (0)

static void *use_belongings(void *argument)
{
	struct sluice_memory memory = { .size = sizeof(memory) };
	struct sluice_arrival arrival = { 0 };
	struct belongings *its = argument;
	struct side *side = its->side;
	size_t i;

	MUST_NOT(its, sluice_service_open(side->node, &calls, NULL));
	MUST_NOT(its, sluice_client_create(side->service, NULL));
	MUST_NOT(its, sluice_server_create(side->service, NULL));
	for (i = 0; i < ARRAY_SIZE(waits); i++) {
		MUST_NOT_INT(its, sluice_client_wait_servers(side->client, 1,
							     waits[i]));
		MUST_NOT(its, sluice_pending_response_receive(side->pending[0],
							      waits[i]));
		MUST_NOT(its, sluice_server_receive(side->server, waits[i]));
		MUST_NOT_INT(its, sluice_server_receive_batch(side->server, side->active, 1,
							      waits[i]));
		MUST_NOT_INT(its, sluice_client_receive_batch(side->client, &arrival, 1,
							      waits[i]));
	}
	MUST_NOT(its, sluice_client_loan(side->client, 1));
	MUST_NOT(its, sluice_client_loan_zeroed(side->client, 1));
	MUST_NOT(its, sluice_request_send(its->request));
	MUST_NOT_INT(its, sluice_request_shorten(its->request, 0));
	MUST_NOT_INT(its, sluice_request_release(its->request));
	MUST_NOT_INT(its, sluice_pending_response_servers(side->pending[0]));
	MUST_NOT_INT(its, sluice_pending_response_release(side->pending[0]));
	MUST_NOT_INT(its, sluice_response_release(side->response[0]));
	MUST_NOT_INT(its, sluice_active_request_is_connected(side->active[0]));
	MUST_NOT(its, sluice_active_request_loan(side->active[0], 1));
	MUST_NOT(its, sluice_active_request_loan_zeroed(side->active[0], 1));
	MUST_NOT_INT(its, sluice_active_request_release(side->active[0]));
	MUST_NOT_INT(its, sluice_reply_send(its->reply));
	MUST_NOT_INT(its, sluice_reply_shorten(its->reply, 0));
	MUST_NOT_INT(its, sluice_reply_release(its->reply));
	MUST_NOT_INT(its, sluice_client_memory(side->client, &memory));
	MUST_NOT_INT(its, sluice_server_memory(side->server, &memory));
	return NULL;
}

/* Both roles in the test's own node, in the middle of an exchange. */
static void own_one_of_each(struct __test_metadata *_metadata,
			    struct belongings *its, struct side *side, int error)
{
	memset(its, 0, sizeof(*its));
	its->side = side;
	its->error = error;
	ASSERT_EQ(0, join_client(side, PTR(&blobs), 0));
	ASSERT_EQ(0, open_server(side, 0, 0));
	ASSERT_EQ(1, wait_servers(side, 1, LONG));
	ASSERT_EQ(1, ask_blob(side, 0, 100));
	ASSERT_EQ(100, take_blob(side, 0, LONG));
	ASSERT_EQ(0, answer_blob(side, 0, 10));
	side->response[0] = sluice_pending_response_receive(side->pending[0],
							    LONG);
	ASSERT_NE(NULL, side->response[0]);
	its->request = sluice_client_loan(side->client, 200);
	ASSERT_NE(NULL, its->request);
	pattern_fill(its->request->data, 200, 200);
	its->reply = sluice_active_request_loan(side->active[0], 300);
	ASSERT_NE(NULL, its->reply);
	pattern_fill(its->reply->data, 300, ~(uint64_t)300);
}

/* The exchange goes on, with the very messages that others had their hands on. */
static void go_on(struct __test_metadata *_metadata, struct belongings *its)
{
	struct side *side = its->side;

	EXPECT_EQ(0, its->failed)
		TH_LOG("the call in line %d was not refused as it should",
		       its->failed);
	ASSERT_TRUE(pattern_holds(side->response[0]->data, 10, ~(uint64_t)10));
	ASSERT_EQ(0, sluice_reply_send(its->reply));
	ASSERT_EQ(300, hear_blob(side, 0, LONG));
	ASSERT_EQ(0, done(side, 0, 0));
	ASSERT_EQ(-EPIPE, hear_blob(side, 0, LONG));
	side->pending[1] = sluice_request_send(its->request);
	ASSERT_NE(NULL, side->pending[1]);
	ASSERT_EQ(1, serve_blobs(side, 1, 0));
	ASSERT_EQ(200, hear_blob(side, 1, LONG));
}

TEST_F(owner, another_thread)
{
	struct belongings its;
	pthread_t thread;
	char sentence[256];

	own_one_of_each(_metadata, &its, &self->side, EBUSY);
	EXPECT_EQ(-EAGAIN, take(&self->side, 1, SLUICE_NOWAIT));
	snprintf(sentence, sizeof(sentence), "%s", sluice_strerror());
	ASSERT_EQ(0, pthread_create(&thread, NULL, use_belongings, &its));
	ASSERT_EQ(0, pthread_join(thread, NULL));
	EXPECT_STREQ(sentence, sluice_strerror());
	go_on(_metadata, &its);
}

/* Until somebody sends, receives or waits, a node may change hands. */
static pthread_barrier_t meeting;

static void *wait_and_leave(void *argument)
{
	struct side *side = argument;
	long result;

	result = wait_servers(side, 1, MILLISECOND);
	pthread_barrier_wait(&meeting);
	pthread_barrier_wait(&meeting);
	leave(side, 0, 0);
	return (void *)result;
}

TEST_F(owner, made_for_another_thread)
{
	pthread_t thread;
	void *result;

	ASSERT_EQ(0, join_client(&self->side, PTR(&calls), 0));
	ASSERT_EQ(0, pthread_barrier_init(&meeting, NULL, 2));
	ASSERT_EQ(0, pthread_create(&thread, NULL, wait_and_leave, &self->side));
	pthread_barrier_wait(&meeting);
	EXPECT_EQ(-EBUSY, wait_servers(&self->side, 1, MILLISECOND));
	EXPECT_EQ(-EBUSY, ask(&self->side, 0, 1));
	pthread_barrier_wait(&meeting);
	ASSERT_EQ(0, pthread_join(thread, &result));
	EXPECT_EQ(-ETIMEDOUT, (long)result);
}

/* use_and_destroy(): what a child may do to what it inherited. */
static void use_and_destroy(struct __test_metadata *_metadata,
			    struct belongings *its)
{
	struct side own;

	use_belongings(its);
	EXPECT_EQ(0, its->failed)
		TH_LOG("the call in line %d was not refused as it should",
		       its->failed);
	sluice_client_destroy(its->side->client);
	sluice_server_destroy(its->side->server);
	sluice_service_close(its->side->service);
	sluice_node_destroy(its->side->node);

	/* A node of its own works. */
	memset(&own, 0, sizeof(own));
	EXPECT_EQ(0, join_client(&own, PTR(&blobs), 0));
	EXPECT_LE(-EAGAIN, wait_servers(&own, 1, SLUICE_NOWAIT));
	EXPECT_EQ(0, sluice_request_release(sluice_client_loan(own.client, 5)));
	leave(&own, 0, 0);
	_exit(0);
}

TEST_F(owner, forked_child)
{
	struct belongings its;
	int i, status;
	pid_t pid;

	own_one_of_each(_metadata, &its, &self->side, ECHILD);
	for (i = 0; i < 10; i++) {
		pid = fork();
		ASSERT_LE(0, pid);
		if (pid == 0)
			use_and_destroy(_metadata, &its);
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		ASSERT_EQ(0, status);
	}
	go_on(_metadata, &its);
}

TEST_HARNESS_MAIN
