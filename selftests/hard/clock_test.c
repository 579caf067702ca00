// SPDX-License-Identifier: GPL-2.0-only
/*
 * The clock of the day jumps, by years and in both directions, at every look at it.  Nothing
 * that the library does depends on it but one thing: how old a service is that nobody has
 * finished making.  Messages, timeouts and deadlines go by CLOCK_MONOTONIC.
 *
 * The calls that read or wait by that clock are wrapped by the linker, so that the clock of
 * the machine stays as it is.
 */
#include <sys/time.h>

#include "steps.h"

PROCESSES_FIXTURE(clocks);

static bool jumps;
static long looks;

/* Seconds by which the clock is wrong now. */
static time_t jump(void)
{
	looks++;
	return (looks % 2 ? 1 : -1) * (time_t)looks * 100000000;
}

int __real_clock_gettime(clockid_t clock, struct timespec *time);
int __wrap_clock_gettime(clockid_t clock, struct timespec *time);
time_t __real_time(time_t *time);
time_t __wrap_time(time_t *time);

int __wrap_clock_gettime(clockid_t clock, struct timespec *time)
{
	int r = __real_clock_gettime(clock, time);

	if (jumps && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
		time->tv_sec += jump();
	return r;
}

time_t __wrap_time(time_t *time)
{
	time_t now = __real_time(time);

	return jumps ? now + jump() : now;
}

/* A loan, a deadline that is kept, one that is missed, and a wait that ends in time. */
static void live(struct __test_metadata *_metadata, struct side *side, struct end *server)
{
	int64_t begun;

	open_client_side(_metadata, side, &calls, NULL, 1);
	begin(server, serve, 2, 0);
	ASSERT_EQ(0, loan_question(side, 0, 4));
	ASSERT_EQ(0, sluice_request_set_deadline(side->request[0], sluice_deadline(LONG)));
	ASSERT_EQ(1, send_question(side, 0, 0));
	EXPECT_EQ(5, hear(side, 0, LONG)) TH_LOG("%s", sluice_strerror());
	EXPECT_EQ(0, hear_end(side, 0, LONG));
	EXPECT_EQ(0, exchange_number(side, 0, 6)) TH_LOG("%s", sluice_strerror());
	EXPECT_EQ(2, finish(server));
	ASSERT_EQ(0, loan_question(side, 0, 4));
	ASSERT_EQ(0, sluice_request_set_deadline(side->request[0],
						 sluice_deadline(20 * MILLISECOND)));
	ASSERT_EQ(1, send_question(side, 0, 0));
	begun = now();
	EXPECT_EQ(-ETIMEDOUT, hear(side, 0, LONG));
	EXPECT_GT(LONG / 2, now() - begun);
	EXPECT_EQ(0, cancel(side, 0, 0));
	EXPECT_TIMES_OUT(20 * MILLISECOND, wait_servers(side, 2, 20 * MILLISECOND));
}

static long set_jumping(struct side *side, long on, long b)
{
	jumps = on;
	return looks;
}

TEST_F(clocks, jump_in_a_life)
{
	struct end *server = &self->end[0];

	start_server(_metadata, server, IN_PROCESS, &calls, NULL, NULL);
	at(server, set_jumping, true, 0);
	jumps = true;
	live(_metadata, &self->side, server);
	TH_LOG("%ld looks at the clock of the day by the client, %ld by the server", looks,
	       at(server, set_jumping, false, 0));
	EXPECT_EQ(0, looks);
	jumps = false;
}

/* The wrappers are in front of the library. */
TEST_F(clocks, are_seen)
{
	struct timespec real, wrapped;

	jumps = true;
	__real_clock_gettime(CLOCK_REALTIME, &real);
	clock_gettime(CLOCK_REALTIME, &wrapped);
	EXPECT_LT(1000000, wrapped.tv_sec - real.tv_sec);
	clock_gettime(CLOCK_MONOTONIC, &wrapped);
	EXPECT_EQ(1, looks);
	jumps = false;
}

TEST_HARNESS_MAIN
