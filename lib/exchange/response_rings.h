/* SPDX-License-Identifier: MIT */
/* The memory of the response rings, which is there when they are used. */
#ifndef SLUICE_EXCHANGE_RESPONSE_RINGS_H
#define SLUICE_EXCHANGE_RESPONSE_RINGS_H

#include "exchange/layout.h"

/*
 * Has memory for the ring of this delivery, for those below it and for what is returned of
 * them.  Returns how many rings have memory now, more than delivery; or -ENOMEM or another
 * -errno.
 */
int response_rings_populate(struct channel *channel, const struct layout *layout,
			    uint32_t delivery) MUST_CHECK;

/* At the client, which makes the memory: the rings from first to end are empty from here on. */
void response_rings_format(const struct channel *channel, const struct layout *layout,
			   uint32_t first, uint32_t end);

#endif /* SLUICE_EXCHANGE_RESPONSE_RINGS_H */
