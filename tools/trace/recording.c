// SPDX-License-Identifier: MIT
/*
 * The requests of one service and their replies, read from a capture.
 *
 * The capture is read twice: first to find the services in it, then to keep the messages of
 * one service in memory.  That is the service that was asked for; else the only one there is;
 * else the one whose name the replay has.
 *
 * A request that went to several servers was captured once for each of them.  It counts as
 * one request, with the time of the first.  Replies belong to the request whose client and
 * number they name.  A reply whose request is missing is not used.
 *
 *  1. All requests, and all replies that belong to them, have their whole payload.  A
 *     capture in which a part is missing is refused, before anything is sent.
 *  2. After recording_fits() a payload can be copied into a message of the service,
 *     or compared with one, without looking at lengths again.
 *
 * The file may hold anything.  capture_file.c gives only complete packets, and the rest is
 * checked here.
 */
#include "recording.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture_file.h"
#include "tools/contract.h"

enum { REQUEST, REPLY };	/* the probe of a packet */

__attribute__((__format__(__printf__, 2, 3)))
static int refuse(struct recording *recording, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(recording->why, sizeof(recording->why), format, arguments);
	va_end(arguments);
	return -1;
}

/* ---- Reading the file ------------------------------------------------------ */

/* Calls take() with the recording. */
static int for_each_packet(struct recording *recording, capture_file_take *take)
{
	return capture_file_each(recording->path, take, recording, recording->why);
}

/* Finds the services of the messages.  Keeps the name of the first, or of the one wanted. */
static int survey(void *context, const struct capture_packet *packet)
{
	struct recording *recording = context;

	if (recording->service && strcmp(recording->service, packet->service) == 0)
		return 0;
	if (recording->service)
		recording->several = true;
	if (recording->service && strcmp(recording->wanted, packet->service) != 0)
		return 0;
	free(recording->service);
	recording->service = strdup(packet->service);
	return recording->service ? 0 : refuse(recording, "no memory");
}

static int choose(struct recording *recording)
{
	int r;

	if (recording->from) {
		recording->service = strdup(recording->from);
		return recording->service ? 0 : refuse(recording, "no memory");
	}
	r = for_each_packet(recording, survey);
	if (r < 0)
		return r;
	if (!recording->service)
		return refuse(recording, "%s holds no messages", recording->path);
	if (recording->several && strcmp(recording->service, recording->wanted) != 0)
		return refuse(recording, "%s holds messages of several services, of which %s is "
			      "one and none is %s: --from chooses", recording->path,
			      recording->service, recording->wanted);
	return 0;
}

static int keep(struct recording *recording, struct messages *messages, struct message message,
		const void *payload)
{
	size_t room = messages->room ? 2 * messages->room : 64;
	struct message *grown;

	if (messages->count == messages->room) {
		grown = reallocarray(messages->at, room, sizeof(*grown));
		if (!grown)
			return refuse(recording, "no memory");
		messages->at = grown;
		messages->room = room;
	}
	message.place = messages->count;
	message.payload = malloc(message.captured ? message.captured : 1);
	if (!message.payload)
		return refuse(recording, "no memory for the messages of %s", recording->path);
	memcpy(message.payload, payload, message.captured);
	messages->at[messages->count++] = message;
	return 0;
}

static int collect(void *context, const struct capture_packet *packet)
{
	struct recording *recording = context;
	const struct capture_header *header = &packet->header;
	const bool reply = header->probe == REPLY;
	const struct message message = {
		.client = reply ? header->peer : header->port,
		.server = reply ? header->port : header->peer,
		.number = header->request,
		.time = packet->time,
		.bytes = header->bytes,
		.lead = header->lead,
		.captured = packet->captured,
	};

	if (strcmp(packet->service, recording->service) != 0)
		return 0;
	if (!reply)
		return keep(recording, &recording->requests, message, packet->payload);
	if (!recording->with_replies)
		return 0;
	return keep(recording, &recording->replies, message, packet->payload);
}

/* ---- Putting it in order --------------------------------------------------- */

static int compare(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int by_time(const void *a, const void *b)
{
	const struct message *x = a, *y = b;
	int r = compare(x->time, y->time);

	return r ? r : compare(x->place, y->place);
}

/* Whether it is the same request, or is about the same. */
static int by_request(const struct message *x, const struct message *y)
{
	int r = compare(x->client, y->client);

	return r ? r : compare(x->number, y->number);
}

static int by_request_and_time(const void *a, const void *b)
{
	int r = by_request(a, b);

	return r ? r : by_time(a, b);
}

static void sort(struct messages *messages, int (*order)(const void *, const void *))
{
	if (messages->count)
		qsort(messages->at, messages->count, sizeof(*messages->at), order);
}

/* Keeps the time of the first, and the payload of the one that has more of it. */
static void join_two(struct message *kept, struct message *further)
{
	unsigned char *payload = kept->payload;

	if (further->captured > kept->captured) {
		kept->payload = further->payload;
		kept->captured = further->captured;
		kept->bytes = further->bytes;
		kept->lead = further->lead;
		further->payload = payload;
	}
	free(further->payload);
}

/* One of each request; sorted by request. */
static void join_requests(struct messages *requests)
{
	size_t kept = 0;

	for (size_t i = 0; i < requests->count; i++) {
		struct message *message = &requests->at[i];

		if (kept && by_request(&requests->at[kept - 1], message) == 0)
			join_two(&requests->at[kept - 1], message);
		else
			requests->at[kept++] = *message;
	}
	requests->count = kept;
}

static void add_reply(struct message *request, struct message *reply)
{
	if (!request->reply_count)
		request->replies = reply;
	request->reply_count++;
}

/* Gives each request its replies; both are sorted by request. */
static void join_replies(struct messages *requests, struct messages *replies)
{
	size_t next = 0;

	for (size_t i = 0; i < requests->count; i++) {
		struct message *request = &requests->at[i];

		for (; next < replies->count; next++) {
			int order = by_request(&replies->at[next], request);

			if (order > 0)
				break;
			if (order == 0)
				add_reply(request, &replies->at[next]);
		}
	}
}

/* ---- Is it all there, and does it fit? ------------------------------------- */

static int check_whole(struct recording *recording, const char *what,
		       const struct message *message)
{
	uint64_t whole;

	if (__builtin_add_overflow(message->bytes, message->lead, &whole))
		whole = UINT64_MAX;
	if (message->captured == whole)
		return 0;
	return refuse(recording, "%s holds %zu of the %" PRIu64 " bytes of %s %" PRIu64
		      " of client %016" PRIx64 ", and all are needed: nothing was sent",
		      recording->path, message->captured, whole, what, message->number,
		      message->client);
}

static int check_all(struct recording *recording)
{
	int r = 0;

	for (size_t i = 0; i < recording->requests.count && r == 0; i++) {
		const struct message *request = &recording->requests.at[i];

		r = check_whole(recording, "request", request);
		for (size_t j = 0; j < request->reply_count && r == 0; j++)
			r = check_whole(recording, "a reply to request", &request->replies[j]);
	}
	return r;
}

static int check_fit(struct recording *recording, const char *what, const struct message *message,
		     const struct sluice_list_message *kind)
{
	const struct sluice_type *type = &kind->payload;

	if (message->lead != kind->lead)
		return refuse(recording, "%s %" PRIu64 " of client %016" PRIx64 " has %" PRIu32
			      " bytes in front of its elements, and by the contract of %s it has %"
			      PRIu64, what, message->number, message->client, message->lead,
			      recording->wanted, kind->lead);
	if (type->kind ? message->bytes % type->size == 0 : message->bytes == type->size)
		return 0;
	return refuse(recording, "%s %" PRIu64 " of client %016" PRIx64 " has %" PRIu64
		      " bytes, and by the contract of %s it has %s%" PRIu64, what, message->number,
		      message->client, message->bytes, recording->wanted,
		      type->kind ? "a multiple of " : "", type->size);
}

int recording_fits(struct recording *recording, const struct sluice_list_service *service)
{
	int r = 0;

	for (size_t i = 0; i < recording->requests.count && r == 0; i++) {
		const struct message *request = &recording->requests.at[i];

		r = check_fit(recording, "request", request,
			      &service->messages[SLUICE_LIST_REQUEST]);
		for (size_t j = 0; j < request->reply_count && r == 0; j++)
			r = check_fit(recording, "a reply to request", &request->replies[j],
				      &service->messages[SLUICE_LIST_RESPONSE]);
	}
	return r;
}

/* ---- Beginning and end ----------------------------------------------------- */

int recording_load(struct recording *recording)
{
	int r;

	r = choose(recording);
	if (r == 0)
		r = for_each_packet(recording, collect);
	if (r < 0)
		return r;
	if (!recording->requests.count)
		return refuse(recording, "%s holds no request of %s", recording->path,
			      recording->service);
	if (recording->with_replies && !recording->replies.count)
		return refuse(recording, "%s holds no reply of %s to compare with",
			      recording->path, recording->service);
	sort(&recording->requests, by_request_and_time);
	sort(&recording->replies, by_request_and_time);
	join_requests(&recording->requests);
	join_replies(&recording->requests, &recording->replies);
	sort(&recording->requests, by_time);
	return check_all(recording);
}

static void free_messages(struct messages *messages)
{
	for (size_t i = 0; i < messages->count; i++)
		free(messages->at[i].payload);
	free(messages->at);
}

void recording_free(struct recording *recording)
{
	free_messages(&recording->requests);
	free_messages(&recording->replies);
	free(recording->service);
}
