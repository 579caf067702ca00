// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ring in which slices come home, lib/shm/returns.c: each number arrives
 * once, in order, also where the upper half of an entry begins again at 0; what a
 * hostile peer writes is either no entry or some number.
 *
 * In the races slices circulate between two ends, out through a ring of messages
 * and home through a ring of returns.  Their payload is plain memory, so the
 * thread sanitizer sees whether T1 and R1 publish what they should.
 */
#include "ring_messages.h"

#include "shm/returns.h"

#define ENTRIES		8

FIXTURE(returns)
{
	struct sluice_return entries[ENTRIES];
	struct returns giver, owner;
};

FIXTURE_VARIANT(returns)
{
	uint64_t entries, base;
};

FIXTURE_VARIANT_ADD(returns, from_0)
{
	.entries = ENTRIES, .base = 0,
};

FIXTURE_VARIANT_ADD(returns, over_2_32)
{
	.entries = ENTRIES, .base = (UINT64_C(1) << 32) - 9,
};

FIXTURE_VARIANT_ADD(returns, two_entries_over_2_32)
{
	.entries = 2, .base = (UINT64_C(1) << 32) - 9,
};

FIXTURE_VARIANT_ADD(returns, over_2_64)
{
	.entries = ENTRIES, .base = UINT64_MAX - 8,
};

/* As if base entries had passed already, all with the number 0. */
static void begin_at(struct returns *giver, struct returns *owner, uint64_t base)
{
	uint64_t p;

	for (p = base - owner->mask - 1; p != base; p++)
		if (base)
			owner->entries[p & owner->mask].word = (p + 1) << 32;
	giver->next = base;
	owner->next = base;
}

FIXTURE_SETUP(returns)
{
	memset(self, 0, sizeof(*self));
	returns_init(&self->giver, self->entries, variant->entries);
	returns_init(&self->owner, self->entries, variant->entries);
	ASSERT_EQ(0, self->owner.next);
	begin_at(&self->giver, &self->owner, variant->base);
}

FIXTURE_TEARDOWN(returns)
{
	EXPECT_EQ(0, count_leaks());
}

TEST_F(returns, empty)
{
	uint32_t number = 77;

	EXPECT_FALSE(returns_pop(&self->owner, &number));
	EXPECT_EQ(77, number);
	EXPECT_EQ(variant->base, self->owner.next);
}

TEST_F(returns, in_order_at_every_fill)
{
	uint64_t given = 0, taken = 0, fill, i;
	uint32_t number;

	for (fill = 1; fill <= variant->entries; fill++) {
		for (i = 0; i < 3 * variant->entries; i++) {
			while (given - taken < fill)
				returns_push(&self->giver, (uint32_t)mix(given++));
			ASSERT_TRUE(returns_pop(&self->owner, &number));
			ASSERT_EQ((uint32_t)mix(taken++), number);
		}
	}
	for (; taken < given; taken++) {
		ASSERT_TRUE(returns_pop(&self->owner, &number));
		ASSERT_EQ((uint32_t)mix(taken), number);
	}
	ASSERT_FALSE(returns_pop(&self->owner, &number));
}

TEST_F(returns, every_number_passes)
{
	static const uint32_t numbers[] = { 0, 1, INT32_MAX, UINT32_MAX - 1, UINT32_MAX };
	uint32_t number;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		returns_push(&self->giver, numbers[i]);
		ASSERT_TRUE(returns_pop(&self->owner, &number));
		ASSERT_EQ(numbers[i], number);
	}
}

TEST_F(returns, garbage_is_no_entry)
{
	uint64_t n = variant->entries, p, i;
	uint32_t number = 77;

	for (p = variant->base; p != variant->base + 3 * n; p++) {
		const uint64_t garbage[] = {
			0, 1, UINT32_MAX, UINT64_MAX, p, p + 1, p << 32, p << 32 | 5,
			(p + 2) << 32 | 5, (p + 1 - n) << 32 | 5, (p + 1 + n) << 32 | 5,
			~((p + 1) << 32), ((p + 1) ^ UINT64_C(0x80000000)) << 32,
		};

		for (i = 0; i < ARRAY_SIZE(garbage); i++) {
			if (garbage[i] >> 32 == (uint32_t)(p + 1))
				continue;
			self->entries[p & (n - 1)].word = garbage[i];
			ASSERT_FALSE(returns_pop(&self->owner, &number)) {
				TH_LOG("%llx at %llx", (unsigned long long)garbage[i],
				       (unsigned long long)p);
			}
			ASSERT_EQ(77, number);
			ASSERT_EQ(p, self->owner.next);
		}
		returns_push(&self->giver, 5);
		ASSERT_TRUE(returns_pop(&self->owner, &number));
		ASSERT_EQ(5, number);
		number = 77;
	}
}

/* An end that lies about the number is believed: to check it is the owner's. */
TEST_F(returns, forged_number_is_handed_on)
{
	uint32_t number;

	self->entries[variant->base & (variant->entries - 1)].word =
		(variant->base + 1) << 32 | 0xdeadbeef;
	ASSERT_TRUE(returns_pop(&self->owner, &number));
	ASSERT_EQ(0xdeadbeef, number);
	ASSERT_FALSE(returns_pop(&self->owner, &number));
}

/* ---- Slices that circulate ------------------------------------------------- */

/* The thread sanitizer makes a tenth of the speed. */
#define MESSAGES	(THREAD_SANITIZER ? UINT64_C(300000) : UINT64_C(1000000))
#define SLICES		8
#define SLOTS		8
#define BASE		((UINT64_C(1) << 32) - MESSAGES / 2)

enum { OWNER, RECEIVER };

struct arena {
	struct two_ends ends;
	struct sluice_ring_slot slots[SLOTS] __attribute__((__aligned__(64)));
	struct sluice_return entries[SLICES] __attribute__((__aligned__(64)));
	uint64_t payload[SLICES][8] __attribute__((__aligned__(64)));
};

/* The lowest slice that is at home, or -1; home has a bit for each. */
static int lowest(uint32_t home)
{
	return home ? __builtin_ctz(home) : -1;
}

static bool take_home(struct arena *arena, struct returns *returns, uint32_t *home)
{
	uint32_t number;

	while (returns_pop(returns, &number)) {
		if (number >= SLICES || *home & 1u << number) {
			end_failed(&arena->ends, OWNER, "slice %u came home twice", number);
			return false;
		}
		*home |= 1u << number;
	}
	return true;
}

static void own(void *memory)
{
	struct arena *arena = memory;
	uint32_t sent[SLOTS], home = (1u << SLICES) - 1;
	struct ring_producer ring;
	struct returns returns;
	unsigned int turns = 0;
	uint64_t i, k;
	int slice;

	ring_producer_init(&ring, arena->slots, SLOTS, SLOTS, sent);
	returns_init(&returns, arena->entries, SLICES);
	ring.next = BASE;
	returns.next = BASE;
	for (i = 0; more_rounds(&arena->ends, i); i++) {
		struct ring_message message = message_at(ring.next);

		begin_round(&arena->ends, i);
		while ((slice = lowest(home)) < 0) {
			if (!take_home(arena, &returns, &home) || stopped(&arena->ends))
				return;
			give_way(&turns);
		}
		home &= ~(1u << slice);
		for (k = 0; k < 8; k++)
			arena->payload[slice][k] = mix(i + k);
		message.slice = (uint32_t)slice;
		/* It has a slot for each slice. */
		if (ring_push(&ring, &message)) {
			end_failed(&arena->ends, OWNER, "no slot for %llu",
				   (unsigned long long)i);
			return;
		}
	}
	while (home != (1u << SLICES) - 1) {
		if (!take_home(arena, &returns, &home) || stopped(&arena->ends))
			return;
		give_way(&turns);
	}
}

static void receive(void *memory)
{
	struct arena *arena = memory;
	uint64_t random = arena->ends.seed, i = 0, k;
	uint32_t held[SLICES], count = 0, which;
	struct ring_consumer ring;
	struct returns returns;
	unsigned int turns = 0;
	bool more;

	ring_consumer_init(&ring, arena->slots, SLOTS);
	returns_init(&returns, arena->entries, SLICES);
	ring.next = BASE;
	returns.next = BASE;
	while ((more = more_rounds(&arena->ends, i)) || count) {
		struct ring_message message;

		if (more && ring_pop(&ring, &message) == 1) {
			for (k = 0; k < 8; k++)
				if (arena->payload[message.slice % SLICES][k] != mix(i + k))
					end_failed(&arena->ends, RECEIVER,
						   "payload of %llu in slice %u",
						   (unsigned long long)i, message.slice);
			held[count++] = message.slice;
			i++;
		} else {
			give_way(&turns);
		}
		/* Some are kept for a while, and they come home in any order. */
		if (count && (count == SLICES || !more || next_random(&random) & 3)) {
			which = next_random(&random) % count;
			returns_push(&returns, held[which]);
			held[which] = held[--count];
		}
	}
}

FIXTURE(returns_race)
{
	struct arena *arena;
};

RACE_VARIANTS(returns_race);

FIXTURE_SETUP(returns_race)
{
	self->arena = two_ends_make(_metadata, sizeof(*self->arena), MESSAGES);
}

FIXTURE_TEARDOWN(returns_race)
{
	two_ends_drop(_metadata, &self->arena->ends);
}

TEST_F_TIMEOUT(returns_race, every_slice_comes_home, RACE_TIMEOUT)
{
	struct arena *arena = self->arena;
	struct ring_producer producer;
	struct ring_consumer consumer;
	struct returns giver, owner;
	uint32_t sent[SLOTS];

	if (variant->processes && THREAD_SANITIZER)
		SKIP(return, SKIP_PROCESSES);

	ring_producer_init(&producer, arena->slots, SLOTS, SLOTS, sent);
	ring_consumer_init(&consumer, arena->slots, SLOTS);
	ring_begin_at(arena->slots, &producer, &consumer, BASE);
	returns_init(&giver, arena->entries, SLICES);
	returns_init(&owner, arena->entries, SLICES);
	begin_at(&giver, &owner, BASE);

	two_ends_run(_metadata, &arena->ends, variant->processes, own, receive);
}

TEST_HARNESS_MAIN
