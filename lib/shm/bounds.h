/* SPDX-License-Identifier: MIT */
/*
 * The check of an offset that a peer named, before the bytes there are touched.
 *
 * A segment cannot shrink, so a size once seen stays true, and the check is two
 * comparisons that cannot overflow.  Nothing else in the library adds a peer's
 * offset to a pointer.
 */
#ifndef SLUICE_SHM_BOUNDS_H
#define SLUICE_SHM_BOUNDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Do length bytes at offset lie in a segment of size bytes? */
static inline bool bounds_within(uint64_t offset, uint64_t length, uint64_t size)
{
	return offset <= size && length <= size - offset;
}

/* The same, and even a slice of no bytes begins inside: so there is none in 0 bytes. */
static inline bool bounds_begin_within(uint64_t offset, uint64_t length, uint64_t size)
{
	return offset < size && length <= size - offset;
}

#endif /* SLUICE_SHM_BOUNDS_H */
