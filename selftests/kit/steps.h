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
helper long repeat(struct side *side, step *what, long first, long count)
{
	long i, result;

	for (i = first; i < first + count; i++) {
		result = what(side, 0, i);
		if (result < 0)
			return result;
	}
	return count;
}

/* ---- Objects ------------------------------------------------------------- */

/* open_service(contract, options): a node, and the service opened from it. */
helper long open_service(struct side *side, long contract, long opts)
{
	const struct sluice_node_opts node = SLUICE_NODE_OPTS(.wait = side->wait);

	side->contract = (const struct sluice_contract *)contract;
	if (!side->node)
		side->node = sluice_node_create("test", &node);
	side->service = sluice_service_open(side->node, side->contract,
					    (const struct sluice_service_opts *)opts);
	return side->service ? 0 : -errno;
}

helper long open_client(struct side *side, long opts, long unused)
{
	(void)unused;
	side->client = sluice_client_create(side->service,
					    (const struct sluice_client_opts *)opts);
	return side->client ? 0 : -errno;
}

helper long open_server(struct side *side, long opts, long unused)
{
	(void)unused;
	side->server = sluice_server_create(side->service,
					    (const struct sluice_server_opts *)opts);
	return side->server ? 0 : -errno;
}

/* join_client(contract, options): a service with the default settings, and a client. */
helper long join_client(struct side *side, long contract, long opts)
{
	long result = open_service(side, contract, 0);

	return result < 0 ? result : open_client(side, opts, 0);
}

/* join_server(contract, options): the same with a server. */
helper long join_server(struct side *side, long contract, long opts)
{
	long result = open_service(side, contract, 0);

	return result < 0 ? result : open_server(side, opts, 0);
}

/* A step, NAME(), that destroys an object of the side. */
#define STEP_CLOSES(name, object, destroy)				\
	helper long name(struct side *side, long a, long b)		\
	{								\
		(void)a, (void)b;					\
		destroy(side->object);					\
		side->object = NULL;					\
		return 0;						\
	}

STEP_CLOSES(close_node, node, sluice_node_destroy)
STEP_CLOSES(close_service, service, sluice_service_close)
STEP_CLOSES(close_client, client, sluice_client_destroy)
STEP_CLOSES(close_server, server, sluice_server_destroy)

/* A step, NAME(slot), that releases a message of the side; what the call returned. */
#define STEP_RELEASES(name, message, release)				\
	helper long name(struct side *side, long slot, long unused)	\
	{								\
		int result = release(side->message[slot]);		\
									\
		(void)unused;						\
		side->message[slot] = NULL;				\
		return result;						\
	}

helper long wait_servers(struct side *side, long servers, long timeout)
{
	return sluice_client_wait_servers(side->client, (unsigned int)servers,
					  timeout);
}

#include "client_steps.h"
#include "server_steps.h"
#include "options.h"
#include "blobs.h"
#include "set_up.h"

#endif /* SELFTESTS_STEPS_H */
