// SPDX-License-Identifier: GPL-2.0-only
/*
 * A node in an event loop that is not the library's: sluice_node_prepare() until there
 * is nothing to do, then a sleep on sluice_node_fd() by poll(2), epoll(7), or an
 * io_uring of the program's own.  Thousands of messages make the descriptor readable,
 * and no sleep ends by the clock.  What else does: foreign_wake_test.c.
 */
#include <liburing.h>
#include <sys/epoll.h>

#include "events.h"

ENDS_FIXTURE(foreign);

/* ---- Sleeping -------------------------------------------------------------- */

enum { QUIET, READABLE };

struct loop {
	struct sluice_node *node;
	int (*sleep)(struct loop *loop, int64_t timeout);	/* QUIET or READABLE */
	int fd;
	int epoll;
	struct io_uring ring;
	long sleeps;
};

static int sleep_in_poll(struct loop *loop, int64_t timeout)
{
	return is_readable(loop->fd, timeout) ? READABLE : QUIET;
}

static int sleep_in_epoll(struct loop *loop, int64_t timeout)
{
	struct epoll_event event;

	return epoll_wait(loop->epoll, &event, 1, (int)(timeout / MILLISECOND));
}

/* One poll for each sleep; it ends by itself, or is taken back when time is over. */
static int sleep_in_uring(struct loop *loop, int64_t timeout)
{
	struct __kernel_timespec time = {
		.tv_sec = timeout / SECOND,
		.tv_nsec = timeout % SECOND,
	};
	struct io_uring_sqe *sqe = io_uring_get_sqe(&loop->ring);
	struct io_uring_cqe *cqe;
	int result;

	io_uring_prep_poll_add(sqe, loop->fd, POLLIN);
	io_uring_sqe_set_data(sqe, loop);
	sqe->flags |= IOSQE_IO_LINK;
	sqe = io_uring_get_sqe(&loop->ring);
	io_uring_prep_link_timeout(sqe, &time, 0);
	io_uring_sqe_set_data(sqe, NULL);
	result = io_uring_submit_and_wait(&loop->ring, 2);
	if (result < 0)
		return result;
	result = QUIET;
	while (!io_uring_peek_cqe(&loop->ring, &cqe)) {
		if (io_uring_cqe_get_data(cqe) && cqe->res > 0)
			result = READABLE;
		io_uring_cqe_seen(&loop->ring, cqe);
	}
	return result;
}

/* A loop that sleeps in poll(2). */
static void loop_open(struct __test_metadata *_metadata, struct loop *loop,
		      struct sluice_node *node)
{
	*loop = (struct loop){ .node = node, .sleep = sleep_in_poll, .epoll = -1 };
	loop->fd = sluice_node_fd(node);
	ASSERT_LE(0, loop->fd) TH_LOG("%s", sluice_strerror());
}

/*
 * 0: something has come since the node was prepared; 1: it was there already; or
 * -ETIMEDOUT, which must not be, or -errno.
 */
static int loop_turn(struct loop *loop)
{
	int result = sluice_node_prepare(loop->node);

	if (result)
		return result;
	loop->sleeps++;
	result = loop->sleep(loop, LONG);
	if (result < 0)
		return result;
	return result == READABLE ? 0 : -ETIMEDOUT;
}

/* It is quiet when nothing comes, although it may have been readable for nothing. */
static bool is_quiet(struct loop *loop)
{
	int tries;

	for (tries = 0; tries < 5; tries++)
		if (sluice_node_prepare(loop->node) == 0 &&
		    loop->sleep(loop, 30 * MILLISECOND) == QUIET)
			return true;
	return false;
}

/* ---- A server's loop ------------------------------------------------------- */

/* Answers all requests that are there.  How many, or -errno. */
static long serve_all(struct side *side)
{
	long value, result, served = 0;

	while ((value = take(side, 0, SLUICE_NOWAIT)) >= 0) {
		result = answer(side, 0, value + 1);
		if (!result)
			result = done(side, 0, 0);
		if (result < 0)
			return result;
		served++;
	}
	return value == -EAGAIN ? served : value;
}

/* Handles what the events name, and nothing else.  How many requests, or -errno. */
static long serve_events(struct side *side)
{
	struct sluice_event event = SLUICE_EVENT();
	long result, served = 0;

	while (sluice_node_next(side->node, &event) > 0) {
		if (event.kind != SLUICE_EVENT_REQUEST)
			continue;
		result = event.server == side->server ? serve_all(side) : -EBADMSG;
		if (result < 0)
			return result;
		served += result;
	}
	return served;
}

static long run_server(struct loop *loop, struct side *side, long requests)
{
	long served = 0, result;

	while (served < requests) {
		result = loop_turn(loop);
		if (result > 0)
			result = serve_events(side);
		if (result < 0)
			return result;
		served += result;
	}
	return served;
}

/* Two clients, with pauses before each of their requests in which the server sleeps. */
static void serve_two(struct __test_metadata *_metadata, struct loop *loop,
		      struct side *side, struct end *ends, long requests)
{
	int i;

	for (i = 0; i < 2; i++)
		begin(&ends[i], exchange_pausing, requests, 0);
	ASSERT_EQ(2 * requests, run_server(loop, side, 2 * requests))
		TH_LOG("after %ld sleeps: %s", loop->sleeps, sluice_strerror());
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(requests, finish(&ends[i]));
	}
	EXPECT_LT(0, loop->sleeps);
	EXPECT_TRUE(is_quiet(loop));
}

#define OPEN_SERVER_LOOP(loop)						\
	do {								\
		ASSERT_EQ(0, open_service(&self->side, PTR(&calls), 0)); \
		ASSERT_EQ(0, open_server(&self->side, 0, 0));		\
		start_client(_metadata, &self->end[0], variant->place,	\
			     &calls, 1);				\
		start_client(_metadata, &self->end[1], variant->place,	\
			     &calls, 1);				\
		loop_open(_metadata, loop, self->side.node);		\
	} while (0)

TEST_F(foreign, served_by_poll)
{
	struct loop loop;

	OPEN_SERVER_LOOP(&loop);
	serve_two(_metadata, &loop, &self->side, self->end, 1000);
}

/* By level, and by edge, which tells only once each time that it becomes readable. */
TEST_F(foreign, served_by_epoll)
{
	static const uint32_t modes[] = { EPOLLIN, EPOLLIN | EPOLLET };
	struct epoll_event event;
	struct loop loop;
	size_t i;

	OPEN_SERVER_LOOP(&loop);
	loop.sleep = sleep_in_epoll;
	loop.epoll = epoll_create1(EPOLL_CLOEXEC);
	ASSERT_LE(0, loop.epoll);
	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		event.events = modes[i];
		ASSERT_EQ(0, epoll_ctl(loop.epoll, EPOLL_CTL_ADD, loop.fd, &event));
		serve_two(_metadata, &loop, &self->side, self->end, 250);
		ASSERT_EQ(0, epoll_ctl(loop.epoll, EPOLL_CTL_DEL, loop.fd, NULL));
	}
	close(loop.epoll);
}

TEST_F(foreign, served_by_io_uring)
{
	struct loop loop;
	int result;

	OPEN_SERVER_LOOP(&loop);
	loop.sleep = sleep_in_uring;
	result = io_uring_queue_init(8, &loop.ring, 0);
	if (result == -ENOSYS || result == -EPERM)
		SKIP(return, "no io_uring here: %s", strerror(-result));
	ASSERT_EQ(0, result);
	serve_two(_metadata, &loop, &self->side, self->end, 250);
	io_uring_queue_exit(&loop.ring);
}

/* ---- A client's loop ------------------------------------------------------- */

/* Handles what the events name: adds up responses, and counts ends. */
static long hear_events(struct side *side, long *ends)
{
	struct sluice_event event = SLUICE_EVENT();
	long slot, value, sum = 0;

	while (sluice_node_next(side->node, &event) > 0) {
		if (event.kind != SLUICE_EVENT_RESPONSE)
			continue;
		slot = response_number(side, &event) - RESPONSE(0);
		if (slot < 0)
			return slot;
		while ((value = hear(side, slot, SLUICE_NOWAIT)) >= 0)
			sum += value;
		if (value == -EPIPE && ++*ends)
			value = cancel(side, slot, 0);
		if (value < 0 && value != -EAGAIN)
			return value;
	}
	return sum;
}

/* Two requests at a time, to two servers, each of which answers each. */
TEST_F(foreign, client)
{
	struct side *side = &self->side;
	long i, ends, sum, result;
	struct loop loop;

	start_servers(_metadata, self->end, 2, variant->place, side, &calls);
	loop_open(_metadata, &loop, side->node);
	for (i = 0; i < 2; i++)
		begin(&self->end[i], serve_late, 400, 0);
	for (i = 0; i < 200; i++) {
		ASSERT_EQ(2, ask(side, 0, i));
		ASSERT_EQ(2, ask(side, 1, 1000));
		for (ends = sum = 0; ends < 2; sum += result) {
			result = loop_turn(&loop);
			if (result > 0)
				result = hear_events(side, &ends);
			ASSERT_LE(0, result) TH_LOG("%s", sluice_strerror());
		}
		ASSERT_EQ(2 * (i + 1) + 2 * 1001, sum);
	}
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(400, finish(&self->end[i]));
	}
	EXPECT_LT(0, loop.sleeps);
	EXPECT_TRUE(is_quiet(&loop));
}

TEST_HARNESS_MAIN
