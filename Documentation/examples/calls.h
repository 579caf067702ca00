/* SPDX-License-Identifier: MIT */
/*
 * calls.h - what the client and the server of calls agree on
 *
 * The server takes the square root of a whole number; the client can tell with
 * one multiplication whether the answer is right.
 */
#ifndef CALLS_H
#define CALLS_H

#include <sluice.h>

struct call {
	uint64_t number;
};

struct root {
	uint64_t root;		/* the largest whose square is not more than number */
	uint64_t remainder;	/* number - root * root */
};

static const struct sluice_contract calls = {
	.name     = "example/calls",
	.request  = SLUICE_TYPE(struct call),
	.response = SLUICE_TYPE(struct root),
};

/* How many calls a client has under way at once. */
#define IN_FLIGHT	32

/* Both sides ask for as much: who comes first makes the service this way. */
static const struct sluice_service_opts calls_opts = SLUICE_SERVICE_OPTS(
	.max_active_requests_per_client = IN_FLIGHT);

#endif /* CALLS_H */
