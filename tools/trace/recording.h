/* SPDX-License-Identifier: MIT */
/* The requests of one service and their replies, read from a capture. */
#ifndef TRACE_RECORDING_H
#define TRACE_RECORDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sluice_list.h>

#include "capture_file.h"

/* A request, or a reply to one. */
struct message {
	uint64_t client;	/* id of its port */
	uint64_t number;	/* of the request: with the client, its identity */
	uint64_t server;	/* id of its port */
	uint64_t time;		/* nanoseconds since the epoch */
	size_t place;		/* in the file */
	uint64_t bytes;		/* of the elements */
	uint32_t lead;		/* bytes in front of them */
	size_t captured;	/* of the payload */
	unsigned char *payload;	/* lead and elements; never NULL */

	/* Fields of a request. */
	struct message *replies;	/* in the order of time, or NULL */
	size_t reply_count;

	/* Field of a reply, for comparing. */
	bool matched;
};

struct messages {
	struct message *at;
	size_t count;
	size_t room;
};

struct recording {
	const char *path;
	const char *wanted;	/* name of the service that it will be sent to */
	const char *from;	/* name that was asked for, or NULL */
	bool with_replies;

	char *service;		/* name of the service that was recorded */
	bool several;		/* there are others in the capture */
	struct messages requests;	/* each once, in the order of time */
	struct messages replies;
	char why[CAPTURE_FILE_WHY];	/* it failed: a sentence */
};

/* Reads the file; path, wanted, from and with_replies are set.  0, or -1 and why. */
int recording_load(struct recording *recording);

/* Can these messages be of a service with this contract?  0, or -1 and why. */
int recording_fits(struct recording *recording, const struct sluice_list_service *service);

void recording_free(struct recording *recording);

#endif /* TRACE_RECORDING_H */
