/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A service with SLUICE_SERVICE_NO_REQUEST_OVERFLOW: a client sleeps until a server has room
 * for its request.  Here are steps that fill and empty the queues of requests, and set-ups
 * in which the next request of a client has to wait.
 */
#ifndef SELFTESTS_ROOM_H
#define SELFTESTS_ROOM_H

#include "events.h"
#include "loans.h"

/* Requests that a server's queue takes. */
#define ROOM	4

static const struct sluice_service_opts no_overflow = SLUICE_SERVICE_OPTS(
	.flags = SLUICE_SERVICE_NO_REQUEST_OVERFLOW,
	.max_active_requests_per_client = ROOM);

/* interrupted(slot): sends what was kept, and is interrupted as it begins to sleep. */
helper long interrupted(struct side *side, long slot, long unused)
{
	(void)unused;
	interrupt(side, 0, 0);
	return send_question(side, slot, 0);
}

/* ask_and_cancel(slot, value): a request whose answer nobody wants. */
helper long ask_and_cancel(struct side *side, long slot, long value)
{
	long result = ask(side, slot, value);

	if (result < 1)
		return result < 0 ? result : -ENOTCONN;
	return cancel(side, slot, 0);
}

/* ask_only(first, count): so many requests whose answers nobody wants. */
helper long ask_only(struct side *side, long first, long count)
{
	return repeat(side, ask_and_cancel, first, count);
}

/* take_only(first, count): so many requests, in this order, and releases them. */
helper long take_only(struct side *side, long first, long count)
{
	long i, result;

	for (i = first; i < first + count; i++) {
		result = take(side, 0, LONG);
		if (result != i)
			return result < 0 ? result : -EILSEQ;
		result = done(side, 0, 0);
		if (result < 0)
			return result;
	}
	return count;
}

/* Whether what was begun has not ended yet. */
helper bool still_busy(const struct end *end)
{
	return !is_readable(end->socket, 0);
}

/* A server that takes nothing, and a client whose next request finds no room. */
helper void set_up_full(struct __test_metadata *_metadata, struct end *server,
			enum place place, struct end *client)
{
	start_server(_metadata, server, place, &calls, &no_overflow, NULL);
	start_client(_metadata, client, place, &calls, 1);
	ASSERT_EQ(ROOM, at(client, ask_only, 0, ROOM));
}

/*
 * Two servers of the client in the test: the slow one has taken nothing and has no
 * room, the fast one has taken everything.
 */
helper void set_up_two(struct __test_metadata *_metadata, struct side *side,
		       struct end *slow, struct end *fast, enum place place)
{
	start_two_servers(_metadata, slow, fast, place, side, &calls, &no_overflow);
	ASSERT_EQ(ROOM, ask_only(side, 0, ROOM));
	ASSERT_EQ(ROOM, at(fast, take_only, 0, ROOM));
}

/* The same with a client that is an end, too, and sends a request that waits for the slow one. */
helper void start_two_and_ask(struct __test_metadata *_metadata, struct end *slow,
			      struct end *fast, struct end *client, long value)
{
	start_server(_metadata, slow, IN_PROCESS, &calls, &no_overflow, NULL);
	start_server(_metadata, fast, IN_PROCESS, &calls, &no_overflow, NULL);
	start_client(_metadata, client, IN_PROCESS, &calls, 2);
	ASSERT_EQ(ROOM, at(client, ask_only, 0, ROOM));
	ASSERT_EQ(ROOM, at(fast, take_only, 0, ROOM));
	begin(client, ask, 0, value);
}

#endif /* SELFTESTS_ROOM_H */
