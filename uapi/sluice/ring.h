/* SPDX-License-Identifier: MIT */
/*
 * The two kinds of ring in a channel.
 *
 * A message ring has one producer and one consumer.  Each of its slots carries
 * its own 64-bit stamp, which says what the slot holds:
 *
 *	2 * p		free for the message at position p
 *	2 * p + 1	holds the message at position p
 *
 * Slot i of a ring of N slots starts as 2 * i.  Both ends keep their position to
 * themselves, so there is no shared index to forge; see lib/shm/ring.c for the
 * algorithm and Documentation/ordering.rst for the barriers.
 *
 * A return ring carries the numbers of slices that have come home.  Each entry
 * is one 64-bit word; its upper half tells whether the entry is new.
 */
#ifndef SLUICE_UAPI_RING_H
#define SLUICE_UAPI_RING_H

#include <stdint.h>

/* The client wants to know the server's times; see channel.h's stages. */
#define SLUICE_RING_TRACED	1u
/* In a response: no further one comes to this request. */
#define SLUICE_RING_LAST	2u
/* A packet FDS with the descriptors of this message was sent; see wire.h. */
#define SLUICE_RING_FDS		4u
/* A request that its client has counted in the server's page; see load.h. */
#define SLUICE_RING_COUNTED	8u

/**
 * struct sluice_ring_slot - one message in a ring
 * @stamp: whose turn it is, and for which position.
 * @request: number of the request, counted by the client from 1 to
 *	SLUICE_CHANNEL_REQUEST, and then from 1 again.
 * @position: position in the stream of responses, from 0; 0 in a request.
 * @offset: of the payload in its segment, in bytes.
 * @count: number of elements.
 * @deadline: of a request, in nanoseconds of CLOCK_MONOTONIC; 0 for none, and in
 *	a response.
 * @segment: number of the segment, counted by its owner from 1.
 * @slice: what a return of this slice says: for a request the number of its
 *	delivery, which is also that of its response ring; for a response the
 *	number the server gave the slice.
 * @flags: SLUICE_RING_*, or 0.
 * @reserved: 0.
 */
struct sluice_ring_slot {
	uint64_t stamp;
	uint64_t request;
	uint64_t position;
	uint64_t offset;
	uint64_t count;
	uint64_t deadline;
	uint32_t segment;
	uint32_t slice;
	uint32_t flags;
	uint32_t reserved;
};

/**
 * struct sluice_return - one entry of a return ring
 * @word: the lower half is the number of the slice; the upper half is the lower
 *	half of p + 1 for the entry at position p, and anything else means that
 *	the entry at p is not there yet.
 *
 * The ring has room for everything the receiver may hold, so that a return
 * always fits.
 */
struct sluice_return {
	uint64_t word;
};

_Static_assert(sizeof(struct sluice_ring_slot) == 64, "a slot is a cache line");
_Static_assert(sizeof(struct sluice_return) == 8, "a return is one word");

#endif /* SLUICE_UAPI_RING_H */
