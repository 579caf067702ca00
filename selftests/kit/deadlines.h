/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Steps with requests that have a deadline.  The server takes them in time, or finds that
 * they are too late.
 *
 * A request whose deadline has passed cannot be sent, so the tests send one whose deadline
 * is near, and wait until it has passed.
 */
#ifndef SELFTESTS_DEADLINES_H
#define SELFTESTS_DEADLINES_H

#include "loans.h"

/* A busy machine may need longer to send a request; then the test tries again. */
#define SOON	(2 * MILLISECOND)

/* The number of a request without a deadline among requests with one. */
#define GOOD	55

/* ---- The client ---------------------------------------------------------- */

/* ask_by(slot, deadline): asks for the number of the slot. */
helper long ask_by(struct side *side, long slot, long deadline)
{
	long result = loan_question(side, slot, slot);

	if (!result)
		result = set_deadline(side, slot, deadline);
	if (!result)
		result = send_question(side, slot, 0);
	if (result < 0)
		drop_question(side, slot, 0);
	return result;
}

/* ask_soon(slot, time): the same with a deadline so near, which is returned. */
helper long ask_soon(struct side *side, long slot, long time)
{
	int64_t deadline;
	long result;

	do {
		deadline = sluice_deadline(time);
		result = ask_by(side, slot, deadline);
		time *= 2;
	} while (result == -ETIMEDOUT && time < LONG);
	return result < 0 ? result : deadline;
}

/*
 * all_soon(count, good): the same for so many slots, the good one excepted, which has
 * no deadline.  The latest deadline, which need not be the last one's.
 */
helper long all_soon(struct side *side, long count, long good)
{
	long i, deadline, latest = 0;

	for (i = 0; i < count; i++) {
		deadline = i == good ? ask(side, i, GOOD) : ask_soon(side, i, SOON);
		if (deadline < 0)
			return deadline;
		if (deadline > latest)
			latest = deadline;
	}
	return latest;
}

helper void sleep_until(int64_t deadline)
{
	struct timespec time = {
		.tv_sec = deadline / SECOND,
		.tv_nsec = deadline % SECOND,
	};

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL))
		;
}

/* ---- The server ---------------------------------------------------------- */

/* take_by(slot, deadline): the number of a request that has this deadline. */
helper long take_by(struct side *side, long slot, long deadline)
{
	long value = take(side, slot, LONG);

	if (value >= 0 && side->active[slot]->deadline != deadline)
		return -EBADMSG;
	return value;
}

/* expired(): how many the server has seen that came too late. */
helper long expired(struct side *side, long a, long b)
{
	(void)a, (void)b;
	return sluice_server_expired(side->server);
}

/*
 * expire(count): takes nothing until so many have come too late, in all; a server
 * that waits through sockets does not look at them in each call.
 */
helper long expire(struct side *side, long count, long unused)
{
	int64_t end = now() + LONG;
	long result;

	(void)unused;
	while (expired(side, 0, 0) < count && now() < end) {
		result = take(side, 0, SLUICE_NOWAIT);
		if (result != -EAGAIN)
			return result < 0 ? result : -EEXIST;
		pause_briefly();
	}
	return expired(side, 0, 0);
}

/* ---- Both ---------------------------------------------------------------- */

/* One exchange, after which both know each other well. */
helper void warm_up(struct __test_metadata *_metadata, struct side *side,
		    struct end *server)
{
	ASSERT_EQ(1, ask(side, 0, 7));
	ASSERT_EQ(7, at(server, take_by, 0, 0));
	ASSERT_EQ(0, at(server, done, 0, 0));
	ASSERT_EQ(-EPIPE, hear(side, 0, LONG));
	ASSERT_EQ(0, cancel(side, 0, 0));
}

#endif /* SELFTESTS_DEADLINES_H */
