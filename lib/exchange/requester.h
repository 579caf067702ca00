/* SPDX-License-Identifier: MIT */
/* The client's end of a channel. */
#ifndef SLUICE_EXCHANGE_REQUESTER_H
#define SLUICE_EXCHANGE_REQUESTER_H

#include "channel/handshake.h"
#include "channel/inlet.h"
#include "channel/outlet.h"
#include "exchange/load_page.h"
#include "exchange/layout.h"

struct requester;
struct requester_events;
struct stream;

/* So many deliveries are used, as far as there are, before those returned are used again. */
#define DELIVERIES_AT_HAND	8u

/* One request on its way to one server, and the responses on their way back. */
struct delivery {
	struct requester *requester;
	struct ring_consumer ring;
	struct stream *stream;		/* whose responses these are; NULL: nobody's */
	struct delivery *next;		/* of the stream's, in a circle; or next free */
	uint64_t request;		/* number of the request; 0: free */
	uint64_t position;		/* of the next response */
	uint64_t next_slot;		/* position behind the request, in its ring */
	uint32_t number;		/* that the server returns it by */
	uint32_t slice;			/* of the request, held */
	bool holding;			/* the slice */
	bool out;			/* the server has it, or it is queued */
	bool counted;			/* so long, in the server's page */
	bool returned;			/* the server has finished, or never had it */
	bool last;			/* the response that was marked so has been received */
	char *text;			/* that came with a status, or NULL */
	int64_t sent, responded;	/* if it is traced: when, and the first response received */
	uint64_t reserved[2];
};

_Static_assert(sizeof(struct delivery) == 128, "its number is shifted, and not multiplied");

/* The status with which a server has ended a request. */
struct stream_status {
	uint64_t server;
	int code;			/* 0: nothing */
	char *text;			/* or NULL */
};

/* All responses to one request: what a pending response reads. */
struct stream {
	struct delivery *current;	/* one of a circle of those not ended, or NULL */
	uint32_t servers;		/* the request was sent to */
	uint32_t open;			/* deliveries in the circle */
	int end;			/* why it ended, so far: an errno */
	bool incomplete;		/* a response was pushed out, before one that came */
	struct stream_status status;	/* of the first server that gave one */
	int64_t loaned;			/* if the request is traced: when; else 0 */
	uint64_t bytes;			/* of it, likewise */
};

struct requester {
	struct channel channel;
	const struct layout *layout;
	const struct handshake *self;		/* the client's */
	struct outlet requests;			/* from the client's pool */
	struct ring_producer request_ring;
	struct inlet responses;			/* each delivery has a ring of them */
	struct layout_words words;
	struct delivery *deliveries;		/* by number; those below fresh have been used; or NULL */
	struct delivery *free;			/* of those */
	uint32_t fresh;
	uint32_t rings;				/* so many response rings have memory */
	int memory_fd;				/* of the channel's memory, until WELCOME; or -1 */
	bool welcome;
	int lacked;				/* what the server had not got, so that it hung up: an errno */
	bool withdraws;				/* requests that nobody awaits the answer of */
	uint32_t outstanding;			/* deliveries that are out */
	struct load_page load_page;		/* how busy the server is; or none */
	bool load_sought;			/* the page, before it came */
	const struct requester_events *events;
};

/* The calls to the struct that a requester is a part of. */
struct requester_events {
	/* The channel has opened, is leaving or is gone. */
	void (*changed)(struct requester *requester);
	/* Nobody refers to it any more: frees it. */
	void (*destroyed)(struct requester *requester);
};

struct requester_config {
	struct wait *wait;
	const struct layout *layout;
	const struct sluice_registry_settings *settings;
	const struct payload *response;
	struct pool *pool;
	struct sluice_registry_counters *counters;
	uint64_t server;
	const struct handshake *self;
	const struct requester_events *events;
};

/*
 * Greets the server behind a connected socket, which is taken over in any case; the
 * requester is 0 before.  0, and one reference is the caller's.  -errno if that fails, and
 * the requester is destroyed: -EPIPE or -ECONNRESET, the server has hung up; -ECONNREFUSED,
 * it has died; -EACCES; or what is lacking here.
 */
int requester_init(struct requester *requester, const struct requester_config *config,
		   int fd) MUST_CHECK;

/* Tells the server that no more requests come; what was sent is still awaited. */
void requester_quit(struct requester *requester);

/* The client port goes. */
void requester_end(struct requester *requester);

/* Tells the server at once of memory that a port has all of from the start. */
void requester_announce(struct requester *requester);

struct requester_message {
	uint64_t request;
	uint64_t count;
	uint64_t bytes;			/* of its elements */
	uint64_t deadline;
	uint32_t slice;
	bool counted;			/* in the server's page */
	struct attachment *attachment;	/* or NULL */
};

/*
 * Sends a request, whose slice it then holds, and adds it to the stream.  1 if it is
 * on its way; 0 if this server is gone, or too far behind; and where requests do not
 * overflow, -ENOBUFS (its ring is full) or -EAGAIN (it is too far behind).
 */
int requester_send(struct requester *requester, const struct requester_message *message,
		   struct stream *stream) MUST_CHECK;

/*
 * The common case of it (channel/outlet.h), of a request without a deadline or descriptors, which
 * is not counted or traced; the stream is begun.  *ret_sleeps: the server is to be rung.  False:
 * it is not so, and nothing has changed.
 */
bool requester_send_plain(struct requester *requester, const struct requester_message *message,
			  struct stream *stream, bool *ret_sleeps) MUST_CHECK;

/* Is there room in the ring?  Ordered; see doorbell.c. */
bool requester_has_room(const struct requester *requester);

/* Takes the requests that the server has given back. */
void requester_reap(struct requester *requester) OUTLINE;

/*
 * Finds the page that says how busy the server is, if that has not come yet and can be
 * found without the server.
 */
void requester_find_load(struct requester *requester);

/* ---- delivery.c ---- */

/* A free one, for when none is at hand; it stays free.  NULL if there is none. */
struct delivery *delivery_find(struct requester *requester) OUTLINE;

/* Makes the table of deliveries, if there is none yet.  0 or -ENOMEM. */
int delivery_make_table(struct requester *requester) MUST_CHECK;

/*
 * Makes the response rings of this delivery and of those below it, and the table.  False if
 * there is no memory for them; then the channel is gone.
 */
bool delivery_make_rings(struct requester *requester, uint32_t number) COLD;

/* Its request is on its way: it is bound to it until it comes back, and its stream reads it. */
void delivery_begin(struct requester *requester, struct delivery *delivery,
		    const struct requester_message *message, struct stream *stream);

/* The same, of a stream that is begun with it. */
void delivery_begin_first(struct requester *requester, struct delivery *delivery,
			  const struct requester_message *message, struct stream *stream);

/* It is free again. */
void delivery_make_free(struct delivery *delivery);

/* Gives back, unread, what is in the ring; at most a ringful. */
void delivery_empty(struct delivery *delivery) COLD;

/* The server has returned it: it is free as soon as nobody reads it. */
void delivery_returned(struct requester *requester, struct delivery *delivery);

/* It was taken back out of a full ring, and the server will never see it. */
void delivery_taken_back(struct delivery *delivery);

/* The same, since nobody wants the answer, if the server has not seen it.  True: it was. */
bool delivery_withdraw(struct delivery *delivery) COLD;

/* Words for the end of a request have come.  0 or -ENOMEM. */
int delivery_keep_text(struct delivery *delivery, const struct sluice_wire_status *status) MUST_CHECK;

/* The server does not hold the slice of its request any more. */
void delivery_drop_slice(struct delivery *delivery);

/* A text is said to be there, and may be still in the socket: its status is told later. */
bool delivery_text_may_come(struct delivery *delivery) COLD;

/* It has ended, for a reason; it must not be touched afterwards. */
void delivery_leave_stream(struct delivery *delivery, int reason);

#endif /* SLUICE_EXCHANGE_REQUESTER_H */
