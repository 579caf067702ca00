/* SPDX-License-Identifier: MIT */
/* The server's end of a channel. */
#ifndef SLUICE_EXCHANGE_RESPONDER_H
#define SLUICE_EXCHANGE_RESPONDER_H

#include "channel/handshake.h"
#include "channel/inlet.h"
#include "channel/outlet.h"
#include "exchange/layout.h"
#include "shm/load.h"

struct responder;

struct responder_config {
	struct wait *wait;
	const struct layout *layout;
	const struct sluice_registry_settings *settings;
	const struct payload *request;
	const struct handshake *self;
	struct sluice_registry_counters *counters;
	struct load_keeper *load;	/* of the server */
	struct pool_config pool;	/* of the replies; but for its peer */
	/* Gives up a segment of another pool, to make room for this one's.  True: there was one. */
	bool (*make_room)(struct responder *responder);
	uint64_t *expired;		/* counts requests that were too late, for the server */
	/* The channel has opened, is leaving or is gone. */
	void (*changed)(struct responder *responder);
	/* The client has said who it is: does its server take it?  0 or -errno. */
	int (*admit)(struct responder *responder);
	/* Makes what its server keeps for it, which wants all from the start.  0 or -errno. */
	int (*prepare)(struct responder *responder);
	/* There may be requests: it was rung. */
	void (*woken)(struct responder *responder);
	/* Nobody refers to it any more: frees it. */
	void (*destroyed)(struct responder *responder);
};

/* A counted request that has its first reply counts no more; see shm/load.c. */
#define HELD_ANSWERED	(-1)

/* A delivery that the server holds. */
struct responder_held {
	uint64_t request;		/* its number; 0: it is not held */
	int64_t since;			/* of a counted one: from when on; HELD_ANSWERED; 0: it is not */
};

struct responder {
	struct channel channel;
	const struct responder_config *config;
	struct inlet requests;
	struct ring_consumer request_ring;	/* no slots: it is not looked at, or not yet */
	struct outlet replies;		/* from its pool */
	struct ring_producer *reply_rings;	/* one for each delivery */
	struct layout_words words;
	uint32_t *sent;			/* behind them */
	struct responder_held *held;	/* by delivery */
	uint32_t active;		/* how many that are */
	uint32_t rings;			/* so many response rings have memory */
	uint32_t most_active;		/* that the program may hold */
	uint32_t deliveries;		/* how many there are */
	uint32_t most_out;		/* replies, for which there is room for returns */
	uint32_t out;			/* replies sent and not given back */
	uint32_t taken;			/* of those, by the client, when it was last looked */
	uint32_t late;			/* requests received since the client has left */
	struct pool pool;		/* of the replies, from the first on */
	struct allowance *allowance;	/* of its process, as long as there is a pool */
	bool pool_open;
	bool ended;			/* takes no more requests, sends no more replies */
	bool quits;			/* the client sends no more, but still reads */
	bool forgets;			/* requests that nobody awaits the answer of */
	bool rejected;			/* the client was told why it is not taken, or not kept */
	bool plain;			/* nothing is to be asked before a plain request is received */
};

/*
 * Takes over an accepted socket; the responder is 0 before.  One reference is the caller's.
 * -errno if that fails: the client is told, and the responder is destroyed.
 */
int responder_init(struct responder *responder, const struct responder_config *config,
		   int fd) MUST_CHECK;

/* The same, where there was no memory for a responder.  -ENOMEM. */
int responder_refuse(int fd);

/* The deadline of a request; 0: none.  A time that is too late to be said is never. */
static inline int64_t responder_deadline(const struct ring_message *in)
{
	return in->deadline > INT64_MAX ? INT64_MAX : (int64_t)in->deadline;
}

/*
 * The next request; the slice number of its descriptor is its delivery.  1; 0 (none);
 * -ENOBUFS (there is one, and all that may be held are); -ETIMEDOUT (it had expired) or
 * -ECANCELED (nobody awaits the answer, and then it may not be received), and was finished
 * with: look again; -errno (the channel is gone).
 */
int responder_receive(struct responder *responder, struct inlet_message *ret_message) MUST_CHECK;

/*
 * The common case of it (channel/inlet.h): a request without a deadline, a trace or descriptors,
 * which nobody has counted.  The caller sees to it that one more may be held.  False: it is not
 * so, and nothing has changed.
 */
bool responder_receive_plain(struct responder *responder, struct inlet_plain *ret_plain) MUST_CHECK;

/* Does its ring have something, which may be a request?  Ordered; see doorbell.c. */
static inline bool responder_polls(const struct responder *responder)
{
	return responder->request_ring.slots && ring_ready(&responder->request_ring);
}

/* Will the client send nothing more than is in its ring? */
static inline bool responder_has_left(const struct responder *responder)
{
	return responder->channel.gone || responder->channel.leaving || responder->quits;
}

/* May no more requests of this client be held than are? */
static inline bool responder_is_at_limit(const struct responder *responder)
{
	return responder->active >= responder->most_active;
}

/*
 * Is there a request, whether it can be taken or not?  What nobody is to see is finished
 * with first.  Ordered; see doorbell.c.
 */
bool responder_ready(struct responder *responder) COLD;

/* Has the client said that it is enough, and still reads? */
bool responder_stop_hinted(const struct responder *responder, uint32_t delivery);

/* Does the client still want the answer?  0, or why not: an errno. */
int responder_lost(const struct responder *responder, uint32_t delivery);

/* The same for the request of this number, which may have been looked at only. */
int responder_lost_request(const struct responder *responder, uint32_t delivery,
			   uint64_t request);

/* Loans memory for a reply.  A number in the responder's pool, or -errno. */
int responder_loan(struct responder *responder, uint64_t bytes) MUST_CHECK;

struct reply_message {
	uint64_t position;
	uint64_t count;
	uint64_t bytes;			/* of its elements */
	struct attachment *attachment;	/* or NULL */
	uint32_t slice;
	uint32_t delivery;
	bool traced;			/* the request */
	bool last;
};

/*
 * Sends a reply, whose slice then is the client's.  0, -ENOBUFS (its ring is full, and
 * responses do not overflow), -EAGAIN (too far behind to be told of the segment), or
 * another -errno: the other end is gone.
 */
int responder_reply(struct responder *responder, const struct reply_message *message) MUST_CHECK;

/*
 * The common case of it (channel/outlet.h), of a reply without descriptors to a request that is
 * not counted or traced.  *ret_sleeps: the client is to be rung.  False: it is not so, and
 * nothing has changed.
 */
bool responder_reply_plain(struct responder *responder, const struct reply_message *message,
			   uint64_t request, bool *ret_sleeps) MUST_CHECK;

/* Is there room for a reply to a request?  Ordered; see doorbell.c. */
bool responder_has_room(struct responder *responder, uint32_t delivery);

/* Has the client taken replies, or given some back?  Then it has not rung for nothing. */
void responder_notice(struct responder *responder);

/*
 * No more replies will come; the request's slice goes back.  ended: a reply that was marked
 * as the last has told the client.
 */
void responder_finish(struct responder *responder, uint32_t delivery, bool traced, bool ended);

/*
 * The common case of it: the client is there and waits for no room, and the request is not counted.
 * *ret_sleeps: the client is to be rung for a MESSAGE.  False: it is not so, and nothing has
 * changed.
 */
bool responder_finish_plain(struct responder *responder, uint32_t delivery, uint64_t request,
			    bool ended, bool *ret_sleeps) MUST_CHECK;

/* The same, with a status and, unless it is empty, a text that goes before it. */
void responder_finish_with(struct responder *responder, uint32_t delivery, bool traced,
			   int code, const char *text) COLD;

/* Gives up a segment of which no reply is out.  True: there was one. */
bool responder_give_up_idle(struct responder *responder);

/* Makes what is needed to reply, which a client that does not ask does not cost.  0 or -errno. */
int responder_make_pool(struct responder *responder) MUST_CHECK COLD;

/* Nothing that lies in this channel's rings is looked at any more. */
void responder_broken(struct responder *responder, const char *how);

/* The server port goes: no more replies, no more requests. */
void responder_end(struct responder *responder);

#endif /* SLUICE_EXCHANGE_RESPONDER_H */
