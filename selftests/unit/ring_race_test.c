// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ring of messages with both ends at work at once: a million messages in each
 * geometry, between two threads and between two processes.
 *
 * The producer never stands still for long: when the ring is full it waits a
 * random number of turns, often none, and takes the oldest message back.  So the
 * two ends meet over the same message again and again.  Each keeps a book of what
 * it got; together they must hold every position once, in order, and every
 * message whole.
 */
#include "ring_messages.h"

/* The thread sanitizer makes a tenth of the speed. */
#define MESSAGES	(THREAD_SANITIZER ? UINT64_C(300000) : UINT64_C(1000000))
#define SLOTS_MAX	8

enum { PRODUCER, CONSUMER };

struct arena {
	struct two_ends ends;
	uint64_t slot_count, capacity, base;
	struct sluice_ring_slot slots[SLOTS_MAX] __attribute__((__aligned__(64)));
	uint64_t late __attribute__((__aligned__(64)));	/* the consumer was faster */
	uint8_t taken_back[MESSAGES];
	uint8_t consumed[MESSAGES];
};

FIXTURE(ring_race)
{
	struct arena *arena;
};

FIXTURE_VARIANT(ring_race)
{
	bool processes;
	uint64_t slots, capacity, base;
};

#define GEOMETRY(name, n, c, at)						\
	FIXTURE_VARIANT_ADD(ring_race, threads_##name)				\
	{									\
		.processes = false, .slots = n, .capacity = c, .base = at,	\
	};									\
	FIXTURE_VARIANT_ADD(ring_race, processes_##name)			\
	{									\
		.processes = true, .slots = n, .capacity = c, .base = at,	\
	}

GEOMETRY(n2_c1, 2, 1, 0);
GEOMETRY(n2_c2_over_2_32, 2, 2, (UINT64_C(1) << 32) - MESSAGES / 2);
GEOMETRY(n8_c5_stamps_over_2_63, 8, 5, (UINT64_C(1) << 62) - MESSAGES / 2);
GEOMETRY(n8_c8_below_2_63, 8, 8, (UINT64_C(1) << 63) - MESSAGES - 8);

FIXTURE_SETUP(ring_race)
{
	self->arena = two_ends_make(_metadata, sizeof(*self->arena), MESSAGES);
	self->arena->slot_count = variant->slots;
	self->arena->capacity = variant->capacity;
	self->arena->base = variant->base;
}

FIXTURE_TEARDOWN(ring_race)
{
	two_ends_drop(_metadata, &self->arena->ends);
}

/* Makes room by force; false when that went wrong. */
static bool take_back(struct arena *arena, struct ring_producer *ring)
{
	uint64_t oldest = ring->next - ring->capacity;
	uint32_t slice;
	int result;

	result = ring_take_back(ring, &slice);
	if (!result) {
		arena->late++;
		return true;
	}
	if (result < 0 || slice != message_at(oldest).slice) {
		end_failed(&arena->ends, PRODUCER, "taking back %llu: %d, slice %u",
			   (unsigned long long)(oldest - arena->base), result, slice);
		return false;
	}
	arena->taken_back[oldest - arena->base]++;
	return true;
}

static void produce(void *memory)
{
	struct arena *arena = memory;
	uint64_t random = arena->ends.seed, i;
	uint32_t sent[SLOTS_MAX];
	struct ring_producer ring;
	unsigned int turns = 0;

	ring_producer_init(&ring, arena->slots, arena->slot_count, arena->capacity, sent);
	ring.next = arena->base;
	for (i = 0; more_rounds(&arena->ends, i); i++) {
		struct ring_message message = message_at(ring.next);
		uint64_t r = next_random(&random);
		unsigned int patience = r & 3 ? r >> 8 & 255 : 0;
		int result;

		begin_round(&arena->ends, i);
		while ((result = ring_push(&ring, &message)) == -ENOBUFS) {
			if (stopped(&arena->ends))
				return;
			if (patience) {
				patience--;
				give_way(&turns);
			} else if (!take_back(arena, &ring)) {
				return;
			}
		}
		if (result) {
			end_failed(&arena->ends, PRODUCER, "pushing %llu: %d",
				   (unsigned long long)i, result);
			return;
		}
	}
}

static void consume(void *memory)
{
	struct arena *arena = memory;
	uint64_t random = ~arena->ends.seed, least = arena->base;
	struct ring_consumer ring;
	unsigned int turns = 0;

	ring_consumer_init(&ring, arena->slots, arena->slot_count);
	ring.next = arena->base;
	/* The last message is never taken back. */
	while (more_rounds(&arena->ends, least - arena->base)) {
		struct ring_message message;
		unsigned int idle;
		int result;

		result = ring_pop(&ring, &message);
		if (!result) {
			give_way(&turns);
			continue;
		}
		if (result < 0 || message.position < least ||
		    message.position - arena->base >= MESSAGES ||
		    !is_message_at(&message, message.position)) {
			end_failed(&arena->ends, CONSUMER, "popping %llu or later: %d, %llu",
				   (unsigned long long)(least - arena->base), result,
				   (unsigned long long)(message.position - arena->base));
			return;
		}
		arena->consumed[message.position - arena->base]++;
		least = message.position + 1;
		for (idle = next_random(&random) & 31; idle > 16; idle--)
			spin_hint();
	}
}

TEST_F_TIMEOUT(ring_race, each_message_once, RACE_TIMEOUT)
{
	struct arena *arena = self->arena;
	uint64_t consumed = 0, taken_back = 0, i;
	struct ring_producer producer;
	struct ring_consumer consumer;
	uint32_t sent[SLOTS_MAX];

	if (variant->processes && THREAD_SANITIZER)
		SKIP(return, SKIP_PROCESSES);

	ring_producer_init(&producer, arena->slots, variant->slots, variant->capacity, sent);
	ring_consumer_init(&consumer, arena->slots, variant->slots);
	ring_begin_at(arena->slots, &producer, &consumer, variant->base);

	two_ends_run(_metadata, &arena->ends, variant->processes, produce, consume);

	for (i = 0; i < arena->ends.rounds; i++) {
		consumed += arena->consumed[i];
		taken_back += arena->taken_back[i];
		ASSERT_EQ(1, arena->consumed[i] + arena->taken_back[i]) {
			TH_LOG("position %llu: consumed %u times, taken back %u times",
			       (unsigned long long)i, arena->consumed[i],
			       arena->taken_back[i]);
		}
	}
	TH_LOG("%llu consumed, %llu taken back, %llu times too late",
	       (unsigned long long)consumed, (unsigned long long)taken_back,
	       (unsigned long long)arena->late);
	EXPECT_LT(0, consumed);
	EXPECT_LT(0, taken_back);
}

TEST_HARNESS_MAIN
