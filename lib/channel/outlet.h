/* SPDX-License-Identifier: MIT */
/* The sending half of a channel: slices of a pool go out to one peer, and come back. */
#ifndef SLUICE_CHANNEL_OUTLET_H
#define SLUICE_CHANNEL_OUTLET_H

#include <errno.h>
#include <stdbool.h>

#include "channel/channel.h"
#include "memory/pool.h"
#include "shm/returns.h"
#include "shm/ring.h"
#include "trace/counters.h"

/* A segment of the pool, as far as the peer has been told of it. */
struct outlet_told {
	uint32_t number;
	uint64_t size;
};

struct outlet {
	struct channel *channel;
	struct pool *pool;		/* borrowed; NULL as long as there is none */
	struct returns returns;		/* what the peer gives back */
	struct outlet_told told[SLUICE_SEGMENTS_ALIVE];
	uint64_t told_frees;		/* segments destroyed, as far as the peer knows */
	uint64_t told_changes;		/* of all segments, likewise: then nothing is to be told */
	bool overflows;			/* a full ring gives up its oldest message */
};

struct outlet_message {
	struct ring_message out;	/* all but segment, offset and SLUICE_RING_FDS */
	uint64_t bytes;			/* of its elements */
	uint32_t slice;			/* in the pool */
	uint32_t key;			/* of the attachment */
	struct attachment *attachment;	/* or NULL */
};

/*
 * The actions of a pattern at certain points.  The ops are handed to each call as a constant,
 * so that the compiler sees which functions are called.
 */
struct outlet_ops {
	/* The peer has given a number back.  False: that is not out. */
	bool (*returned)(struct outlet *outlet, uint32_t number);
	/* The peer must not be able to see the message yet; the probe is told here. */
	void (*sending)(struct outlet *outlet, const struct ring_producer *ring,
			const struct outlet_message *message);
	/*
	 * The number of the oldest message, which was taken back to make room for one of this
	 * request.  False: that is not out.
	 */
	bool (*took_back)(struct outlet *outlet, uint32_t number, uint64_t request);
	/* The peer has broken the ring: the channel is to be closed. */
	void (*broken)(struct outlet *outlet);
	/* The sentence for a peer that gives a number back which is not out. */
	const char *false_return;
};

/* pool: may be NULL, and come later. */
void outlet_init(struct outlet *outlet, struct channel *channel, struct pool *pool,
		 bool overflows);

/* Tells the peer of all segments there are, so that no message has to.  As outlet_send(). */
int outlet_announce_all(struct outlet *outlet) MUST_CHECK;

/* For the probe of a message that is about to be sent, whose function this is. */
void outlet_tell_sent(const struct outlet *outlet, const struct ring_producer *ring,
		      uint64_t request, uint32_t slice, uint64_t bytes,
		      void (*tell)(uint64_t port, uint64_t peer, uint64_t request,
				    uint64_t slice, uint64_t bytes, uint64_t depth)) COLD;

/*
 * ---- The parts of outlet_send() that are seldom needed ----
 *
 * They are not handed the message itself, so that outlet_send() can keep it in registers.
 */

int outlet_tell_segments(struct outlet *outlet, const struct pool_slice *slice) MUST_CHECK COLD;
int outlet_send_attachment(struct outlet *outlet, struct attachment *attachment, uint32_t key,
			   uint64_t request, uint64_t position) MUST_CHECK COLD;

/* ring_room() was this.  0 if there is room now, for a message of this request; or -EPROTO. */
int outlet_make_room(struct outlet *outlet, const struct outlet_ops *ops,
		     struct ring_producer *ring, uint64_t request, int room) MUST_CHECK COLD;

/* Takes what the peer has given back. */
INLINE void outlet_reap(struct outlet *outlet, const struct outlet_ops *ops)
{
	struct channel *channel = outlet->channel;
	struct returns returns = outlet->returns;
	uint32_t number;

	while (!channel->gone && returns_pop(&returns, &number)) {
		if (unlikely(!ops->returned(outlet, number))) {
			channel_breach(channel, ops->false_return);
			break;
		}
	}
	if (returns.next != outlet->returns.next)
		channel_heard(channel);
	outlet->returns.next = returns.next;
}

/* Sees to it that the peer knows the segment of a slice.  As outlet_send(). */
INLINE int outlet_announce(struct outlet *outlet, const struct pool_slice *slice)
{
	return likely(outlet->told_changes == outlet->pool->changes) ? 0 :
	       outlet_tell_segments(outlet, slice);
}

/*
 * Sends a message through a ring to the peer.  It does not read what has come back.  0;
 * -ENOBUFS (the ring is full, and messages do not overflow), -EAGAIN (the peer is too far
 * behind to be told of the segment, or of the attachment), or another -errno: the peer
 * takes nothing more.  In each of these cases nothing was sent.
 */
INLINE MUST_CHECK int outlet_send(struct outlet *outlet, const struct outlet_ops *ops,
				  struct ring_producer *ring, struct outlet_message *message)
{
	const struct pool *pool = outlet->pool;
	const struct pool_slice *slice = &pool->slices[message->slice];
	struct channel *channel = outlet->channel;
	int r;

	if (unlikely(channel->over))
		return channel->gone ? -channel->gone : -EPIPE;
	/* Nobody but the peer changes that, and then only for the better. */
	if (unlikely(!outlet->overflows) && ring_full(ring)) {
		channel_found_full(channel);
		return -ENOBUFS;
	}
	r = outlet_announce(outlet, slice);
	if (unlikely(r < 0))
		return r;
	if (unlikely(message->attachment)) {
		message->out.flags |= SLUICE_RING_FDS;
		r = outlet_send_attachment(outlet, message->attachment, message->key,
					   message->out.request, message->out.position);
		if (r < 0)
			return r;
	}
	r = ring_room(ring);
	if (unlikely(r < 0) && outlet_make_room(outlet, ops, ring, message->out.request, r) < 0)
		return -EPROTO;
	message->out.offset = slice->offset + pool->config.payload.lead;
	message->out.segment = slice->segment_number;
	ops->sending(outlet, ring, message);
	ring_put(ring, &message->out);
	if (unlikely(channel->full))
		channel_found_room(channel);
	counters_sent(channel->counters, message->bytes);
	channel_ring(channel, SLUICE_DOORBELL_MESSAGE);
	return 0;
}

/*
 * ---- The common case ----
 *
 * A plain message has no descriptors, the peer knows all segments, and the next slot of the ring
 * is free.  If it is not so, nothing has changed, and outlet_send() decides.
 */

/* Can a plain message be sent, of which nobody is told? */
INLINE MUST_CHECK bool outlet_is_plain(const struct outlet *outlet,
				       const struct ring_producer *ring,
				       struct ring_place *ret_place)
{
	const struct channel *channel = outlet->channel;

	return likely(!channel->over && outlet->overflows &&
		      outlet->told_changes == outlet->pool->changes &&
		      !counters_tell_sent_active(channel->counters) &&
		      ring_has_place(ring, ret_place));
}

/*
 * Sends a slice there, as outlet_send() does.  True: the peer sleeps, and is to be rung for a
 * MESSAGE.
 */
INLINE bool outlet_send_plain(struct outlet *outlet, struct ring_producer *ring,
			      const struct ring_place *place, struct ring_message *out,
			      const struct pool_slice *slice, uint64_t bytes)
{
	out->offset = slice->offset + outlet->pool->config.payload.lead;
	out->segment = slice->segment_number;
	ring_put_at(ring, place, out);
	counters_sent_more(outlet->channel->counters, bytes);
	return channel_sleeps(outlet->channel, SLUICE_DOORBELL_MESSAGE);
}

#endif /* SLUICE_CHANNEL_OUTLET_H */
