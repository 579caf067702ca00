// SPDX-License-Identifier: MIT
/*
 * Where the parts of a channel lie.  uapi/sluice/channel.h is the specification;
 * this is its arithmetic, done by each end on its own from the settings that both
 * have read in the service's contract.  Nothing a peer says enters into it.
 * The channel is told of it in a struct channel_plan.
 *
 * The head has memory from the start.  Behind it lie the parts that a channel needs from its
 * first request on; exchange/response_rings.c has memory for them when they are needed.
 */
#include "exchange/layout.h"

#include "shm/ring.h"

/* Places a part behind what is there and returns where it begins. */
static uint64_t place(struct layout *layout, uint64_t bytes)
{
	uint64_t offset = layout->size;

	layout->size = round_up(offset + bytes, SLUICE_CHANNEL_LINE);
	return offset;
}

static uint32_t entries_for(uint64_t n)
{
	return (uint32_t)pow2_at_least(max_u64(n, 2));
}

void layout_compute(struct layout *ret_layout,
		    const struct sluice_registry_settings *settings)
{
	uint64_t active = settings->max_active_requests;
	uint64_t deliveries = active * SLUICE_CHANNEL_DELIVERIES_PER_REQUEST;
	struct layout l = { .size = 0 };

	l.deliveries = (uint32_t)deliveries;
	l.request_return_entries = entries_for(deliveries);
	l.response_return_entries = entries_for(deliveries * settings->response_buffer +
						active * settings->max_borrowed);
	l.request_slots = entries_for(active);
	l.response_slots = entries_for(settings->response_buffer);

	l.client_bell = place(&l, sizeof(struct sluice_doorbell));
	l.server_bell = place(&l, sizeof(struct sluice_doorbell));
	l.cancelled = place(&l, deliveries * sizeof(uint64_t));
	l.closed = place(&l, deliveries * sizeof(uint64_t));
	l.request_returns = place(&l, l.request_return_entries * sizeof(struct sluice_return));
	l.request_ring = place(&l, l.request_slots * sizeof(struct sluice_ring_slot));
	l.stages = place(&l, deliveries * sizeof(struct sluice_channel_stages));
	l.head = round_up(l.size, SLUICE_CHANNEL_PAGE);
	l.response_returns = place(&l, l.response_return_entries * sizeof(struct sluice_return));
	l.response_rings = place(&l, deliveries * l.response_slots *
				 sizeof(struct sluice_ring_slot));
	l.size = round_up(l.size, SLUICE_CHANNEL_PAGE);
	*ret_layout = l;
}

/* The request ring starts with stamps; everything else of the head is 0 already. */
void layout_format(unsigned char *memory, const void *context)
{
	const struct layout *layout = context;

	ring_format((struct sluice_ring_slot *)(void *)(memory + layout->request_ring),
		    layout->request_slots);
}

void layout_bind(const struct layout *layout, const struct channel *channel,
		 struct layout_words *ret_words, struct returns *ret_requests,
		 struct returns *ret_responses)
{
	ret_words->cancelled = channel_part(channel, layout->cancelled);
	ret_words->closed = channel_part(channel, layout->closed);
	ret_words->stages = channel_part(channel, layout->stages);
	returns_init(ret_requests, channel_part(channel, layout->request_returns),
		     layout->request_return_entries);
	returns_init(ret_responses, channel_part(channel, layout->response_returns),
		     layout->response_return_entries);
}
