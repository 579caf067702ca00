/* SPDX-License-Identifier: MIT */
/* Unmapping large windows, a part at a time. */
#ifndef SLUICE_WAIT_UNMAPPING_H
#define SLUICE_WAIT_UNMAPPING_H

#include "wait/budget.h"
#include "os/mapping.h"

/*
 * Unmaps a window of which the first bytes may be populated: at once if these are few, else
 * in turns, which whoever pays for the turn of the owner pays for.  The mapping is empty
 * afterwards.
 */
void unmap_in_turns(struct turns *turns, const struct turn *owner, struct mapping *mapping,
		    uint64_t populated);

/* Unmaps everything that still waits at once. */
void unmap_the_rest(struct turns *turns);

#endif /* SLUICE_WAIT_UNMAPPING_H */
