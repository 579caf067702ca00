/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Steps that many tests share; see end.h.  Each makes a few calls of the
 * public API and returns 0 or more, or -errno.
 *
 * Steps of clients and of servers are in client_steps.h and server_steps.h, those with slices
 * in blobs.h, and what starts an end with a port in set_up.h.
 *
 * Requests and responses of &calls carry one number each and its complement, so that
 * a test notices a torn message or another one.  Those of &blobs carry a pattern that
 * follows from their length.
 */
#ifndef SELFTESTS_STEPS_H
#define SELFTESTS_STEPS_H

#include "end.h"

struct question {
	uint64_t value;
	uint64_t complement;
};

struct answer {
	uint64_t value;
	uint64_t complement;
};

/* The contract of a service of this name that answers a number with a number. */
#define CALLS(service)							\
	{								\
		.name = service,					\
		.request = SLUICE_TYPE(struct question),		\
		.response = SLUICE_TYPE(struct answer),			\
	}

static const struct sluice_contract calls __attribute__((__unused__)) = CALLS("test/calls");

/* The contract of a service of this name that answers bytes with bytes. */
#define BLOBS(service)							\
	{								\
		.name = service,					\
		.request = SLUICE_SLICE(uint8_t),			\
		.response = SLUICE_SLICE(uint8_t),			\
	}

/* The same with a header of this type before the bytes of a request and of a response. */
#define BLOBS_WITH_HEADERS(service, type)				\
	{								\
		.name = service,					\
		.request = SLUICE_SLICE(uint8_t),			\
		.response = SLUICE_SLICE(uint8_t),			\
		.request_header = SLUICE_TYPE(type),			\
		.response_header = SLUICE_TYPE(type),			\
	}

static const struct sluice_contract blobs __attribute__((__unused__)) = BLOBS("test/blobs");

/* All limits of messages and ports at one value; 1 is the least that a service may have. */
#define LIMITS_OF(n)					\
	.max_clients = (n),				\
	.max_servers = (n),				\
	.max_active_requests_per_client = (n),		\
	.max_loaned_requests = (n),			\
	.max_loaned_replies_per_request = (n),		\
	.max_response_buffer_size = (n),		\
	.max_borrowed_responses_per_pending_response = (n)

/* Takes a step in slot 0 with so many numbers, one after another, up to one that fails. */
helper long repeat(struct seat *seat, step *what, long first, long count)
{
	long i, result;

	for (i = first; i < first + count; i++) {
		result = what(seat, 0, i);
		if (result < 0)
			return result;
	}
	return count;
}

/* ---- Objects ------------------------------------------------------------- */

/* open_service(contract, options): a node, and the service opened from it. */
helper long open_service(struct seat *seat, long contract, long opts)
{
	const struct sluice_node_opts node = SLUICE_NODE_OPTS(.wait = seat->wait);

	seat->contract = (const struct sluice_contract *)contract;
	if (!seat->node)
		seat->node = sluice_node_create("test", &node);
	seat->service = sluice_service_open(seat->node, seat->contract,
					    (const struct sluice_service_opts *)opts);
	return seat->service ? 0 : -errno;
}

helper long open_client(struct seat *seat, long opts, long unused)
{
	(void)unused;
	seat->client = sluice_client_create(seat->service,
					    (const struct sluice_client_opts *)opts);
	return seat->client ? 0 : -errno;
}

helper long open_server(struct seat *seat, long opts, long unused)
{
	(void)unused;
	seat->server = sluice_server_create(seat->service,
					    (const struct sluice_server_opts *)opts);
	return seat->server ? 0 : -errno;
}

/* join_client(contract, options): a service with the default settings, and a client. */
helper long join_client(struct seat *seat, long contract, long opts)
{
	long result = open_service(seat, contract, 0);

	return result < 0 ? result : open_client(seat, opts, 0);
}

/* join_server(contract, options): the same with a server. */
helper long join_server(struct seat *seat, long contract, long opts)
{
	long result = open_service(seat, contract, 0);

	return result < 0 ? result : open_server(seat, opts, 0);
}

/* A step, NAME(), that destroys an object of the seat. */
#define STEP_CLOSES(name, object, destroy)				\
	helper long name(struct seat *seat, long a, long b)		\
	{								\
		(void)a, (void)b;					\
		destroy(seat->object);					\
		seat->object = NULL;					\
		return 0;						\
	}

STEP_CLOSES(close_node, node, sluice_node_destroy)
STEP_CLOSES(close_service, service, sluice_service_close)
STEP_CLOSES(close_client, client, sluice_client_destroy)
STEP_CLOSES(close_server, server, sluice_server_destroy)

/* A step, NAME(slot), that releases a message of the seat; what the call returned. */
#define STEP_RELEASES(name, message, release)				\
	helper long name(struct seat *seat, long slot, long unused)	\
	{								\
		int result = release(seat->message[slot]);		\
									\
		(void)unused;						\
		seat->message[slot] = NULL;				\
		return result;						\
	}

helper long wait_servers(struct seat *seat, long servers, long timeout)
{
	return sluice_client_wait_servers(seat->client, (unsigned int)servers,
					  timeout);
}

#include "client_steps.h"
#include "server_steps.h"
#include "options.h"
#include "blobs.h"
#include "set_up.h"

#endif /* SELFTESTS_STEPS_H */
