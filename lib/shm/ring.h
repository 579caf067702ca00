/* SPDX-License-Identifier: MIT */
/* A ring of message descriptors between two processes. */
#ifndef SLUICE_SHM_RING_H
#define SLUICE_SHM_RING_H

#include <stdbool.h>

#include <sluice/ring.h>

#include "base/compiler.h"

/* A descriptor, after it has been copied out of shared memory. */
struct ring_message {
	uint64_t request;
	uint64_t position;
	uint64_t offset;
	uint64_t count;
	uint64_t deadline;
	uint32_t segment;
	uint32_t slice;
	uint32_t flags;
};

/*
 * The producer's end; private memory.  sent[] remembers, for each slot, the
 * number of the slice that was put there.
 */
struct ring_producer {
	struct sluice_ring_slot *slots;
	uint32_t *sent;
	uint64_t mask;
	uint64_t capacity;
	uint64_t next;
	uint64_t reserved[3];
};

_Static_assert(sizeof(struct ring_producer) == 64, "one of many is found by a shift");

/* The consumer's end; private memory. */
struct ring_consumer {
	struct sluice_ring_slot *slots;
	uint64_t mask;
	uint64_t next;
};

/* Stamps fresh slots; slots is a power of two of at least 2. */
void ring_format(struct sluice_ring_slot *slots, uint64_t count);

/* sent has room for as many numbers as there are slots. */
void ring_producer_init(struct ring_producer *ring, struct sluice_ring_slot *slots,
			uint64_t count, uint64_t capacity, uint32_t *sent);
void ring_consumer_init(struct ring_consumer *ring, struct sluice_ring_slot *slots,
			uint64_t count);

/* Is there room for a message?  0, -ENOBUFS (full) or -EPROTO. */
int ring_room(const struct ring_producer *ring) MUST_CHECK;

/* A message that was looked at, or the room for one. */
struct ring_place {
	struct sluice_ring_slot *slot;
	uint64_t position;
};

/*
 * The same if all slots of the ring may be in use, as is usual: then one look at the next slot
 * tells.  False: see ring_room().
 */
bool ring_has_place(const struct ring_producer *ring, struct ring_place *ret_place) MUST_CHECK;
void ring_put_at(struct ring_producer *ring, const struct ring_place *place,
		 const struct ring_message *message);

/* Publishes a message, for which there is room. */
void ring_put(struct ring_producer *ring, const struct ring_message *message);

/* Publishes a message if there is room.  As ring_room(). */
int ring_push(struct ring_producer *ring, const struct ring_message *message) MUST_CHECK;

/*
 * Takes the oldest message back if the ring is full.  1 with its slice number, 0
 * if there is room after all, or -EPROTO.
 */
int ring_take_back(struct ring_producer *ring, uint32_t *ret_slice) MUST_CHECK COLD;

/*
 * Takes the message at a position back, wherever in the ring it is.  False if it is not
 * there any more.
 */
bool ring_withdraw(struct ring_producer *ring, uint64_t position) COLD;

/* Receives a message.  1, 0 (nothing there) or -EPROTO. */
int ring_pop(struct ring_consumer *ring, struct ring_message *ret_message) MUST_CHECK;

/*
 * The same in two steps: looks at the next message, which stays where it is; then claims
 * what was looked at.  The producer may take it back meanwhile, and then claiming is
 * false, and what was seen of it may be anything.
 */
int ring_look(struct ring_consumer *ring, struct ring_message *ret_message) MUST_CHECK;

/*
 * The same if the next message is there and nothing before it was taken back; nothing has
 * changed if not.  It is claimed at its place.
 */
bool ring_peek(const struct ring_consumer *ring, struct ring_message *ret_message,
	       struct ring_place *ret_place) MUST_CHECK;
bool ring_claim_at(struct ring_consumer *ring, const struct ring_place *place) MUST_CHECK;
bool ring_claim(struct ring_consumer *ring) MUST_CHECK;

/* How many messages nobody has claimed yet: at the moment, and for who watches. */
uint64_t ring_depth(const struct ring_producer *ring);
uint64_t ring_waiting(const struct ring_consumer *ring);

/* Would ring_push() find no room?  Ordered; see doorbell.h. */
bool ring_full(const struct ring_producer *ring);

/* Would ring_pop() return something else than 0?  Ordered; see doorbell.h. */
bool ring_ready(const struct ring_consumer *ring);

/*
 * The same where messages are withdrawn: ring_ready() is true of one that was, until
 * ring_pop() has passed it, and this is not.
 */
bool ring_has_message(const struct ring_consumer *ring) COLD;

#endif /* SLUICE_SHM_RING_H */
