/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Messages whose every field follows from their position in the ring, so that one
 * that is torn, stale or misplaced is told from the right one; and rings that
 * begin at another position than 0.
 */
#ifndef SELFTESTS_RING_MESSAGES_H
#define SELFTESTS_RING_MESSAGES_H

#include "two_ends.h"

#include "shm/ring.h"

helper struct ring_message message_at(uint64_t position)
{
	uint64_t mixed = mix(position + 1);

	return (struct ring_message){
		.request = mixed,
		.position = position,
		.offset = ~mixed,
		.count = mixed + position,
		.deadline = mixed ^ position,
		.segment = (uint32_t)mixed,
		.slice = (uint32_t)(mixed >> 32),
		.flags = (uint32_t)~(mixed >> 16),
	};
}

helper bool is_message_at(const struct ring_message *m, uint64_t position)
{
	struct ring_message right = message_at(position);

	return m->request == right.request && m->position == right.position &&
	       m->offset == right.offset && m->count == right.count &&
	       m->deadline == right.deadline && m->segment == right.segment &&
	       m->slice == right.slice && m->flags == right.flags;
}

/* As if base messages had passed already. */
helper void ring_begin_at(struct sluice_ring_slot *slots, struct ring_producer *producer,
			  struct ring_consumer *consumer, uint64_t base)
{
	uint64_t p;

	for (p = base; p < base + producer->mask + 1; p++)
		slots[p & producer->mask].stamp = 2 * p;
	producer->next = base;
	consumer->next = base;
}

#endif /* SELFTESTS_RING_MESSAGES_H */
