/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Events of a whole node: steps for sluice_node_wait() and sluice_node_next() that several
 * tests share.
 *
 * A step returns one number, so find_out() makes one of all events that a wait has
 * found: two decimal digits for each, in the order they were told.  It checks that
 * each of them names the side's own server, client or pending response.
 *
 *	EXPECT_EQ(REQUEST, at(server, find_out, LONG, 0));
 *	EXPECT_EQ(THEN(RESPONSE(0), RESPONSE(3)), at(client, find_out, LONG, 0));
 */
#ifndef SELFTESTS_EVENTS_H
#define SELFTESTS_EVENTS_H

#include <poll.h>

#include "steps.h"

#define REQUEST			10
#define RESPONSE(slot)		(20 + (slot))
#define CAME(peers)		(30 + (peers))
#define WENT(peers)		(40 + (peers))
#define THEN(first, second)	(100 * (first) + (second))

/* EXPECT_TIMES_OUT(), and the call sleeps: it uses less than a quarter of a processor meanwhile. */
#define EXPECT_SLEEPS(timeout, call)					\
	do {								\
		int64_t used_ = used();					\
									\
		EXPECT_TIMES_OUT(timeout, call);			\
		used_ = used() - used_;					\
		EXPECT_GT((timeout) / 4, used_)				\
			TH_LOG("it spins: %lld us of %lld us",		\
			       (long long)used_ / 1000,			\
			       (long long)(timeout) / 1000);		\
	} while (0)

/* Time that this thread has had a processor. */
helper int64_t used(void)
{
	struct timespec time;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return time.tv_sec * SECOND + time.tv_nsec;
}

helper void pause_for(int64_t nanoseconds)
{
	struct timespec time = {
		.tv_sec = nanoseconds / SECOND,
		.tv_nsec = nanoseconds % SECOND,
	};

	nanosleep(&time, NULL);
}

/* Does a descriptor become readable within this time?  Rounded down to ms. */
helper bool is_readable(int fd, int64_t nanoseconds)
{
	struct pollfd one = { .fd = fd, .events = POLLIN };

	return poll(&one, 1, (int)(nanoseconds / MILLISECOND)) == 1;
}

/* ---- Events ---------------------------------------------------------------- */

helper long response_number(const struct side *side, const struct sluice_event *event)
{
	long slot;

	for (slot = 0; slot < 10; slot++)
		if (event->pending == side->pending[slot])
			return RESPONSE(slot);
	return -EBADMSG;
}

helper bool names_own_port(const struct side *side, const struct sluice_event *event)
{
	if (event->client)
		return event->client == side->client && !event->server;
	return event->server && event->server == side->server && !event->pending;
}

/* The two digits of an event, or -EBADMSG. */
helper long event_number(const struct side *side, const struct sluice_event *event)
{
	bool peers = event->kind == SLUICE_EVENT_CONNECTED ||
		     event->kind == SLUICE_EVENT_DISCONNECTED;

	if (!names_own_port(side, event) || event->size != sizeof(*event) ||
	    peers != (event->peers > 0) || event->peers > 9 ||
	    (event->reason && event->kind != SLUICE_EVENT_DISCONNECTED))
		return -EBADMSG;
	if (event->kind == SLUICE_EVENT_REQUEST)
		return event->server ? REQUEST : -EBADMSG;
	if (event->kind == SLUICE_EVENT_RESPONSE)
		return response_number(side, event);
	if (event->pending || !peers)
		return -EBADMSG;
	return event->kind == SLUICE_EVENT_CONNECTED ? CAME((long)event->peers) :
						       WENT((long)event->peers);
}

/* told(): all events of the last wait that were not fetched yet. */
helper long told(struct side *side, long a, long b)
{
	struct sluice_event event = SLUICE_EVENT();
	long all = 0, number;
	int result;

	(void)a, (void)b;
	while ((result = sluice_node_next(side->node, &event)) > 0) {
		number = event_number(side, &event);
		if (number < 0)
			return number;
		all = THEN(all, number);
	}
	return result < 0 ? result : all;
}

/* wait_node(timeout): waits, and fetches no event. */
helper long wait_node(struct side *side, long timeout, long unused)
{
	(void)unused;
	return sluice_node_wait(side->node, timeout);
}

/* find_out(timeout): waits, and fetches all events. */
helper long find_out(struct side *side, long timeout, long unused)
{
	int result = sluice_node_wait(side->node, timeout);

	(void)unused;
	return result < 0 ? result : told(side, 0, 0);
}

/*
 * await_peers(kind, peers): waits until so many peers have come or left; nothing else may
 * happen.  The reason of the last one that left; 0 if they came.
 */
helper long await_peers(struct side *side, long kind, long peers)
{
	struct sluice_event event = SLUICE_EVENT();
	int result;

	event.reason = 0;
	while (peers > 0) {
		result = sluice_node_wait(side->node, LONG);
		if (result < 0)
			return result;
		while (sluice_node_next(side->node, &event) > 0) {
			if (event.kind != kind || event_number(side, &event) < 0)
				return -EBADMSG;
			peers -= (long)event.peers;
		}
	}
	return peers ? -EBADMSG : event.reason;
}

/* ---- Steps that take their time -------------------------------------------- */

/* ask_soon(slot, value): asks after a pause, in which the others most likely fall asleep. */
helper long ask_soon(struct side *side, long slot, long value)
{
	pause_for(5 * MILLISECOND);
	return ask(side, slot, value);
}

helper long answer_soon(struct side *side, long slot, long value)
{
	pause_for(5 * MILLISECOND);
	return answer(side, slot, value);
}

/* ask_until(slot, deadline): a request that is of use until then; see ask(). */
helper long ask_until(struct side *side, long slot, long deadline)
{
	struct sluice_request *request = sluice_client_loan(side->client, 1);
	struct question *question;

	if (!request)
		return -errno;
	question = request->data;
	question->value = 1;
	question->complement = ~question->value;
	if (sluice_request_set_deadline(request, deadline) < 0)
		return -errno;
	side->pending[slot] = sluice_request_send(request);
	if (!side->pending[slot]) {
		int error = errno;

		sluice_request_release(request);
		return -error;
	}
	return sluice_pending_response_servers(side->pending[slot]);
}

/* exchange_pausing(requests): so many, with a pause before each. */
helper long exchange_pausing(struct side *side, long requests, long unused)
{
	long i, result;

	(void)unused;
	for (i = 0; i < requests; i++) {
		pause_briefly();
		result = exchange_number(side, 0, i);
		if (result < 0)
			return result;
	}
	return requests;
}

/* ---- A set-up -------------------------------------------------------------- */

/* A side, the test's own, with a server that an idle client is connected to. */
helper void open_server_side(struct __test_metadata *_metadata, struct side *side,
			     const struct sluice_service_opts *opts,
			     struct end *client, enum place place)
{
	ASSERT_EQ(0, open_service(side, PTR(&calls), PTR(opts)))
		TH_LOG("%s", sluice_strerror());
	ASSERT_EQ(0, open_server(side, 0, 0));
	start_client(_metadata, client, place, &calls, 1);
	ASSERT_EQ(0, await_peers(side, SLUICE_EVENT_CONNECTED, 1));
}

/*
 * A request of the test's side that its server has received in time, and holds in the
 * slot of the same number; on a slow machine with a later deadline than was wished for.
 * The deadline.
 */
helper int64_t ask_and_hold(struct __test_metadata *_metadata, struct side *side,
			    struct end *server, long slot, int64_t timeout)
{
	int64_t deadline;
	long result;

	for (;; timeout *= 2) {
		deadline = sluice_deadline(timeout);
		result = ask_until(side, slot, deadline);
		if (result == 1) {
			result = at(server, take, slot, timeout);
			if (result == 1)
				return deadline;
			cancel(side, slot, 0);
		}
		ASSERT_EQ(-ETIMEDOUT, result) TH_LOG("%s", sluice_strerror());
		ASSERT_GT(LONG, timeout);
	}
}

#endif /* SELFTESTS_EVENTS_H */
