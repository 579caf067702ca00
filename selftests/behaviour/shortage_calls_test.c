// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every system call, and every allocation, of a client and a server that meet, of a
 * server that comes to a client, and of messages that grow, fails in turn: once, or as
 * long as the shortage lasts.  Nobody is told that the other has died, what fails has an
 * errno and a sentence, and afterwards the same ports serve and are served.
 *
 * Both ends are in one thread, so that each run makes the same calls.
 */
#define INJECT_ALLOCATIONS
#include "inject.h"
#include "steps.h"

FIXTURE_VARIANT(calls) {
	enum inject_many many;
};

FIXTURE(calls) {
	struct root root;
	struct side client, server;
};

FIXTURE_SETUP(calls)
{
	root_make(_metadata, &self->root);
}

FIXTURE_TEARDOWN(calls)
{
	leave(&self->client, 0, 0);
	leave(&self->server, 0, 0);
	TEARDOWN_CHECKS(&self->root);
}

FIXTURE_VARIANT_ADD(calls, fail_once) { .many = INJECT_ONCE };
FIXTURE_VARIANT_ADD(calls, fail_for_a_while) { .many = INJECT_ON };

/* Far longer than anything takes here, and short enough to sleep for nothing. */
#define TURN	(MILLISECOND / 5)
#define WHILE	(5 * MILLISECOND)

/* Does it say that something is lacking, and not that something is wrong? */
static bool is_want(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOMEM || error == ENOBUFS ||
	       error == ENOSPC || error == EAGAIN || error == ETOOMANYREFS;
}

/* Errors that blame a peer; a shortage must not be told as one. */
static bool is_blame(long result)
{
	/* Memory that a server may not seal is not what was agreed. */
	if (inject.hit && inject.error == EPERM && !strcmp(inject_name(inject.call), "fcntl"))
		return false;
	return result == -ECONNRESET || result == -EPROTO || result == -EPROTOTYPE;
}

/* Answers what has come; a server goes on whatever fails. */
static void serve_turn(struct side *server)
{
	if (!server->server || take_blob(server, 0, TURN) < 0)
		return;
	answer_blob(server, 0, (long)server->active[0]->count);
	done(server, 0, 0);
}

/* Asks for so many bytes, and both take turns until they are there.  0 or -errno. */
static long exchange(struct side *client, struct side *server, long size, int64_t time)
{
	int64_t deadline = now() + time;
	long result;

	if (ask_blob(client, 0, size) < 0)
		return -errno;
	do {
		serve_turn(server);
		result = hear_blob(client, 0, TURN);
	} while (result == -ETIMEDOUT && now() < deadline);
	cancel(client, 0, 0);
	serve_turn(server);
	return result < 0 ? result : result == size ? 0 : -EBADMSG;
}

/* Exchanges until that succeeds; what it fails with meanwhile blames nobody. */
static void recover(struct __test_metadata *_metadata, FIXTURE_DATA(calls) *self, long size)
{
	int64_t deadline = now() + LONG;
	long result;

	do {
		result = exchange(&self->client, &self->server, size, 50 * MILLISECOND);
		EXPECT_FALSE(is_blame(result)) TH_LOG("%s", sluice_strerror());
	} while (result && now() < deadline);
	EXPECT_EQ(0, result)
		TH_LOG("after call %ld, %s, failed with %s: %s", inject.nth,
		       inject_name(inject.call), strerror(inject.error), sluice_strerror());
}

typedef void operation(struct __test_metadata *_metadata, FIXTURE_DATA(calls) *self);

/* Runs before, during and after with each call failing in each way. */
static void each_call(struct __test_metadata *_metadata, FIXTURE_DATA(calls) *self,
		      enum inject_many many, operation *before, operation *during,
		      operation *after)
{
	bool more = true;
	long n, hits = 0;
	int k;

	for (n = 1; more && _metadata->exit_code == KSFT_PASS; n++) {
		for (k = 0;; k++) {
			before(_metadata, self);
			inject_arm(n, k, many);
			during(_metadata, self);
			inject_disarm();
			after(_metadata, self);
			more = inject.reached;
			hits += inject.hit;
			if (!inject.hit)
				break;
		}
		EXPECT_EQ(0, inject.unknown);
	}
	TH_LOG("%ld calls, %ld failures", n - 1, hits);
}

static void install(struct __test_metadata *_metadata, FIXTURE_DATA(calls) *self)
{
	const char *why;

	ASSERT_EQ(0, open_service(&self->client, PTR(&blobs), 0));
	ASSERT_EQ(0, open_service(&self->server, PTR(&blobs), 0));
	why = inject_install();
	if (why)
		SKIP(return, "%s", why);
}

/*
 * A port that could not be opened is opened now.  So is one that an error has stopped which is
 * no want: the library believes such an error, and the program may try once more.  Then all
 * succeeds, and the port is closed.
 */
static void recover_and_close(struct __test_metadata *_metadata, FIXTURE_DATA(calls) *self,
			      struct side *side, step *open_port, step *close_port)
{
	if (inject.hit && !is_want(inject.error))
		close_port(side, 0, 0);
	if (!side->client && !side->server) {
		ASSERT_EQ(0, open_port(side, 0, 0)) TH_LOG("%s", sluice_strerror());
	}
	recover(_metadata, self, 16);
	close_port(side, 0, 0);
}

/* ---- A client comes to a server ------------------------------------------ */

static void nothing(struct __test_metadata *_metadata, FIXTURE_DATA(calls) *self)
{
}

/* Opens a port, and exchanges a request if that has succeeded. */
static void open_and_exchange(struct __test_metadata *_metadata, FIXTURE_DATA(calls) *self,
			      struct side *side, step *open_port)
{
	long result;

	if (open_port(side, 0, 0) < 0) {
		EXPECT_EQ(is_want(inject.error), is_want(errno)) TH_LOG("%s", sluice_strerror());
		return;
	}
	wait_servers(&self->client, 1, TURN);
	result = exchange(&self->client, &self->server, 16, WHILE);
	EXPECT_FALSE(is_blame(result)) TH_LOG("%s", sluice_strerror());
}

static void come(struct __test_metadata *_metadata, FIXTURE_DATA(calls) *self)
{
	open_and_exchange(_metadata, self, &self->client, open_client);
}

static void go(struct __test_metadata *_metadata, FIXTURE_DATA(calls) *self)
{
	recover_and_close(_metadata, self, &self->client, open_client, close_client);
	serve_turn(&self->server);
}

TEST_F_TIMEOUT(calls, of_a_client_that_comes, 200)
{
	install(_metadata, self);
	ASSERT_EQ(0, open_server(&self->server, 0, 0));
	each_call(_metadata, self, variant->many, nothing, come, go);
}

/* ---- A server comes to a client ------------------------------------------ */

static void open_up(struct __test_metadata *_metadata, FIXTURE_DATA(calls) *self)
{
	open_and_exchange(_metadata, self, &self->server, open_server);
}

static void close_down(struct __test_metadata *_metadata, FIXTURE_DATA(calls) *self)
{
	recover_and_close(_metadata, self, &self->server, open_server, close_server);
	wait_servers(&self->client, 0, 0);
}

TEST_F_TIMEOUT(calls, of_a_server_that_comes, 200)
{
	install(_metadata, self);
	ASSERT_EQ(0, open_client(&self->client, 0, 0));
	each_call(_metadata, self, variant->many, nothing, open_up, close_down);
}

/* ---- A wait -------------------------------------------------------------- */

/* That the kernel lacks something is not told as if nothing had come. */
TEST_F(calls, of_a_wait)
{
	long n, result;

	install(_metadata, self);
	ASSERT_EQ(0, open_server(&self->server, 0, 0));
	EXPECT_EQ(-ETIMEDOUT, take_blob(&self->server, 0, TURN));
	for (n = 1; n < 4; n++) {
		inject_arm_call(SYS_io_uring_enter, n, EAGAIN, variant->many);
		result = take_blob(&self->server, 0, WHILE);
		inject_disarm();
		EXPECT_TRUE(result == -ETIMEDOUT || result == -ENOMEM)
			TH_LOG("%ld: %s", result, sluice_strerror());
	}
}

/* ---- Messages grow ------------------------------------------------------- */

static void meet(struct __test_metadata *_metadata, FIXTURE_DATA(calls) *self)
{
	ASSERT_EQ(0, open_server(&self->server, 0, 0));
	ASSERT_EQ(0, open_client(&self->client, 0, 0));
	recover(_metadata, self, 16);
}

static void grow(struct __test_metadata *_metadata, FIXTURE_DATA(calls) *self)
{
	long result = exchange(&self->client, &self->server, 100000, WHILE);

	EXPECT_FALSE(is_blame(result)) TH_LOG("%s", sluice_strerror());
}

static void part(struct __test_metadata *_metadata, FIXTURE_DATA(calls) *self)
{
	if (inject.hit && !is_want(inject.error)) {
		close_client(&self->client, 0, 0);
		ASSERT_EQ(0, open_client(&self->client, 0, 0));
	}
	recover(_metadata, self, 100000);
	close_client(&self->client, 0, 0);
	close_server(&self->server, 0, 0);
}

TEST_F_TIMEOUT(calls, of_messages_that_grow, 200)
{
	install(_metadata, self);
	each_call(_metadata, self, variant->many, meet, grow, part);
}

TEST_HARNESS_MAIN
