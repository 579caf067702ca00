/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Steps with the calls that send and receive at once, and steps between the loan of a
 * request and its sending.  steps.h has the plain ones.
 */
#ifndef SELFTESTS_LOANS_H
#define SELFTESTS_LOANS_H

#include "steps.h"

/* ---- A request ----------------------------------------------------------- */

helper long set_deadline(struct side *side, long slot, long deadline)
{
	return sluice_request_set_deadline(side->request[slot], deadline);
}

/* interrupt(): the next wait ends instead of sleeping. */
helper long interrupt(struct side *side, long a, long b)
{
	(void)a, (void)b;
	return sluice_node_interrupt(side->node);
}

/* ---- The combined calls -------------------------------------------------- */

/* Values before a call, which the call must change. */
#define UNTOUCHED	((void *)(uintptr_t)64)
#define UNSAID		4711

/* call_loaned(slot, timeout): the combined call with what loan_question() kept. */
helper long call_loaned(struct side *side, long slot, long timeout)
{
	struct sluice_pending_response *pending = UNTOUCHED;
	struct sluice_response *response;

	response = sluice_request_call(side->request[slot], &pending, timeout);
	if (pending == UNTOUCHED)
		return -EBADMSG;
	side->pending[slot] = pending;
	if (pending)
		side->request[slot] = NULL;
	return said(response);
}

/* call(slot, timeout): asks for the number of the slot. */
helper long call(struct side *side, long slot, long timeout)
{
	long result = loan_question(side, slot, slot);

	return result < 0 ? result : call_loaned(side, slot, timeout);
}

/* The number of a request, which is kept in its slot.  NULL: -errno. */
helper long keep(struct side *side, long slot, struct sluice_active_request *active)
{
	const struct question *question;

	if (!active)
		return -errno;
	side->active[slot] = active;
	question = active->data;
	return question->complement == ~question->value ? (long)question->value : -EBADMSG;
}

/* What the last sluice_reply_send_and_receive() of this thread has said. */
static __thread int last_sent;

helper long sent(struct side *side, long a, long b)
{
	(void)side, (void)a, (void)b;
	return last_sent;
}

/* next_loaned(slot, timeout): sends what loan_answer() kept; the next one's number. */
helper long next_loaned(struct side *side, long slot, long timeout)
{
	struct sluice_active_request *active;
	int error;

	last_sent = UNSAID;
	active = sluice_reply_send_and_receive(side->reply[slot], timeout, &last_sent);
	error = errno;
	if (last_sent == UNSAID)
		return -EBADMSG;
	if (!last_sent || last_sent == -EPIPE || last_sent == -ECONNRESET) {
		side->reply[slot] = NULL;
		side->active[slot] = NULL;
	}
	errno = error;
	return keep(side, slot, active);
}

/* next(value, timeout): answers slot 0 with a number; the number of the next request, kept there. */
helper long next(struct side *side, long value, long timeout)
{
	long result = loan_answer(side, 0, value);

	return result < 0 ? result : next_loaned(side, 0, timeout);
}

/* serve_on(requests): so many, each but the last answered as the next is received. */
helper long serve_on(struct side *side, long requests, long unused)
{
	long value = take(side, 0, LONG), result, i;

	(void)unused;
	for (i = 1; i < requests && value >= 0; i++) {
		value = next(side, value + 1, LONG);
		if (last_sent)
			return last_sent;
	}
	if (value < 0)
		return value;
	result = answer(side, 0, value + 1);
	if (!result)
		result = done(side, 0, 0);
	return result < 0 ? result : requests;
}

#endif /* SELFTESTS_LOANS_H */
