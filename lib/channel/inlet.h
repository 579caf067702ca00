/* SPDX-License-Identifier: MIT */
/* The receiving half of a channel: messages of one peer, and the slices they name. */
#ifndef SLUICE_CHANNEL_INLET_H
#define SLUICE_CHANNEL_INLET_H

#include <errno.h>
#include <stdbool.h>

#include "base/error.h"
#include "channel/attachment.h"
#include "channel/channel.h"
#include "memory/payload.h"
#include "memory/view.h"
#include "shm/returns.h"
#include "shm/ring.h"

struct inlet {
	struct channel *channel;
	const struct payload *payload;	/* what a slice holds */
	struct view view;		/* the peer's segments */
	struct returns returns;		/* what is given back to the peer */
	struct attachment *attachments;	/* descriptors whose messages were not taken yet */
	bool tells_room;		/* rings for each message that is taken */
};

/*
 * A slice of the peer's, which stays mapped until inlet_drop().  There is no other kind of
 * pointer into a peer's memory.
 */
struct held_slice {
	const unsigned char *data;
	const unsigned char *header;	/* NULL if there is none */
	uint64_t size;			/* bytes of the elements */
	uint32_t segment;		/* index in the view */
};

/* A message that was taken. */
struct inlet_message {
	struct ring_message in;
	struct held_slice slice;
	struct attachment *attachment;	/* the receiver's; or NULL */
};

/* The actions of a pattern at certain points; handed to each call, as those of an outlet. */
struct inlet_ops {
	/* The key of the attachment of a message that is in a ring. */
	uint32_t (*key)(const struct ring_consumer *ring, const struct ring_message *in);
	/* Takes a message that was claimed.  NULL, or what is wrong with it. */
	const char *(*admit)(struct inlet *inlet, struct ring_consumer *ring,
			     const struct ring_message *in);
	/* The peer has broken the protocol, and how: the channel is to be closed. */
	void (*broken)(struct inlet *inlet, const char *how);
	/* The sentence for a peer that has broken the stamps of a ring. */
	const char *broken_ring;
};

/* After channel_init(), whether that has failed or not. */
void inlet_init(struct inlet *inlet, struct channel *channel, const struct payload *payload,
		bool tells_room);

/* Nothing of the peer's memory is mapped any more. */
void inlet_deinit(struct inlet *inlet);

/* These take packets that the peer has sent.  passed and extras are borrowed.  0 or -errno. */
int inlet_take_segment(struct inlet *inlet, const struct sluice_wire_segment *packet,
		       size_t size, int passed) MUST_CHECK;
int inlet_take_retire(struct inlet *inlet, const struct sluice_wire_retire *packet,
		      size_t size) MUST_CHECK;
int inlet_take_attachment(struct inlet *inlet, const struct sluice_wire_fds *packet,
			  size_t size, struct fdpass_extras *extras) MUST_CHECK;

/* It names what cannot be: -EPROTO.  It names what may be in the socket: as inlet_hold(). */
int inlet_names_nothing(const struct ring_message *in) MUST_CHECK COLD;
int inlet_hold_later(struct inlet *inlet, const struct ring_message *in, uint64_t length,
		     const unsigned char **ret_begin) MUST_CHECK COLD;

/*
 * Checks the slice of a message that was looked at and is not claimed yet, and holds it.
 * 0; -EAGAIN: what the message needs may be in the socket and cannot be read now, so it is
 * looked at again after the channel's turn; or -EPROTO: a breach, if the message can be
 * claimed.  Then nothing is held.
 */
static inline MUST_CHECK int inlet_hold(struct inlet *inlet, const struct ring_message *in,
					struct held_slice *ret_slice)
{
	const struct payload *payload = inlet->payload;
	const unsigned char *begin;
	uint64_t length, offset = in->offset - payload->lead;
	int r;

	if (unlikely(!payload_bytes(payload, in->count, &length) ||
		     (!payload->slice && in->count != 1) ||
		     in->offset < payload->lead || (offset & (payload->quantum - 1))))
		return inlet_names_nothing(in);
	r = view_hold(&inlet->view, in->segment, offset, length, &begin);
	if (unlikely(r < 0)) {
		r = inlet_hold_later(inlet, in, length, &begin);
		if (r < 0)
			return r;
	}
	ret_slice->segment = (uint32_t)r;
	ret_slice->data = begin + payload->lead;
	ret_slice->header = payload->header ? begin : NULL;
	ret_slice->size = length - payload->lead;
	return 0;
}

/* Descriptors that are said to be with a message are not there.  May they still come? */
bool inlet_attachment_may_come(struct inlet *inlet, uint32_t key,
			       const struct ring_message *in) COLD;

/* Takes the descriptors of a message.  NULL: they are not there. */
struct attachment *inlet_find_attachment(struct inlet *inlet, uint32_t key,
					 const struct ring_message *in) COLD;

/* Lets go of a slice in the segment with this index. */
static inline void inlet_drop(struct inlet *inlet, uint32_t segment)
{
	view_drop(&inlet->view, segment);
}

/*
 * Gives a number back to the peer.  It is rung if it waits for messages and this is news to
 * it; or if it waits for room, which it does only where messages do not overflow.
 */
static inline void inlet_give_back(struct inlet *inlet, uint32_t number, bool news)
{
	uint32_t events = (news ? SLUICE_DOORBELL_MESSAGE : 0) |
			  (inlet->tells_room ? SLUICE_DOORBELL_SPACE : 0);
	enum doorbell_wake wake;

	if (!events) {
		returns_push_unrung(&inlet->returns, number);
		return;
	}
	returns_push(&inlet->returns, number);
	wake = doorbell_ring(inlet->channel->peer_bell, events);
	if (unlikely(wake != DOORBELL_SILENT))
		channel_wake_peer(inlet->channel, wake);
}

/* Looks at the next message, which stays where it is.  1; 0 (none); or -EPROTO. */
static inline int inlet_look(struct inlet *inlet, const struct inlet_ops *ops,
			     struct ring_consumer *ring, struct ring_message *ret_in)
{
	int r = ring_look(ring, ret_in);

	if (unlikely(r < 0))
		ops->broken(inlet, ops->broken_ring);
	return r;
}

/*
 * Claims the message that was looked at, if what it names is known, or will never be.  1;
 * 0 (the peer has taken it back); -EAGAIN (it stays there until the channel had its turn)
 * or -EPROTO.
 */
static inline __attribute__((__always_inline__, __warn_unused_result__))
int inlet_claim(struct inlet *inlet, const struct inlet_ops *ops, struct ring_consumer *ring,
		struct inlet_message *message)
{
	const struct ring_message *in = &message->in;
	const char *fault;
	int r;

	r = inlet_hold(inlet, in, &message->slice);
	if (!r && unlikely(in->flags & SLUICE_RING_FDS) &&
	    inlet_attachment_may_come(inlet, ops->key(ring, in), in)) {
		inlet_drop(inlet, message->slice.segment);
		return -EAGAIN;
	}
	if (unlikely(r == -EAGAIN))
		return r;
	if (unlikely(!ring_claim(ring))) {
		if (!r)
			inlet_drop(inlet, message->slice.segment);
		return 0;
	}
	if (unlikely(r < 0)) {
		ops->broken(inlet, error_sentence());
		return r;
	}
	fault = ops->admit(inlet, ring, in);
	if (unlikely(fault)) {
		inlet_drop(inlet, message->slice.segment);
		ops->broken(inlet, fault);
		return -EPROTO;
	}
	if (unlikely(inlet->tells_room))
		channel_ring(inlet->channel, SLUICE_DOORBELL_SPACE);
	channel_heard(inlet->channel);
	message->attachment = NULL;
	if (unlikely(in->flags & SLUICE_RING_FDS))
		message->attachment = inlet_find_attachment(inlet, ops->key(ring, in), in);
	return 1;
}

/* Takes the next message of a ring.  As inlet_claim(); 0: there is none. */
static inline __attribute__((__always_inline__, __warn_unused_result__))
int inlet_receive(struct inlet *inlet, const struct inlet_ops *ops, struct ring_consumer *ring,
		  struct inlet_message *ret_message)
{
	uint64_t looks = ring->mask + 1;
	int r;

	do {
		r = inlet_look(inlet, ops, ring, &ret_message->in);
		if (r <= 0)
			return r;
		r = inlet_claim(inlet, ops, ring, ret_message);
	} while (unlikely(!r) && looks--);
	return r;
}

#endif /* SLUICE_CHANNEL_INLET_H */
