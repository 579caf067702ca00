/* SPDX-License-Identifier: GPL-2.0-only */
/* Steps of a client and a server that use all memory that their limits allow. */
#ifndef SELFTESTS_PREFAULT_STEPS_H
#define SELFTESTS_PREFAULT_STEPS_H

#include "steps.h"

#define ACTIVE		128	/* requests pending */
#define LOANED		256	/* requests loaned */
#define REPLIES		16	/* loaned, for each request */
#define BUFFER		16	/* responses unread */
#define BORROWED	32	/* responses held, for each request */
#define LENGTH		1000	/* elements of a slice */
#define ROUNDS		1000

static const struct sluice_contract large = BLOBS("test/prefault");

static const struct sluice_service_opts limits = SLUICE_SERVICE_OPTS(
	.max_servers = 2,
	.max_clients = 2,
	.max_active_requests_per_client = ACTIVE,
	.max_loaned_requests = LOANED,
	.max_loaned_replies_per_request = REPLIES,
	.max_response_buffer_size = BUFFER,
	.max_borrowed_responses_per_pending_response = BORROWED);

/* The program's own tables, which it has touched before. */
static struct {
	struct sluice_request *loaned[LOANED];
	struct sluice_pending_response *pending[ACTIVE];
	struct sluice_response *held[ACTIVE][BORROWED];
	struct sluice_active_request *active[ACTIVE];
	struct sluice_reply *reply[ACTIVE][REPLIES];
} own;

helper long get_ready(struct side *side, long a, long b)
{
	(void)side, (void)a, (void)b;
	memset(&own, 0xff, sizeof(own));
	/* A page that is made one huge page meanwhile may fault. */
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	return 0;
}

helper long open_large_server(struct side *side, long flags, long unused)
{
	struct sluice_server_opts opts = SLUICE_SERVER_OPTS(
		.port = { .initial_max_slice_len = LENGTH, .strategy = SLUICE_STATIC,
			  .flags = (uint32_t)flags });

	return open_server(side, PTR(&opts), unused);
}

helper long open_large_client(struct side *side, long flags, long unused)
{
	struct sluice_client_opts opts = SLUICE_CLIENT_OPTS(
		.port = { .initial_max_slice_len = LENGTH, .strategy = SLUICE_STATIC,
			  .flags = (uint32_t)flags });

	return open_client(side, PTR(&opts), unused);
}

/* The server has let so many clients in. */
helper long await_clients(struct side *side, long clients, long unused)
{
	struct sluice_event event = SLUICE_EVENT();
	int r;

	(void)unused;
	while (clients > 0) {
		r = sluice_node_wait(side->node, LONG);
		if (r < 0)
			return r;
		while (sluice_node_next(side->node, &event) > 0)
			if (event.kind == SLUICE_EVENT_CONNECTED)
				clients -= (long)event.peers;
	}
	return 0;
}

/* The client reads what the server has said when it let it in. */
helper long look(struct side *side, long a, long b)
{
	int i, r = 0;

	(void)a, (void)b;
	for (i = 0; i < 100 && (!r || r == -EAGAIN); i++) {
		r = sluice_node_wait(side->node, SLUICE_NOWAIT);
		pause_briefly();
	}
	return !r || r == -EAGAIN ? 0 : r;
}

/* answer_rounds(rounds): each request gets as many replies as may be unread. */
helper long answer_rounds(struct side *side, long rounds, long replies)
{
	struct sluice_active_request *active;
	struct sluice_reply *reply;
	long i, k;

	for (i = 0; i < rounds; i++) {
		active = sluice_server_receive(side->server, LONG);
		if (!active)
			return -errno;
		for (k = 0; k < replies; k++) {
			reply = sluice_active_request_loan(active, LENGTH);
			if (!reply)
				return -errno;
			memset(reply->data, (int)k, reply->size);
			if (sluice_reply_send(reply) < 0)
				return -errno;
		}
		if (sluice_active_request_release(active) < 0)
			return -errno;
	}
	return rounds;
}

/* call_rounds(rounds): asks and hears everything. */
helper long call_rounds(struct side *side, long rounds, long replies)
{
	struct sluice_pending_response *pending;
	struct sluice_response *response;
	struct sluice_request *request;
	long i, heard;

	for (i = 0; i < rounds; i++) {
		request = sluice_client_loan(side->client, LENGTH);
		if (!request)
			return -errno;
		memset(request->data, (int)i, request->size);
		pending = sluice_request_send(request);
		heard = 0;
		sluice_for_each_response(response, pending, LONG)
			heard += response->size == LENGTH;
		if (errno != EPIPE)
			return -errno;
		if (heard != replies)
			return -EBADMSG;
		if (sluice_pending_response_release(pending) < 0)
			return -errno;
	}
	return rounds;
}

/* Loans all there is, sends what may be sent, and loans again. */
helper long fill_client(struct side *side, long a, long b)
{
	long i;

	(void)a, (void)b;
	for (i = 0; i < LOANED; i++) {
		own.loaned[i] = sluice_client_loan(side->client, LENGTH);
		if (!own.loaned[i])
			return -errno;
		memset(own.loaned[i]->data, 1, LENGTH);
	}
	if (sluice_client_loan(side->client, LENGTH) || errno != ENOBUFS)
		return -EBADMSG;
	for (i = 0; i < ACTIVE; i++) {
		own.pending[i] = sluice_request_send(own.loaned[i]);
		if (!own.pending[i])
			return -errno;
		own.loaned[i] = sluice_client_loan(side->client, LENGTH);
		if (!own.loaned[i])
			return -errno;
		memset(own.loaned[i]->data, 2, LENGTH);
	}
	return 0;
}

helper long take_all(struct side *side, long a, long b)
{
	long i;

	(void)a, (void)b;
	for (i = 0; i < ACTIVE; i++) {
		own.active[i] = sluice_server_receive(side->server, LONG);
		if (!own.active[i])
			return -errno;
	}
	return 0;
}

/* send_all(rounds): so often as many as may be unread, to each request. */
helper long send_all(struct side *side, long a, long b)
{
	struct sluice_reply *reply;
	long i, k;

	(void)side, (void)a, (void)b;
	for (i = 0; i < ACTIVE; i++)
		for (k = 0; k < BUFFER; k++) {
			reply = sluice_active_request_loan(own.active[i], LENGTH);
			if (!reply)
				return -errno;
			memset(reply->data, 3, LENGTH);
			if (sluice_reply_send(reply) < 0)
				return -errno;
		}
	return 0;
}

/* hold_all(from): as many responses as are unread of each request. */
helper long hold_all(struct side *side, long from, long b)
{
	long i, k;

	(void)side, (void)b;
	for (i = 0; i < ACTIVE; i++)
		for (k = from; k < from + BUFFER; k++) {
			own.held[i][k] = sluice_pending_response_receive(own.pending[i], LONG);
			if (!own.held[i][k])
				return -errno;
		}
	return 0;
}

helper long loan_all(struct side *side, long a, long b)
{
	long i, k;

	(void)side, (void)a, (void)b;
	for (i = 0; i < ACTIVE; i++)
		for (k = 0; k < REPLIES; k++) {
			own.reply[i][k] = sluice_active_request_loan(own.active[i], LENGTH);
			if (!own.reply[i][k])
				return -errno;
			memset(own.reply[i][k]->data, 4, LENGTH);
		}
	return 0;
}

helper long empty_server(struct side *side, long a, long b)
{
	long i;

	(void)side, (void)a, (void)b;
	for (i = 0; i < ACTIVE; i++)
		if (sluice_active_request_release(own.active[i]) < 0)
			return -errno;
	return 0;
}

helper long empty_client(struct side *side, long a, long b)
{
	long i, k;

	(void)side, (void)a, (void)b;
	for (i = 0; i < ACTIVE; i++) {
		for (k = 0; k < BORROWED; k++)
			if (sluice_response_release(own.held[i][k]) < 0)
				return -errno;
		if (sluice_pending_response_release(own.pending[i]) < 0)
			return -errno;
	}
	for (i = 0; i < LOANED; i++)
		if (sluice_request_release(own.loaned[i]) < 0)
			return -errno;
	return 0;
}

#endif /* SELFTESTS_PREFAULT_STEPS_H */
