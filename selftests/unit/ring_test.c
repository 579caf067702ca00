// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ring of messages, lib/shm/ring.c, one end and one operation at a time: what
 * it holds, what it refuses, and what a hostile peer's stamps do to it, in every
 * geometry and near the positions where integers of 32 and 64 bits end.
 *
 * every_sequence compares it with a queue of two numbers over all sequences of
 * twelve operations.  Two ends at once are in ring_race_test.c, and all orders of
 * the single accesses in ring_schedules_test.c.
 */
#include "two_ends.h"

#include "ring_messages.h"

#define SLOTS_MAX	16

/* Slots between two stretches of memory that nobody may touch. */
FIXTURE(ring)
{
	uint64_t before[64];
	struct sluice_ring_slot slots[SLOTS_MAX];
	uint64_t behind[64];
	struct ring_producer producer;
	struct ring_consumer consumer;
	uint32_t sent[SLOTS_MAX];
};

FIXTURE_VARIANT(ring)
{
	uint64_t slots, capacity, base;
};

#define GEOMETRY(name, n, c, at)						\
	FIXTURE_VARIANT_ADD(ring, name)						\
	{									\
		.slots = n, .capacity = c, .base = at,				\
	}

GEOMETRY(n2_c1, 2, 1, 0);
GEOMETRY(n2_c2, 2, 2, 0);
GEOMETRY(n4_c3, 4, 3, 0);
GEOMETRY(n4_c4, 4, 4, 0);
GEOMETRY(n8_c1, 8, 1, 0);
GEOMETRY(n16_c16, 16, 16, 0);
GEOMETRY(n4_c4_stamps_reach_2_32, 4, 4, (UINT64_C(1) << 31) - 7);
GEOMETRY(n2_c2_positions_reach_2_32, 2, 2, (UINT64_C(1) << 32) - 7);
GEOMETRY(n4_c3_positions_reach_2_32, 4, 3, (UINT64_C(1) << 32) - 7);
GEOMETRY(n4_c4_stamps_reach_2_63, 4, 4, (UINT64_C(1) << 62) - 7);
GEOMETRY(n4_c3_before_2_63, 4, 3, (UINT64_C(1) << 63) - 700);

FIXTURE_SETUP(ring)
{
	memset(self, 0xa5, sizeof(*self));
	ring_format(self->slots, variant->slots);
	ring_producer_init(&self->producer, self->slots, variant->slots,
			   variant->capacity, self->sent);
	ring_consumer_init(&self->consumer, self->slots, variant->slots);
	ring_begin_at(self->slots, &self->producer, &self->consumer, variant->base);
}

FIXTURE_TEARDOWN(ring)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(self->before); i++) {
		EXPECT_EQ(UINT64_C(0xa5a5a5a5a5a5a5a5), self->before[i]);
		EXPECT_EQ(UINT64_C(0xa5a5a5a5a5a5a5a5), self->behind[i]);
	}
	for (i = variant->slots; i < SLOTS_MAX; i++)
		EXPECT_EQ(UINT64_C(0xa5a5a5a5a5a5a5a5), self->slots[i].stamp);
	EXPECT_EQ(0, count_leaks());
}

static int push(struct ring_producer *ring)
{
	struct ring_message message = message_at(ring->next);

	return ring_push(ring, &message);
}

/* Receives, and is content only with the message of this position. */
static int pop(struct ring_consumer *ring, uint64_t position)
{
	struct ring_message message;
	int result = ring_pop(ring, &message);

	return result == 1 && !is_message_at(&message, position) ? -EBADMSG : result;
}

static struct sluice_ring_slot *slot_of(struct ring_producer *ring, uint64_t position)
{
	return &ring->slots[position & ring->mask];
}

TEST_F(ring, formatted)
{
	struct sluice_ring_slot slots[SLOTS_MAX];
	uint64_t i;

	ring_format(slots, variant->slots);
	for (i = 0; i < variant->slots; i++)
		EXPECT_EQ(2 * i, slots[i].stamp);
}

TEST_F(ring, empty)
{
	uint64_t base = variant->base;
	uint32_t slice = 77;

	EXPECT_EQ(0, pop(&self->consumer, base));
	EXPECT_FALSE(ring_ready(&self->consumer));
	EXPECT_EQ(0, ring_take_back(&self->producer, &slice));
	EXPECT_EQ(77, slice);
	EXPECT_EQ(base, self->consumer.next);
	EXPECT_EQ(base, self->producer.next);
}

TEST_F(ring, holds_its_capacity)
{
	uint64_t base = variant->base, round, i;

	for (round = 0; round < 5; round++, base += variant->capacity) {
		for (i = 0; i < variant->capacity; i++) {
			ASSERT_EQ(0, push(&self->producer));
			ASSERT_TRUE(ring_ready(&self->consumer));
		}
		ASSERT_EQ(-ENOBUFS, push(&self->producer));
		ASSERT_EQ(base + variant->capacity, self->producer.next);
		for (i = 0; i < variant->capacity; i++)
			ASSERT_EQ(1, pop(&self->consumer, base + i));
		ASSERT_EQ(0, pop(&self->consumer, base + i));
		ASSERT_FALSE(ring_ready(&self->consumer));
	}
}

TEST_F(ring, stays_in_order_at_every_fill)
{
	uint64_t next = variant->base, fill, i;

	for (fill = 1; fill <= variant->capacity; fill++) {
		while (self->producer.next - next < fill)
			ASSERT_EQ(0, push(&self->producer));
		for (i = 0; i < 2 * variant->slots + 1; i++, next++) {
			ASSERT_EQ(1, pop(&self->consumer, next));
			ASSERT_EQ(0, push(&self->producer));
		}
	}
}

TEST_F(ring, takes_back_the_oldest_of_a_full_ring_only)
{
	uint64_t oldest = variant->base, i;
	uint32_t slice = 77;

	for (i = 0; i < variant->capacity; i++) {
		ASSERT_EQ(0, ring_take_back(&self->producer, &slice));
		ASSERT_EQ(77, slice);
		ASSERT_EQ(0, push(&self->producer));
	}
	for (i = 0; i < 3 * variant->slots; i++, oldest++) {
		slice = 77;
		ASSERT_EQ(1, ring_take_back(&self->producer, &slice));
		ASSERT_EQ(message_at(oldest).slice, slice);
		ASSERT_EQ(0, ring_take_back(&self->producer, &slice));
		ASSERT_EQ(0, push(&self->producer));
	}
	ASSERT_EQ(1, pop(&self->consumer, oldest));
	ASSERT_EQ(0, ring_take_back(&self->producer, &slice));
	ASSERT_EQ(0, push(&self->producer));
}

TEST_F(ring, lapped_by_any_number)
{
	uint64_t next = variant->base, capacity = variant->capacity, laps, i;
	uint32_t slice;

	for (laps = 0; laps < 4 * variant->slots; laps++) {
		for (i = 0; i < capacity + laps; i++) {
			if (i >= capacity)
				ASSERT_EQ(1, ring_take_back(&self->producer, &slice));
			ASSERT_EQ(0, push(&self->producer));
		}
		next += laps;
		for (i = 0; i < capacity; i++, next++)
			ASSERT_EQ(1, pop(&self->consumer, next));
		ASSERT_EQ(0, pop(&self->consumer, next));
	}
}

/* Each stamp that the producer of this ring has never written. */
TEST_F(ring, producer_refuses_foreign_stamps)
{
	uint64_t n = variant->slots, next, oldest, i;
	uint32_t slice = 77;

	for (i = 0; i < variant->capacity; i++)
		ASSERT_EQ(0, push(&self->producer));
	next = self->producer.next;
	oldest = next - variant->capacity;

	const uint64_t hostile[] = {
		0, 1, UINT64_MAX, UINT64_MAX - 1, 2 * oldest, 2 * oldest - 1,
		2 * oldest + 2, 2 * oldest + 3, 2 * (oldest + n) + 1,
		2 * (oldest + n) + 2, 2 * (oldest - n), 2 * (oldest + 2 * n),
	};

	for (i = 0; i < ARRAY_SIZE(hostile); i++) {
		if (hostile[i] == 2 * oldest + 1 || hostile[i] == 2 * (oldest + n))
			continue;
		slot_of(&self->producer, oldest)->stamp = hostile[i];
		EXPECT_EQ(-EPROTO, push(&self->producer));
		EXPECT_EQ(-EPROTO, ring_take_back(&self->producer, &slice));
		EXPECT_EQ(77, slice);
		EXPECT_EQ(next, self->producer.next);
		EXPECT_EQ(hostile[i], slot_of(&self->producer, oldest)->stamp);
	}

	/* There is room, but the slot it is in is not free for this position. */
	slot_of(&self->producer, oldest)->stamp = 2 * (oldest + n);
	if (variant->capacity == n)
		return;
	for (i = 0; i < ARRAY_SIZE(hostile); i++) {
		if (hostile[i] == 2 * next)
			continue;
		slot_of(&self->producer, next)->stamp = hostile[i];
		EXPECT_EQ(-EPROTO, push(&self->producer));
		EXPECT_EQ(hostile[i], slot_of(&self->producer, next)->stamp);
	}
}

/* What a consumer at h must make of a stamp, if the slots behind h are empty. */
static int judgement(uint64_t h, uint64_t n, uint64_t stamp)
{
	uint64_t p = stamp / 2;

	if (p == h)
		return stamp % 2;
	if (p < h || (p - h) % n)
		return -EPROTO;
	/*
	 * Lapped, and the slot to go on with is that of p - n + 1, or if this one is free
	 * that of p - 2n + 1 or h + 1: which says that it is empty for h + 1.
	 */
	if (p == h + n || (stamp % 2 == 0 && p == h + 2 * n))
		return 0;
	return -EPROTO;
}

TEST_F(ring, consumer_judges_every_stamp)
{
	uint64_t n = variant->slots, h = variant->base, i, k;
	uint64_t stamps[] = {
		0, 1, 2, 3, UINT64_MAX, UINT64_MAX - 1, UINT64_MAX / 2, UINT64_MAX / 2 + 1,
		UINT64_C(1) << 32, (UINT64_C(1) << 32) + 1, UINT32_MAX,
		2 * h - 2, 2 * h - 1, 2 * h, 2 * h + 1, 2 * h + 2, 2 * h + 3,
		2 * (h - n), 2 * (h - n) + 1, 2 * (h + n), 2 * (h + n) + 1,
		2 * (h + n) - 1, 2 * (h + n) + 2, 2 * (h + 2 * n), 2 * (h + 3 * n) + 1,
	};

	for (i = 0; i < ARRAY_SIZE(stamps); i++) {
		struct ring_message message = { .position = 99 };
		int expected = judgement(h, n, stamps[i]);

		for (k = 0; k < n; k++)
			slot_of(&self->producer, h + k)->stamp = 2 * (h + k);
		slot_of(&self->producer, h)->stamp = stamps[i];
		self->consumer.next = h;
		EXPECT_EQ(stamps[i] != 2 * h, ring_ready(&self->consumer));
		EXPECT_EQ(expected, ring_pop(&self->consumer, &message)) {
			TH_LOG("stamp %llx", (unsigned long long)stamps[i]);
		}
		if (expected != 1)
			EXPECT_EQ(99, message.position);
		EXPECT_EQ(expected == 1 ? 2 * (h + n) : stamps[i],
			  slot_of(&self->producer, h)->stamp);
	}
}

/* Nothing is believed, so nothing hangs and nothing else is touched. */
TEST_F(ring, survives_random_stamps)
{
	uint64_t random = test_seed(), n = variant->slots, i;
	struct ring_message message = { .position = 0 };
	uint32_t slice;
	int result;

	TH_LOG("SEED=%llu", (unsigned long long)random);
	for (i = 0; i < 100000; i++) {
		uint64_t r = next_random(&random);
		uint64_t near = 2 * (self->consumer.next + r % (4 * n) - 2 * n) + (r >> 8 & 1);

		self->slots[r >> 16 & (n - 1)].stamp = r >> 32 & 7 ? near : r;
		result = ring_pop(&self->consumer, &message);
		ASSERT_TRUE(result == 1 || result == 0 || result == -EPROTO);
		result = push(&self->producer);
		ASSERT_TRUE(result == 0 || result == -ENOBUFS || result == -EPROTO);
		result = ring_take_back(&self->producer, &slice);
		ASSERT_TRUE(result == 1 || result == 0 || result == -EPROTO);
	}
}

/*
 * 2^63 messages are never sent, but a position may be forged.  There the stamps
 * begin again at 0: messages still pass, and nobody reads beyond the ring.
 */
TEST(ring_passes_2_63)
{
	struct sluice_ring_slot slots[4];
	struct ring_producer producer;
	struct ring_consumer consumer;
	uint32_t sent[4];
	uint64_t i;

	ring_format(slots, 4);
	ring_producer_init(&producer, slots, 4, 4, sent);
	ring_consumer_init(&consumer, slots, 4);
	ring_begin_at(slots, &producer, &consumer, (UINT64_C(1) << 63) - 9);
	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, push(&producer));
		ASSERT_EQ(1, pop(&consumer, consumer.next));
	}
}

/* The reference: positions from oldest to next are in the ring. */
struct world {
	struct sluice_ring_slot slots[4];
	struct ring_producer producer;
	struct ring_consumer consumer;
	uint32_t sent[4];
	uint64_t oldest, next;
};

static bool step(struct world *w, int operation)
{
	bool full = w->next - w->oldest == w->producer.capacity;
	bool empty = w->next == w->oldest;
	bool ready = ring_ready(&w->consumer);
	uint32_t slice;

	switch (operation) {
	case 0:
		if (push(&w->producer) != (full ? -ENOBUFS : 0))
			return false;
		w->next += !full;
		return w->producer.next == w->next;
	case 1:
		if (ring_take_back(&w->producer, &slice) != full)
			return false;
		w->oldest += full;
		return !full || slice == message_at(w->oldest - 1).slice;
	default:
		if (pop(&w->consumer, w->oldest) != !empty || (!empty && !ready))
			return false;
		w->oldest += !empty;
		return empty ? !ring_ready(&w->consumer) : true;
	}
}

/* Tries all sequences that begin like this; counts them, or returns -1. */
static long try_all(const struct world *w, int depth)
{
	long count = 0, result;
	int operation;

	if (!depth)
		return 1;
	for (operation = 0; operation < 3; operation++) {
		struct world next = *w;

		next.producer.slots = next.consumer.slots = next.slots;
		next.producer.sent = next.sent;
		result = step(&next, operation) ? try_all(&next, depth - 1) : -1;
		if (result < 0)
			return -1;
		count += result;
	}
	return count;
}

TEST(ring_every_sequence)
{
	static const struct { uint64_t slots, capacity; } geometries[] = {
		{ 2, 1 }, { 2, 2 }, { 4, 3 }, { 4, 1 },
	};
	struct world w;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(geometries); i++) {
		memset(&w, 0, sizeof(w));
		ring_format(w.slots, geometries[i].slots);
		ring_producer_init(&w.producer, w.slots, geometries[i].slots,
				   geometries[i].capacity, w.sent);
		ring_consumer_init(&w.consumer, w.slots, geometries[i].slots);
		EXPECT_EQ(531441, try_all(&w, 12));
	}
}

TEST_HARNESS_MAIN
