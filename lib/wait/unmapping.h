/* SPDX-License-Identifier: MIT */
/* Unmapping what is large, a part at a time. */
#ifndef SLUICE_WAIT_UNMAPPING_H
#define SLUICE_WAIT_UNMAPPING_H

#include "wait/budget.h"
#include "os/mapping.h"

/*
 * Unmaps a window of which the first bytes may be populated: at once if these are few,
 * else in turns.  The mapping is none afterwards.
 */
void unmap_in_turns(struct turns *turns, struct mapping *mapping, uint64_t populated);

/* What still waits is unmapped at once. */
void unmap_the_rest(struct turns *turns);

#endif /* SLUICE_WAIT_UNMAPPING_H */
