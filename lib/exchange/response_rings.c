// SPDX-License-Identifier: MIT
/*
 * The memory of the response rings.
 *
 * The rings of all deliveries are most of a channel's memory, and a client that has one
 * request under way at a time uses two or three of them.  So the memory behind the head of a
 * channel grows with the highest delivery that was used:
 *
 *	client		server
 *	populates, formats
 *	sends the request ------> populates, before the request is shown to its program
 *
 * Rings of a page get memory together.  If a port asks for all memory from the start, all of
 * it is there before the first request.
 *
 * A hostile client can leave the memory out or unformatted.  The server has populated it, so
 * it finds memory, and a ring with wrong stamps, which is a breach as always.
 */
#include "exchange/response_rings.h"

#include "shm/ring.h"

static uint64_t ring_size(const struct layout *layout)
{
	return layout->response_slots * sizeof(struct sluice_ring_slot);
}

int response_rings_populate(struct channel *channel, const struct layout *layout,
			    uint32_t delivery)
{
	uint64_t size = ring_size(layout);
	uint64_t end = round_up(layout->response_rings + (delivery + 1) * size,
				SLUICE_CHANNEL_PAGE);
	int r = channel_populate(channel, min_u64(end, layout->size));

	if (r < 0)
		return r;
	return (int)min_u64((channel->populated - layout->response_rings) / size,
			    layout->deliveries);
}

void response_rings_format(const struct channel *channel, const struct layout *layout,
			   uint32_t first, uint32_t end)
{
	for (; first < end; first++)
		ring_format(layout_response_ring(layout, channel, first),
			    layout->response_slots);
}
