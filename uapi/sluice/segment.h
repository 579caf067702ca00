/* SPDX-License-Identifier: MIT */
/*
 * Segments: sealed memfds that hold slices.
 *
 * The process that made a segment writes it; the others map it read-only.  Its owner maps
 * it, then seals it: it can never shrink, no further writable mapping can be made, and the
 * seals are final.  A static segment cannot grow either.  There is no header: the
 * descriptor in the ring describes a slice.  A slice holds the user header, padding up to
 * the payload's alignment, and the payload; the descriptor's offset is that of the payload.
 */
#ifndef SLUICE_UAPI_SEGMENT_H
#define SLUICE_UAPI_SEGMENT_H

#include <stdint.h>

/* As in <linux/fcntl.h>, repeated since that header collides with libc's. */
#define SLUICE_SEAL_SEAL		0x01u
#define SLUICE_SEAL_SHRINK		0x02u
#define SLUICE_SEAL_GROW		0x04u
#define SLUICE_SEAL_FUTURE_WRITE	0x10u

/* The seals that a receiver requires before it maps a segment. */
#define SLUICE_SEGMENT_SEALS \
	(SLUICE_SEAL_SEAL | SLUICE_SEAL_SHRINK | SLUICE_SEAL_FUTURE_WRITE)

/* The seals that a server requires before it maps a channel: the size is final. */
#define SLUICE_CHANNEL_SEALS \
	(SLUICE_SEAL_SHRINK | SLUICE_SEAL_GROW)

/*
 * The seals that the server adds when it has mapped the channel too, before WELCOME.  After
 * that nobody can map it for writing, write to the file, or make holes in it, and no seal
 * can be added.
 */
#define SLUICE_CHANNEL_SEALS_MAPPED \
	(SLUICE_SEAL_SEAL | SLUICE_SEAL_FUTURE_WRITE)

/* The seals that a client requires before it maps the page of a server's load. */
#define SLUICE_LOAD_SEALS \
	(SLUICE_SEAL_SEAL | SLUICE_SEAL_SHRINK | SLUICE_SEAL_GROW)

/* Slices begin on cache lines, so that no two share one. */
#define SLUICE_SLICE_QUANTUM	64u

/* How many segments of one owner a receiver keeps track of at a time. */
#define SLUICE_SEGMENTS_ALIVE	16u

#endif /* SLUICE_UAPI_SEGMENT_H */
