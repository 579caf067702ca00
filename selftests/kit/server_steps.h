/* SPDX-License-Identifier: GPL-2.0-only */
/* Steps of a server with numbers, the messages of &calls.  steps.h includes this file. */
#ifndef SELFTESTS_SERVER_STEPS_H
#define SELFTESTS_SERVER_STEPS_H

/* take(slot, timeout): receives a request, keeps it, and returns its number. */
helper long take(struct side *side, long slot, long timeout)
{
	struct sluice_active_request *active;
	const struct question *question;

	active = sluice_server_receive(side->server, timeout);
	if (!active)
		return -errno;
	side->active[slot] = active;
	question = active->data;
	if (active->count != 1 || active->size != sizeof(*question) ||
	    question->complement != ~question->value)
		return -EBADMSG;
	return (long)question->value;
}

/* take_many(count, first): so many, in the slots from 0 on; their numbers are from first on. */
helper long take_many(struct side *side, long count, long first)
{
	long i, value;

	for (i = 0; i < count; i++) {
		value = take(side, i, LONG);
		if (value != first + i)
			return value < 0 ? value : -EBADMSG;
	}
	return count;
}

/* A reply to this request that carries a number; NULL and errno. */
helper struct sluice_reply *loan_number(struct sluice_active_request *active, long value)
{
	struct sluice_reply *reply = sluice_active_request_loan(active, 1);

	if (reply)
		*(struct answer *)reply->data = (struct answer){
			.value = (uint64_t)value,
			.complement = ~(uint64_t)value,
		};
	return reply;
}

/* loan_answer(slot, value): a reply to the request in slot, kept there unsent. */
helper long loan_answer(struct side *side, long slot, long value)
{
	struct sluice_reply *reply = loan_number(side->active[slot], value);

	if (!reply)
		return -errno;
	side->reply[slot] = reply;
	return 0;
}

/* send_answer(slot): sends what loan_answer() kept. */
helper long send_answer(struct side *side, long slot, long unused)
{
	struct sluice_reply *reply = side->reply[slot];

	(void)unused;
	side->reply[slot] = NULL;
	return sluice_reply_send(reply);
}

/* drop_answer(slot): gives it back unsent. */
STEP_RELEASES(drop_answer, reply, sluice_reply_release)

/* answer(slot, value): loans a reply that carries this number, and sends it. */
helper long answer(struct side *side, long slot, long value)
{
	long result = loan_answer(side, slot, value);

	return result < 0 ? result : send_answer(side, slot, 0);
}

/* answer_many(first, count): so many numbers to the request in slot 0. */
helper long answer_many(struct side *side, long first, long count)
{
	return repeat(side, answer, first, count);
}

/* answer_slowly(slot, count): so many; a client that is woken by one sleeps before the next. */
helper long answer_slowly(struct side *side, long slot, long count)
{
	long i, result;

	for (i = 0; i < count; i++) {
		pause_briefly();
		result = answer(side, slot, i);
		if (result < 0)
			return result;
	}
	return count;
}

/* done(slot): releases the active request. */
STEP_RELEASES(done, active, sluice_active_request_release)

helper long is_connected(struct side *side, long slot, long unused)
{
	(void)unused;
	return sluice_active_request_is_connected(side->active[slot]);
}

/* answer_and_done(slot, value): answers and releases the request; the result of the answer. */
helper long answer_and_done(struct side *side, long slot, long value)
{
	long answered = answer(side, slot, value);
	long result = done(side, slot, 0);

	return result < 0 ? result : answered;
}

/* serve(requests): answers so many requests with their number plus 1; clients may leave. */
helper long serve(struct side *side, long requests, long unused)
{
	long value, result, i;

	(void)unused;
	for (i = 0; i < requests; i++) {
		value = take(side, 0, LONG);
		if (value < 0)
			return value;
		result = answer_and_done(side, 0, value + 1);
		if (result < 0 && result != -EPIPE && result != -ECONNRESET)
			return result;
	}
	return requests;
}

/* answer_taken(value): answers what take() has returned, if that is a number, with 1 more. */
helper long answer_taken(struct side *side, long value)
{
	return value < 0 ? value : answer_and_done(side, 0, value + 1);
}

helper long serve_one_late(struct side *side, long slot, long unused)
{
	long value = take(side, slot, LONG);

	(void)unused;
	pause_briefly();
	return answer_taken(side, value);
}

/* serve_late(requests): as serve(), each after a moment in which the client can fall asleep. */
helper long serve_late(struct side *side, long requests, long unused)
{
	(void)unused;
	return repeat(side, serve_one_late, 0, requests);
}

helper long await_and_serve_one(struct side *side, long slot, long unused)
{
	long value;

	(void)unused;
	do
		value = take(side, slot, SLUICE_FOREVER);
	while (value == -EINTR);
	return answer_taken(side, value);
}

/*
 * keep_serving(requests): as serve(), but it waits for each request without a limit, and no
 * client may leave.  An end that was stopped and goes on is interrupted.
 */
helper long keep_serving(struct side *side, long requests, long unused)
{
	(void)unused;
	return repeat(side, await_and_serve_one, 0, requests);
}

#endif /* SELFTESTS_SERVER_STEPS_H */
