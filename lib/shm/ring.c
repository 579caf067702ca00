// SPDX-License-Identifier: MIT
/*
 * A ring of message descriptors: one producer, one consumer, and the oldest
 * message taken back by the producer when there is no room, or any message
 * withdrawn that nobody has claimed.
 *
 * N slots, a power of two, of which at most C <= N are in use.  The stamp of a
 * slot tells whose turn it is, so a message costs the transfer of one cache line
 * and not two, and there is no shared index:
 *
 *	2 * p		free for position p
 *	2 * p + 1	holds position p
 *
 *	producer at t				consumer at h
 *	-------------				-------------
 *	stamp[t - C] == 2(t - C) + 1:	(R5)	s = stamp[h]		    (R2)
 *	  full; or cmpxchg to 2(t - C + N)	s == 2h: empty
 *	  and the oldest is taken back (R3)	s == 2h + 1:
 *	stamp[t] must be 2t		(R5)	  copy the descriptor
 *	write the descriptor			  cmpxchg to 2(h + N)	    (R4)
 *	stamp[t] = 2t + 1		(R1)	  failed: it was taken back
 *	t = t + 1				otherwise s is of a position p > h: lapped
 *						  s == 2p + 1: h = p - N + 1
 *						  s == 2p: h = p - 2N + 1, or h + 1
 *
 * R1 publishes the descriptor and the payload behind it to R2.  R3 and R4 decide
 * between them who gets a message; a withdrawal is R3 at another position, so a free slot
 * says nothing of those beside it.  R4 hands the slot back to the producer's
 * next look at the stamp, R5.  R1 and R2 are ordered among all words, since the
 * doorbell protocol looks at another word after the one and before the other.
 *
 * Invariants:
 * (1) A position is consumed once or taken back once, never both.
 * (2) Positions are consumed in order; those taken back are skipped.
 * (3) A descriptor that ring_pop() returns was not written while it was copied; nor was
 *     what ring_look() has shown, if ring_claim() is true.
 * (4) Neither end ever waits for the other; ring_pop() looks at no more than
 *     2N + 2 stamps.
 * (5) A withdrawn message makes no room: the ring is full as long as the message that
 *     was sent C before is there.
 *
 * Both ends own their position, and the producer owns sent[]: a hostile peer can
 * write any stamp and any descriptor, and gets -EPROTO, or has its own messages
 * lost or misread; it cannot make this end touch memory outside the slots.  The
 * descriptor is the caller's to check.  A peer that dies leaves a slot either
 * published or not.
 */
#include "shm/ring.h"

#include <errno.h>

#include "base/atomic.h"

static struct sluice_ring_slot *slot_at(struct sluice_ring_slot *slots,
					uint64_t mask, uint64_t position)
{
	return &slots[position & mask];
}

void ring_format(struct sluice_ring_slot *slots, uint64_t count)
{
	uint64_t i;

	for (i = 0; i < count; i++)
		store_relaxed(&slots[i].stamp, 2 * i);
}

void ring_producer_init(struct ring_producer *ring, struct sluice_ring_slot *slots,
			uint64_t count, uint64_t capacity, uint32_t *sent)
{
	ring->slots = slots;
	ring->sent = sent;
	ring->mask = count - 1;
	ring->capacity = capacity;
	ring->next = 0;
}

void ring_consumer_init(struct ring_consumer *ring, struct sluice_ring_slot *slots,
			uint64_t count)
{
	ring->slots = slots;
	ring->mask = count - 1;
	ring->next = 0;
}

/*
 * Is the ring full?  If so *ret_oldest is the position of the oldest message.
 * The slot of that position either still holds it, or is free for its next turn.
 */
static int oldest_unclaimed(const struct ring_producer *ring, uint64_t *ret_oldest)
{
	uint64_t oldest = ring->next - ring->capacity, stamp;

	if (ring->next < ring->capacity)
		return 0;
	/* R5: sees whether R4 has claimed it; pairs with R4. */
	stamp = load_ordered(&slot_at(ring->slots, ring->mask, oldest)->stamp);
	if (stamp == 2 * (oldest + ring->mask + 1))
		return 0;
	if (stamp != 2 * oldest + 1)
		return -EPROTO;
	*ret_oldest = oldest;
	return 1;
}

/* Is there room for the next message?  As ring_room(). */
static COLD int look_for_room(const struct ring_producer *ring)
{
	uint64_t oldest;
	int full = oldest_unclaimed(ring, &oldest);

	if (full)
		return full < 0 ? full : -ENOBUFS;
	/* R5: the slot was read, by R4, or given up, by R3, before it is written again. */
	return load_ordered(&slot_at(ring->slots, ring->mask, ring->next)->stamp) ==
	       2 * ring->next ? 0 : -EPROTO;
}

/*
 * If all slots may be in use, the next one is also that of the oldest message, and one look at
 * it answers both questions.
 */
bool ring_has_place(const struct ring_producer *ring, struct ring_place *ret_place)
{
	uint64_t next = ring->next;
	struct sluice_ring_slot *slot = slot_at(ring->slots, ring->mask, next);

	ret_place->slot = slot;
	ret_place->position = next;
	/* R5: as in look_for_room(), which looks again. */
	return load_ordered(&slot->stamp) == 2 * next && ring->capacity > ring->mask;
}

int ring_room(const struct ring_producer *ring)
{
	struct ring_place place;

	return likely(ring_has_place(ring, &place)) ? 0 : look_for_room(ring);
}

void ring_put_at(struct ring_producer *ring, const struct ring_place *place,
		 const struct ring_message *message)
{
	struct sluice_ring_slot *slot = place->slot;
	uint64_t next = place->position;

	store_relaxed(&slot->request, message->request);
	store_relaxed(&slot->position, message->position);
	store_relaxed(&slot->offset, message->offset);
	store_relaxed(&slot->count, message->count);
	store_relaxed(&slot->deadline, message->deadline);
	store_relaxed(&slot->segment, message->segment);
	store_relaxed(&slot->slice, message->slice);
	store_relaxed(&slot->flags, message->flags);
	ring->sent[next & ring->mask] = message->slice;
	ring->next = next + 1;

	/* R1: publishes the message; pairs with R2. */
	exchange_ordered(&slot->stamp, 2 * next + 1);
}

void ring_put(struct ring_producer *ring, const struct ring_message *message)
{
	const struct ring_place place = {
		.slot = slot_at(ring->slots, ring->mask, ring->next),
		.position = ring->next,
	};

	ring_put_at(ring, &place, message);
}

int ring_push(struct ring_producer *ring, const struct ring_message *message)
{
	int r = ring_room(ring);

	if (!r)
		ring_put(ring, message);
	return r;
}

bool ring_full(const struct ring_producer *ring)
{
	uint64_t oldest;

	return oldest_unclaimed(ring, &oldest) > 0;
}

uint64_t ring_depth(const struct ring_producer *ring)
{
	uint64_t most = min_u64(ring->capacity, ring->next), depth = 0, position;

	for (; depth < most; depth++) {
		position = ring->next - 1 - depth;
		if (load_relaxed(&slot_at(ring->slots, ring->mask, position)->stamp) !=
		    2 * position + 1)
			break;
	}
	return depth;
}

int ring_take_back(struct ring_producer *ring, uint32_t *ret_slice)
{
	uint64_t oldest;
	int full;

	full = oldest_unclaimed(ring, &oldest);
	if (full <= 0)
		return full;
	/* R3: decides with R4 who gets the message. */
	if (!replace_u64(&slot_at(ring->slots, ring->mask, oldest)->stamp,
			 2 * oldest + 1, 2 * (oldest + ring->mask + 1)))
		return 0;
	*ret_slice = ring->sent[oldest & ring->mask];
	return 1;
}

bool ring_withdraw(struct ring_producer *ring, uint64_t position)
{
	/* R3: as above; the stamp is that of the position as long as it holds it. */
	return replace_u64(&slot_at(ring->slots, ring->mask, position)->stamp,
			   2 * position + 1, 2 * (position + ring->mask + 1));
}

static void copy_descriptor(const struct sluice_ring_slot *slot,
			    struct ring_message *ret_message)
{
	ret_message->request = load_relaxed(&slot->request);
	ret_message->position = load_relaxed(&slot->position);
	ret_message->offset = load_relaxed(&slot->offset);
	ret_message->count = load_relaxed(&slot->count);
	ret_message->deadline = load_relaxed(&slot->deadline);
	ret_message->segment = load_relaxed(&slot->segment);
	ret_message->slice = load_relaxed(&slot->slice);
	ret_message->flags = load_relaxed(&slot->flags);
}

/*
 * The position at which to go on after a slot that has a later stamp.  When position p was
 * sent, the message that was sent C before had gone, and so had all before that.  So if p is
 * there, none up to p - N is.  If the slot is free for p, the message at p - N has gone, but
 * perhaps from the middle of the ring; then only those up to p - 2N have gone for certain.
 */
static uint64_t behind(const struct ring_consumer *ring, uint64_t stamp)
{
	uint64_t count = ring->mask + 1, position = stamp / 2;

	if (stamp & 1)
		return position - count + 1;
	return max_u64(ring->next + 1, position < 2 * count ? 0 : position - 2 * count + 1);
}

/* The stamp of the next position. */
static inline uint64_t next_stamp(const struct ring_consumer *ring)
{
	/* R2: sees what R1 has published. */
	return load_ordered(&slot_at(ring->slots, ring->mask, ring->next)->stamp);
}

/* Passes over what was taken back.  1: the next message is there; 0; or -EPROTO. */
static COLD int pass_over(struct ring_consumer *ring, uint64_t *looks)
{
	uint64_t stamp, position;

	for (; *looks; --*looks) {
		stamp = next_stamp(ring);
		if (stamp == 2 * ring->next)
			return 0;
		if (stamp == 2 * ring->next + 1)
			return 1;
		position = stamp / 2;
		if (position < ring->next || ((position - ring->next) & ring->mask))
			return -EPROTO;
		ring->next = behind(ring, stamp);
	}
	return 0;
}

/* So many stamps are looked at, at most, until a message is found. */
static uint64_t most_looks(const struct ring_consumer *ring)
{
	return 2 * (ring->mask + 1) + 2;
}

/* As pass_over(), for one look. */
static COLD int pass_over_once(struct ring_consumer *ring)
{
	uint64_t looks = most_looks(ring);

	return pass_over(ring, &looks);
}

bool ring_peek(const struct ring_consumer *ring, struct ring_message *ret_message,
	       struct ring_place *ret_place)
{
	uint64_t next = ring->next;
	struct sluice_ring_slot *slot = slot_at(ring->slots, ring->mask, next);

	/* R2: as in next_stamp(). */
	if (load_ordered(&slot->stamp) != 2 * next + 1)
		return false;
	copy_descriptor(slot, ret_message);
	ret_place->slot = slot;
	ret_place->position = next;
	return true;
}

bool ring_ready(const struct ring_consumer *ring)
{
	return next_stamp(ring) != 2 * ring->next;
}

int ring_look(struct ring_consumer *ring, struct ring_message *ret_message)
{
	struct ring_place place;
	int r;

	if (likely(ring_peek(ring, ret_message, &place)))
		return 1;
	if (!ring_ready(ring))
		return 0;
	r = pass_over_once(ring);
	if (r > 0)
		copy_descriptor(slot_at(ring->slots, ring->mask, ring->next), ret_message);
	return r;
}

bool ring_claim_at(struct ring_consumer *ring, const struct ring_place *place)
{
	uint64_t position = place->position;

	/* R4: decides with R3 who gets the message. */
	if (unlikely(!replace_u64(&place->slot->stamp, 2 * position + 1,
				  2 * (position + ring->mask + 1))))
		return false;
	ring->next = position + 1;
	return true;
}

bool ring_claim(struct ring_consumer *ring)
{
	const struct ring_place place = {
		.slot = slot_at(ring->slots, ring->mask, ring->next),
		.position = ring->next,
	};

	return ring_claim_at(ring, &place);
}

int ring_pop(struct ring_consumer *ring, struct ring_message *ret_message)
{
	uint64_t looks = most_looks(ring);
	int r;

	while (looks) {
		r = pass_over(ring, &looks);
		if (r <= 0)
			return r;
		copy_descriptor(slot_at(ring->slots, ring->mask, ring->next), ret_message);
		if (ring_claim(ring))
			return 1;
		looks -= looks > 0;
	}
	return 0;
}

bool ring_has_message(const struct ring_consumer *ring)
{
	struct ring_consumer ahead = *ring;

	return pass_over_once(&ahead) != 0;
}

uint64_t ring_waiting(const struct ring_consumer *ring)
{
	uint64_t waiting = 0, position;

	for (; waiting <= ring->mask; waiting++) {
		position = ring->next + waiting;
		if (load_relaxed(&slot_at(ring->slots, ring->mask, position)->stamp) !=
		    2 * position + 1)
			break;
	}
	return waiting;
}
