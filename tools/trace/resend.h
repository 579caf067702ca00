/* SPDX-License-Identifier: MIT */
/* Sends the requests of a recording at their pace, and counts what comes back. */
#ifndef TRACE_RESEND_H
#define TRACE_RESEND_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include <sluice.h>

#include "recording.h"

/* A client holds at most so many pending responses. */
#define FLIGHTS_MAX	1024u

/* The results. */
struct tally {
	uint64_t sent;
	uint64_t answered;	/* all responses have come, or the end without any */
	uint64_t timed_out;
	uint64_t failed;	/* not sent, or a server died or broke the protocol */
	uint64_t responses;
	uint64_t request_bytes;	/* of elements */
	uint64_t response_bytes;

	/* Responses beside recorded replies, of requests that came to an end. */
	uint64_t same;
	uint64_t different;
	uint64_t missing;
	uint64_t extra;

	int64_t time;		/* nanoseconds it took */
	bool interrupted;
	char why[512];		/* the first that failed: a sentence; or empty */
};

/* A request that was sent, and to which responses may come. */
struct flight {
	struct sluice_pending_response *pending;
	struct message *request;
	int64_t deadline;
	bool in_order;		/* one server was recorded, and one has it */
	size_t next;		/* of the recorded replies, if in order */
	uint64_t same;
	uint64_t unknown;	/* responses that are none of the recorded replies */
};

struct resend {
	struct sluice_node *node;
	struct sluice_client *client;
	struct recording *recording;
	const struct sluice_list_service *service;
	double speed;		/* 2: twice as fast as recorded; 0: as fast as possible */
	int64_t timeout;	/* nanoseconds for all responses to a request */
	const volatile sig_atomic_t *stop;	/* whoever sets it interrupts the node */

	struct tally tally;

	/* How far it is. */
	int64_t begin;
	size_t next;		/* request that is to be sent */
	struct flight flight[FLIGHTS_MAX];
	unsigned int flights;
};

/* All that is set above the tally.  0, or -1 and tally.why: waiting is not possible. */
int resend_all(struct resend *resend);

#endif /* TRACE_RESEND_H */
