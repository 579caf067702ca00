// SPDX-License-Identifier: GPL-2.0-only
/*
 * The doorbell through every schedule of a producer and a consumer that both
 * sleep: one when the ring is full or no slice is at home, the other when the ring
 * is empty.  However their accesses fall, and however long their stores are under
 * way, nobody sleeps while there is something to do, and no arming is answered by
 * two wakes.
 *
 * Each part of the protocol is also left out once, and the search must then find
 * somebody who sleeps for ever.
 */
#include "ring_messages.h"

#include "shm/doorbell.h"
#include "shm/returns.h"

#define SLOTS_MAX	2

struct shared {
	struct sluice_ring_slot slots[SLOTS_MAX];
	struct sluice_return entries[SLOTS_MAX];
	struct sluice_doorbell bells[2];
};

struct actor {
	struct ring_producer producer;
	struct ring_consumer consumer;
	struct returns returns;
	uint32_t sent[SLOTS_MAX];
	uint64_t at_home;	/* slices */
	uint64_t slept;		/* since the last operation */
	uint64_t armings;	/* of the own bell */
	uint64_t wakes;		/* of the other's */
};

#include "schedules.h"

#define MESSAGES	(THREAD_SANITIZER ? 3u : 4u)

enum { PRODUCER, CONSUMER };

static struct {
	bool lends;		/* slices, which must come home */
	bool looks_again[2];	/* after arming */
	bool rings_first;	/* the producer, before it publishes */
} does;

static void ring_the_other(int who, struct actor *self)
{
	uint32_t event = who == PRODUCER ? SLUICE_DOORBELL_MESSAGE : SLUICE_DOORBELL_SPACE;
	struct sluice_doorbell *bell = &state.shared.bells[!who];

	if (doorbell_ring(bell, event) == DOORBELL_SILENT)
		return;
	self->wakes++;
	futex_wake(&bell->word);
}

static bool produce(struct actor *self)
{
	struct ring_message message = message_at(self->producer.next);
	uint32_t number;
	int result;

	if (does.lends && !self->at_home) {
		if (!returns_pop(&self->returns, &number))
			return false;
		self->at_home++;
	}
	result = ring_push(&self->producer, &message);
	if (result && (does.lends || result != -ENOBUFS))
		found("the producer sees a broken protocol");
	self->at_home -= !result;
	return !result;
}

static bool consume(struct actor *self)
{
	uint64_t next = self->consumer.next;
	struct ring_message message;
	int result;

	result = ring_pop(&self->consumer, &message);
	if (result < 0 || (result && !is_message_at(&message, next)))
		found("the consumer sees a broken protocol");
	if (result && does.lends)
		returns_push(&self->returns, 0);
	return result;
}

/* Transfers one message and tells the other. */
static bool try(int who, struct actor *self)
{
	bool first = does.rings_first && who == PRODUCER, moved;

	if (first)
		ring_the_other(who, self);
	moved = who == PRODUCER ? produce(self) : consume(self);
	if (moved && !first)
		ring_the_other(who, self);
	return moved;
}

static void act(int who, struct actor *self)
{
	uint32_t event = who == PRODUCER ? SLUICE_DOORBELL_SPACE : SLUICE_DOORBELL_MESSAGE;
	struct sluice_doorbell *bell = &state.shared.bells[who];
	uint32_t armed;

	if (self->slept) {
		doorbell_disarm(bell);
		self->slept = false;
	}
	if (try(who, self))
		return;
	armed = doorbell_arm(bell, event);
	self->armings++;
	if (does.looks_again[who]) {
		if (who == PRODUCER ? try(who, self) : ring_ready(&self->consumer)) {
			doorbell_disarm(bell);
			return;
		}
	}
	futex_sleep(&bell->word, armed);
	self->slept = true;
}

static bool may_act(int who, const struct actor *self)
{
	return (who == PRODUCER ? self->producer.next : self->consumer.next) < MESSAGES;
}

static const char *wrong(const struct world *world, bool done)
{
	int i;

	(void)done;
	/* What an actor counts is there when its operation has ended. */
	if (world->done[PRODUCER].count || world->done[CONSUMER].count)
		return NULL;
	for (i = 0; i < ACTORS; i++)
		if (world->actors[i].wakes > world->actors[!i].armings)
			return "more wakes than armings";
	return NULL;
}

FIXTURE(doorbell_schedules)
{
	int unused;
};

FIXTURE_VARIANT(doorbell_schedules)
{
	uint64_t capacity, slices;
};

FIXTURE_VARIANT_ADD(doorbell_schedules, c1)
{
	.capacity = 1,
};

FIXTURE_VARIANT_ADD(doorbell_schedules, c2)
{
	.capacity = 2,
};

FIXTURE_VARIANT_ADD(doorbell_schedules, one_slice)
{
	.capacity = 2, .slices = 1,
};

FIXTURE_VARIANT_ADD(doorbell_schedules, two_slices)
{
	.capacity = 2, .slices = 2,
};

FIXTURE_SETUP(doorbell_schedules)
{
	struct actor *producer = &state.actors[PRODUCER];
	uint64_t i;

	memset(&state, 0, sizeof(state));
	for (i = 0; i < SLOTS_MAX; i++)
		state.shared.slots[i].stamp = 2 * i;
	ring_producer_init(&producer->producer, state.shared.slots, SLOTS_MAX,
			   variant->capacity, producer->sent);
	ring_consumer_init(&state.actors[CONSUMER].consumer, state.shared.slots, SLOTS_MAX);
	returns_init(&producer->returns, state.shared.entries, SLOTS_MAX);
	returns_init(&state.actors[CONSUMER].returns, state.shared.entries, SLOTS_MAX);
	producer->at_home = variant->slices;
	does.lends = variant->slices;
	does.looks_again[PRODUCER] = does.looks_again[CONSUMER] = true;
}

FIXTURE_TEARDOWN(doorbell_schedules)
{
	EXPECT_EQ(0, count_leaks());
}

TEST_F(doorbell_schedules, nobody_sleeps_for_ever)
{
	EXPECT_ALL_RIGHT();
}

#define MUST_BE_FOUND(name, mistake)						\
	TEST_F(doorbell_schedules, name)					\
	{									\
		mistake;							\
		EXPECT_NE(NULL, search_all());					\
	}

MUST_BE_FOUND(consumer_that_does_not_look_again, does.looks_again[CONSUMER] = false)
MUST_BE_FOUND(producer_that_does_not_look_again, does.looks_again[PRODUCER] = false)
MUST_BE_FOUND(producer_that_rings_first, does.rings_first = true)

/* The look that follows may then be early. */
static void make_plain(int who, const void *from, size_t size)
{
	search.plain.by = who;
	search.plain.from = from;
	search.plain.size = size;
}

#define MAKE_PLAIN(who, words)	make_plain(who, &(words), sizeof(words))

MUST_BE_FOUND(r1_as_a_plain_store, MAKE_PLAIN(PRODUCER, state.shared.slots))
MUST_BE_FOUND(b1_of_the_producer_as_a_plain_store,
	      MAKE_PLAIN(PRODUCER, state.shared.bells[PRODUCER]))
MUST_BE_FOUND(b1_of_the_consumer_as_a_plain_store,
	      MAKE_PLAIN(CONSUMER, state.shared.bells[CONSUMER]))

TEST_F(doorbell_schedules, t1_as_a_plain_store)
{
	if (variant->slices != 1)
		SKIP(return, "with more slices the next claim publishes the return");
	MAKE_PLAIN(CONSUMER, state.shared.entries);
	EXPECT_NE(NULL, search_all());
}

TEST_HARNESS_MAIN
