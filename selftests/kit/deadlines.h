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
helper long ask_by(struct seat *seat, long slot, long deadline)
{
	long result = loan_question(seat, slot, slot);

	if (!result)
		result = set_deadline(seat, slot, deadline);
	if (!result)
		result = send_question(seat, slot, 0);
	if (result < 0)
		drop_question(seat, slot, 0);
	return result;
}

/* ask_soon(slot, time): the same with a deadline so near, which is returned. */
helper long ask_soon(struct seat *seat, long slot, long time)
{
	int64_t deadline;
	long result;

	do {
		deadline = sluice_deadline(time);
		result = ask_by(seat, slot, deadline);
		time *= 2;
	} while (result == -ETIMEDOUT && time < LONG);
	return result < 0 ? result : deadline;
}

/*
 * all_soon(count, good): the same for so many slots, the good one excepted, which has
 * no deadline.  The latest deadline, which need not be the last one's.
 */
helper long all_soon(struct seat *seat, long count, long good)
{
	long i, deadline, latest = 0;

	for (i = 0; i < count; i++) {
		deadline = i == good ? ask(seat, i, GOOD) : ask_soon(seat, i, SOON);
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
helper long take_by(struct seat *seat, long slot, long deadline)
{
	long value = take(seat, slot, LONG);

	if (value >= 0 && seat->active[slot]->deadline != deadline)
		return -EBADMSG;
	return value;
}

/* expired(): how many the server has seen that came too late. */
helper long expired(struct seat *seat, long a, long b)
{
	(void)a, (void)b;
	return sluice_server_expired(seat->server);
}

/*
 * expire(count): takes nothing until so many have come too late, in all; a server
 * that waits through sockets does not look at them in each call.
 */
helper long expire(struct seat *seat, long count, long unused)
{
	int64_t end = now() + LONG;
	long result;

	(void)unused;
	while (expired(seat, 0, 0) < count && now() < end) {
		result = take(seat, 0, SLUICE_NOWAIT);
		if (result != -EAGAIN)
			return result < 0 ? result : -EEXIST;
		pause_briefly();
	}
	return expired(seat, 0, 0);
}

/* ---- Both ---------------------------------------------------------------- */

/* One exchange, after which both know each other well. */
helper void warm_up(struct __test_metadata *_metadata, struct seat *seat,
		    struct end *server)
{
	ASSERT_EQ(1, ask(seat, 0, 7));
	ASSERT_EQ(7, at(server, take_by, 0, 0));
	ASSERT_EQ(0, at(server, done, 0, 0));
	ASSERT_EQ(-EPIPE, hear(seat, 0, LONG));
	ASSERT_EQ(0, cancel(seat, 0, 0));
}

#endif /* SELFTESTS_DEADLINES_H */
