/* SPDX-License-Identifier: MIT */
/* The word on which one end of a channel sleeps and which the other end rings. */
#ifndef SLUICE_SHM_DOORBELL_H
#define SLUICE_SHM_DOORBELL_H

#include <stdbool.h>

#include <sluice/doorbell.h>

/* The ringing end has to do this. */
enum doorbell_wake {
	DOORBELL_SILENT,	/* nobody sleeps */
	DOORBELL_FUTEX,		/* wake the word */
	DOORBELL_SOCKET,	/* send a byte */
};

/*
 * doorbell_arm() - say what is waited for: MESSAGE, SPACE, and SOCKET if a futex
 * wake will not do.  Returns the value to sleep on.  The caller must look once
 * more, with ordered loads, for what it waits for before it sleeps.
 */
uint32_t doorbell_arm(struct sluice_doorbell *bell, uint32_t events);

/* The owner is awake and polls. */
void doorbell_disarm(struct sluice_doorbell *bell);

/*
 * doorbell_ring() - tell the owner of something that was published before with
 * an ordered exchange.  Says how the owner must be woken.
 */
enum doorbell_wake doorbell_ring(struct sluice_doorbell *bell, uint32_t event);

/* Would it have anything to do? */
bool doorbell_sleeps(const struct sluice_doorbell *bell, uint32_t event);

#endif /* SLUICE_SHM_DOORBELL_H */
