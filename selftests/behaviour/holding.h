/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Steps of an end that holds all that the limits of its service allow: the requests that it has
 * loaned, what it waits for, and the messages that it was sent.
 */
#ifndef SELFTESTS_HOLDING_H
#define SELFTESTS_HOLDING_H

#include "steps.h"

#define MOST	1024

static struct sluice_service_opts limit = SLUICE_SERVICE_OPTS(.flags = 0);
static struct sluice_request *loaned[MOST];
static struct sluice_pending_response *pending[MOST];
static struct sluice_response **held;
static struct sluice_active_request *active[MOST];
static struct sluice_reply **replies;

helper long open_limited(struct side *side, long opts, long unused)
{
	long r = open_service(side, PTR(&calls), opts);

	(void)unused;
	return r < 0 ? r : sluice_service_settings(side->service, &limit);
}

helper long open_own_client(struct side *side, long strategy, long unused)
{
	struct sluice_client_opts opts = SLUICE_CLIENT_OPTS(
		.port = { .strategy = (uint32_t)strategy });

	return open_client(side, PTR(&opts), unused);
}

helper long open_own_server(struct side *side, long strategy, long unused)
{
	struct sluice_server_opts opts = SLUICE_SERVER_OPTS(
		.port = { .strategy = (uint32_t)strategy });

	return open_server(side, PTR(&opts), unused);
}

/* Loans all that may be, is refused one more, and gives them back. */
helper long loan_requests(struct side *side, long a, long b)
{
	uint32_t i;

	(void)a, (void)b;
	for (i = 0; i < limit.max_loaned_requests; i++) {
		loaned[i] = sluice_client_loan(side->client, 1);
		if (!loaned[i])
			return -errno;
		memset(loaned[i]->data, 0xee, loaned[i]->size);
	}
	if (sluice_client_loan(side->client, 1) || errno != ENOBUFS)
		return -EBADMSG;
	while (i--)
		if (sluice_request_release(loaned[i]) < 0)
			return -errno;
	return 0;
}

/* send_all(value): as many as may be pending, while all that may be is loaned. */
helper long send_all(struct side *side, long value, long b)
{
	uint32_t i;
	long r;

	(void)b;
	for (i = 0; i < limit.max_active_requests_per_client; i++) {
		r = loan_question(side, 0, value);
		if (r < 0)
			return r;
		pending[i] = sluice_request_send(side->request[0]);
		side->request[0] = NULL;
		if (!pending[i])
			return -errno;
	}
	return loan_requests(side, 0, 0);
}

helper long cancel_all(struct side *side, long a, long b)
{
	uint32_t i;

	(void)a, (void)b;
	for (i = 0; i < limit.max_active_requests_per_client; i++)
		if (sluice_pending_response_release(pending[i]) < 0)
			return -errno;
	return loan_requests(side, 0, 0);
}

helper size_t holds(void)
{
	return (size_t)limit.max_active_requests_per_client *
	       limit.max_borrowed_responses_per_pending_response;
}

/* hold_each(count): so many responses of each request. */
helper long hold_each(struct side *side, long count, long b)
{
	uint32_t each = limit.max_borrowed_responses_per_pending_response, i, k;

	(void)side, (void)b;
	if (!held)
		held = calloc(holds(), sizeof(struct sluice_response *));
	for (i = 0; i < limit.max_active_requests_per_client; i++)
		for (k = 0; k < (uint32_t)count; k++) {
			held[i * each + k] = sluice_pending_response_receive(pending[i], LONG);
			if (!held[i * each + k])
				return -errno;
		}
	return 0;
}

helper long drop_held(struct side *side, long a, long b)
{
	size_t i;

	(void)side, (void)a, (void)b;
	for (i = 0; held && i < holds(); i++)
		if (sluice_response_release(held[i]) < 0)
			return -errno;
	free(held);
	held = NULL;
	return 0;
}

/* take_all(value): as many as may be held; all of them carry this. */
helper long take_all(struct side *side, long value, long b)
{
	uint32_t i;
	long r;

	(void)b;
	for (i = 0; i < limit.max_active_requests_per_client; i++) {
		r = take(side, 0, LONG);
		if (r != value)
			return r < 0 ? r : -EBADMSG;
		active[i] = side->active[0];
		side->active[0] = NULL;
	}
	return 0;
}

/* The held requests are still what was sent: their memory was not loaned meanwhile. */
helper long still(struct side *side, long value, long b)
{
	const struct question *question;
	uint32_t i;

	(void)side, (void)b;
	for (i = 0; i < limit.max_active_requests_per_client; i++) {
		question = active[i]->data;
		if (question->value != (uint64_t)value ||
		    question->complement != ~(uint64_t)value)
			return -EBADMSG;
	}
	return 0;
}

helper long release_all(struct side *side, long a, long b)
{
	uint32_t i;

	(void)side, (void)a, (void)b;
	for (i = 0; i < limit.max_active_requests_per_client; i++)
		if (sluice_active_request_release(active[i]) < 0)
			return -errno;
	return 0;
}

/* Takes what is left in the queue, and is done with it. */
helper long drain(struct side *side, long a, long b)
{
	struct sluice_active_request *request;

	(void)a, (void)b;
	while ((request = sluice_server_receive(side->server, SLUICE_NOWAIT)))
		if (sluice_active_request_release(request) < 0)
			return -errno;
	return errno == EAGAIN ? 0 : -errno;
}

/* answer_each(count): so many replies to each request. */
helper long answer_each(struct side *side, long count, long b)
{
	uint32_t i;
	long k, r = 0;

	(void)b;
	for (i = 0; i < limit.max_active_requests_per_client; i++) {
		side->active[0] = active[i];
		for (k = 0; k < count && r >= 0; k++)
			r = answer(side, 0, k);
		side->active[0] = NULL;
	}
	return r;
}

/* loan_each(count): so many replies of each request; of all that may be, no more. */
helper long loan_each(struct side *side, long count, long b)
{
	size_t n = limit.max_active_requests_per_client * (size_t)count, i;

	(void)side, (void)b;
	replies = calloc(n, sizeof(struct sluice_reply *));
	for (i = 0; i < n; i++) {
		replies[i] = sluice_active_request_loan(active[i / (size_t)count], 1);
		if (!replies[i])
			return -errno;
		memset(replies[i]->data, 0xdd, replies[i]->size);
	}
	if (count == (long)limit.max_loaned_replies_per_request &&
	    (sluice_active_request_loan(active[0], 1) || errno != ENOBUFS))
		return -EBADMSG;
	while (i--)
		if (sluice_reply_release(replies[i]) < 0)
			return -errno;
	free(replies);
	return 0;
}

#endif /* SELFTESTS_HOLDING_H */
