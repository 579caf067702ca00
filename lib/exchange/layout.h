/* SPDX-License-Identifier: MIT */
/* Where the parts of a channel lie, from the settings of its service. */
#ifndef SLUICE_EXCHANGE_LAYOUT_H
#define SLUICE_EXCHANGE_LAYOUT_H

#include <sluice/channel.h>
#include <sluice/registry.h>

#include "base/compiler.h"
#include "channel/channel.h"
#include "shm/returns.h"

/* Offsets are in bytes from the beginning of the channel; see uapi's channel.h. */
struct layout {
	uint64_t client_bell;
	uint64_t server_bell;
	uint64_t cancelled;
	uint64_t closed;
	uint64_t request_returns;
	uint64_t response_returns;
	uint64_t request_ring;
	uint64_t response_rings;
	uint64_t stages;
	uint64_t head;			/* ends behind the last part that each channel needs */
	uint64_t size;

	uint32_t deliveries;
	uint32_t request_return_entries;
	uint32_t response_return_entries;
	uint32_t request_slots;
	uint32_t response_slots;	/* of each response ring */
};

/* settings are within the limits of base/limits.h. */
void layout_compute(struct layout *ret_layout,
		    const struct sluice_registry_settings *settings);

/* Writes what the head of fresh memory begins with; context is its struct layout. */
void layout_format(unsigned char *memory, const void *context);

/* The words of the deliveries, by number, in the memory of a channel. */
struct layout_words {
	uint64_t *cancelled;
	uint64_t *closed;
	struct sluice_channel_stages *stages;
};

/* Finds them, and the rings of returns, in memory that is mapped. */
void layout_bind(const struct layout *layout, const struct channel *channel,
		 struct layout_words *ret_words, struct returns *ret_requests,
		 struct returns *ret_responses);

/* The first slot of the response ring of a delivery. */
static inline struct sluice_ring_slot *layout_response_ring(const struct layout *layout,
							    const struct channel *channel,
							    uint64_t delivery)
{
	struct sluice_ring_slot *rings = channel_part(channel, layout->response_rings);

	return &rings[delivery * layout->response_slots];
}

#endif /* SLUICE_EXCHANGE_LAYOUT_H */
