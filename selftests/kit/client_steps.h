/* SPDX-License-Identifier: GPL-2.0-only */
/* Steps of a client with numbers, the messages of &calls.  steps.h includes this file. */
#ifndef SELFTESTS_CLIENT_STEPS_H
#define SELFTESTS_CLIENT_STEPS_H

/* loan_question(slot, value): a request that is kept in its slot, unsent. */
helper long loan_question(struct side *side, long slot, long value)
{
	struct sluice_request *request = sluice_client_loan(side->client, 1);

	if (!request)
		return -errno;
	*(struct question *)request->data = (struct question){
		.value = (uint64_t)value,
		.complement = ~(uint64_t)value,
	};
	side->request[slot] = request;
	return 0;
}

/* send_question(slot): sends what was kept; how many servers it reached. */
helper long send_question(struct side *side, long slot, long unused)
{
	(void)unused;
	side->pending[slot] = sluice_request_send(side->request[slot]);
	if (!side->pending[slot])
		return -errno;
	side->request[slot] = NULL;
	return sluice_pending_response_servers(side->pending[slot]);
}

/* drop_question(slot): gives it back unsent. */
STEP_RELEASES(drop_question, request, sluice_request_release)

/* ask(slot, value): sends a number; how many servers it reached. */
helper long ask(struct side *side, long slot, long value)
{
	long result = loan_question(side, slot, value);

	if (result < 0)
		return result;
	result = send_question(side, slot, 0);
	if (result < 0)
		drop_question(side, slot, 0);
	return result;
}

/*
 * ask_many(count, first): asks one server in the slots from 0 on, with the numbers from first
 * on.
 */
helper long ask_many(struct side *side, long count, long first)
{
	long i, result;

	for (i = 0; i < count; i++) {
		result = ask(side, i, first + i);
		if (result != 1)
			return result < 0 ? result : -EBADMSG;
	}
	return count;
}

/* ask_one(slot, value): sends a number to one server; how many it reached. */
helper long ask_one(struct side *side, long slot, long value)
{
	long result = loan_question(side, slot, value);
	int r;

	if (result < 0)
		return result;
	r = sluice_request_set_route(side->request[slot], SLUICE_ROUTE_ONE);
	return r < 0 ? r : send_question(side, slot, 0);
}

/* The number that a response carries, or -EBADMSG. */
helper long answer_value(const struct sluice_response *response)
{
	const struct answer *answer = response->data;

	if (response->count != 1 || response->size != sizeof(*answer) ||
	    answer->complement != ~answer->value)
		return -EBADMSG;
	return (long)answer->value;
}

/* What a response says; it is released.  NULL: -errno. */
helper long said(struct sluice_response *response)
{
	long value;

	if (!response)
		return -errno;
	value = answer_value(response);
	return sluice_response_release(response) < 0 ? -errno : value;
}

/* hear(slot, timeout): the next response's number; the response is released. */
helper long hear(struct side *side, long slot, long timeout)
{
	return said(sluice_pending_response_receive(side->pending[slot], timeout));
}

/* Receives a response, gets its info, and releases it. */
helper long hear_info(struct side *side, long slot, long timeout,
		      struct sluice_response_info *ret_info)
{
	struct sluice_response *response;

	response = sluice_pending_response_receive(side->pending[slot], timeout);
	if (!response || sluice_response_info(response, ret_info) < 0)
		return -errno;
	return sluice_response_release(response) < 0 ? -errno : 0;
}

/* hear_many(slot, count): hears the numbers from 0 on. */
helper long hear_many(struct side *side, long slot, long count)
{
	long i, result;

	for (i = 0; i < count; i++) {
		result = hear(side, slot, LONG);
		if (result != i)
			return result < 0 ? result : -EBADMSG;
	}
	return count;
}

/* cancel(slot): releases the pending response. */
STEP_RELEASES(cancel, pending, sluice_pending_response_release)

/* hear_end(slot, timeout): the stream ends in good order, and is released. */
helper long hear_end(struct side *side, long slot, long timeout)
{
	long result = hear(side, slot, timeout);

	if (result != -EPIPE)
		return result < 0 ? result : -EBADMSG;
	return cancel(side, slot, 0);
}

/* exchange_number(slot, value): asks, hears the number plus 1 and then the end. */
helper long exchange_number(struct side *side, long slot, long value)
{
	long result = ask(side, slot, value);

	if (result != 1)
		return result < 0 ? result : -ENOTCONN;
	result = hear(side, slot, LONG);
	if (result != value + 1)
		return result < 0 ? result : -EBADMSG;
	return hear_end(side, slot, LONG);
}

/* exchange_many(first, count): so many exchanges, one after another. */
helper long exchange_many(struct side *side, long first, long count)
{
	return repeat(side, exchange_number, first, count);
}

/* hold(slot, into): as hear(), but the response is kept in another slot. */
helper long hold(struct side *side, long slot, long into)
{
	struct sluice_response *response;

	response = sluice_pending_response_receive(side->pending[slot], LONG);
	if (!response)
		return -errno;
	side->response[into] = response;
	return answer_value(response);
}

STEP_RELEASES(drop_response, response, sluice_response_release)

#endif /* SELFTESTS_CLIENT_STEPS_H */
