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
	struct view_segment *segment;
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

/* It names what cannot be: the sentence.  It names what may be in the socket: as inlet_hold(). */
void inlet_names_nothing(uint64_t count, uint64_t offset, uint32_t segment) COLD;
int inlet_hold_later(struct inlet *inlet, uint32_t number, uint64_t offset, uint64_t length,
		     uint64_t count, struct view_segment **ret_segment) MUST_CHECK COLD;

/* Can there be a slice that begins so, of so many bytes? */
INLINE bool inlet_slice_fits(const struct payload *payload, const struct ring_message *in,
			     uint64_t *ret_length)
{
	return likely(payload_bytes(payload, in->count, ret_length) &&
		      in->offset >= payload->lead &&
		      !((in->offset - payload->lead) & (payload->quantum - 1)));
}

/* The slice of so many bytes that a message names in this segment. */
INLINE void inlet_show(const struct payload *payload, const struct ring_message *in,
		       uint64_t length, struct view_segment *segment,
		       struct held_slice *ret_slice)
{
	const unsigned char *data = segment->mapping.base + in->offset;

	/* The line is on its way while the message is claimed. */
	__builtin_prefetch(data);
	ret_slice->segment = segment;
	ret_slice->data = data;
	ret_slice->header = payload->header ? data - payload->lead : NULL;
	ret_slice->size = length - payload->lead;
}

/*
 * Checks the slice of a message that was looked at and is not claimed yet, and holds it.
 * 0; -EAGAIN: what the message needs may be in the socket and cannot be read now, so it is
 * looked at again after the channel's turn; or -EPROTO: a breach, if the message can be
 * claimed.  Then nothing is held.
 */
INLINE MUST_CHECK int inlet_hold(struct inlet *inlet, const struct ring_message *in,
					struct held_slice *ret_slice)
{
	const struct payload *payload = inlet->payload;
	uint64_t length, offset = in->offset - payload->lead;
	struct view_segment *segment, *found;
	int r;

	if (unlikely(!inlet_slice_fits(payload, in, &length))) {
		inlet_names_nothing(in->count, in->offset, in->segment);
		return -EPROTO;
	}
	segment = view_hold(&inlet->view, in->segment, offset, length);
	if (unlikely(!segment)) {
		r = inlet_hold_later(inlet, in->segment, offset, length, in->count,
				     &found);
		if (r < 0)
			return r;
		segment = found;
	}
	inlet_show(payload, in, length, segment, ret_slice);
	return 0;
}

/* Descriptors that are said to be with a message are not there.  May they still come? */
bool inlet_attachment_may_come(struct inlet *inlet, uint32_t key, uint64_t request,
			       uint64_t position) COLD;

/* Takes the descriptors of a message.  NULL: they are not there. */
struct attachment *inlet_find_attachment(struct inlet *inlet, uint32_t key, uint64_t request,
					 uint64_t position) COLD;

/* Lets go of a slice in a segment. */
INLINE void inlet_drop(struct inlet *inlet, struct view_segment *segment)
{
	view_drop(&inlet->view, segment);
}

/*
 * Gives a number back to the peer.  It is rung if it waits for messages and this is news to
 * it; or if it waits for room, which it does only where messages do not overflow.
 */
INLINE void inlet_give_back(struct inlet *inlet, uint32_t number, bool news)
{
	uint32_t events = (news ? SLUICE_DOORBELL_MESSAGE : 0) |
			  (inlet->tells_room ? SLUICE_DOORBELL_SPACE : 0);

	if (!events) {
		returns_push_unrung(&inlet->returns, number);
		return;
	}
	returns_push(&inlet->returns, number);
	channel_ring(inlet->channel, events);
}

/* Looks at the next message, which stays where it is.  1; 0 (none); or -EPROTO. */
INLINE int inlet_look(struct inlet *inlet, const struct inlet_ops *ops,
			     struct ring_consumer *ring, struct ring_message *ret_in)
{
	int r = ring_look(ring, ret_in);

	if (unlikely(r < 0))
		ops->broken(inlet, ops->broken_ring);
	return r;
}

/* It could not be held: if that is a breach, the channel is closed.  The same -errno. */
INLINE int inlet_fails(struct inlet *inlet, const struct inlet_ops *ops, int error)
{
	if (error == -EAGAIN)
		return error;
	ops->broken(inlet, error_sentence());
	return -EPROTO;
}

/*
 * Claims the message that was looked at, if what it names is known, or will never be.  1;
 * 0 (the peer has taken it back); -EAGAIN (it stays there until the channel had its turn)
 * or -EPROTO.
 */
INLINE MUST_CHECK int inlet_claim(struct inlet *inlet, const struct inlet_ops *ops,
				  struct ring_consumer *ring, struct inlet_message *message)
{
	const struct ring_message *in = &message->in;
	const char *fault;
	int r;

	r = inlet_hold(inlet, in, &message->slice);
	if (unlikely(r))
		return r == -EAGAIN || ring_claim(ring) ? inlet_fails(inlet, ops, r) : 0;
	if (unlikely(in->flags & SLUICE_RING_FDS) &&
	    inlet_attachment_may_come(inlet, ops->key(ring, in), in->request, in->position)) {
		inlet_drop(inlet, message->slice.segment);
		return -EAGAIN;
	}
	if (unlikely(!ring_claim(ring))) {
		inlet_drop(inlet, message->slice.segment);
		return 0;
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
		message->attachment = inlet_find_attachment(inlet, ops->key(ring, in),
							    in->request, in->position);
	return 1;
}

/*
 * ---- The common case ----
 *
 * A plain message is the next one in the ring, comes without descriptors, and names a slice in
 * the segment that was named last.  Its owner checks the rest before the message is claimed.  So
 * nothing has changed if it is not plain after all, and inlet_receive() decides what it is.
 */

struct inlet_plain {
	struct ring_message in;
	struct ring_place place;
	struct held_slice slice;
};

/* Looks at the next message and finds its slice.  False: it is not plain. */
INLINE MUST_CHECK bool inlet_peek_plain(struct inlet *inlet, const struct ring_consumer *ring,
					struct inlet_plain *ret_plain)
{
	const struct payload *payload = inlet->payload;
	const struct ring_message *in = &ret_plain->in;
	struct view_segment *segment;
	uint64_t length;

	if (unlikely(!ring_peek(ring, &ret_plain->in, &ret_plain->place) ||
		     (in->flags & SLUICE_RING_FDS) || !inlet_slice_fits(payload, in, &length)))
		return false;
	segment = view_recent(&inlet->view, in->segment, in->offset - payload->lead, length);
	if (unlikely(!segment))
		return false;
	inlet_show(payload, in, length, segment, &ret_plain->slice);
	return true;
}

/* Claims it, and holds its slice.  False: the peer has taken it back. */
INLINE MUST_CHECK bool inlet_claim_plain(struct inlet *inlet, struct ring_consumer *ring,
					 const struct inlet_plain *plain)
{
	if (unlikely(!ring_claim_at(ring, &plain->place)))
		return false;
	plain->slice.segment->held++;
	channel_heard(inlet->channel);
	return true;
}

/* The same after one that was taken back. */
int inlet_receive_next(struct inlet *inlet, const struct inlet_ops *ops,
		       struct ring_consumer *ring, struct inlet_message *ret_message) MUST_CHECK COLD;

/* Takes the next message of a ring.  As inlet_claim(); 0: there is none. */
INLINE MUST_CHECK int inlet_receive(struct inlet *inlet, const struct inlet_ops *ops,
				    struct ring_consumer *ring, struct inlet_message *ret_message)
{
	struct inlet_message next;
	int r;

	r = inlet_look(inlet, ops, ring, &ret_message->in);
	if (unlikely(r <= 0))
		return r;
	r = inlet_claim(inlet, ops, ring, ret_message);
	if (likely(r))
		return r;
	r = inlet_receive_next(inlet, ops, ring, &next);
	if (r > 0)
		*ret_message = next;
	return r;
}

#endif /* SLUICE_CHANNEL_INLET_H */
