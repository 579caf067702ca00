// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ring of messages through every schedule of a producer that takes back what
 * it finds no room for and a consumer that never stops: each position is consumed
 * or taken back, once, in order, whole, and both come to their end.
 *
 * A claim made without comparing must be found out, on either side: that is what
 * the replacements R3 and R4 are for.
 */
#include "ring_messages.h"

#define SLOTS_MAX	4

struct shared {
	struct sluice_ring_slot slots[SLOTS_MAX];
};

struct actor {
	struct ring_producer producer;
	struct ring_consumer consumer;
	uint32_t sent[SLOTS_MAX];
	uint64_t got;		/* a bit for each position consumed or taken back */
};

#include "schedules.h"

enum { PRODUCER, CONSUMER };

static uint64_t messages;
static uint64_t withdraws;	/* of three messages the one so far back; 0: none */

/* One that is on its way, or may have been. */
static void withdraw(struct actor *self)
{
	uint64_t position = self->producer.next - withdraws;

	if (!withdraws || self->producer.next < withdraws || position % 3 ||
	    position == messages - 1)
		return;
	if (ring_withdraw(&self->producer, position))
		self->got |= UINT64_C(1) << position;
}

static void produce(struct actor *self)
{
	struct ring_message message = message_at(self->producer.next);
	uint64_t oldest = self->producer.next - self->producer.capacity;
	uint32_t slice;
	int result;

	result = ring_push(&self->producer, &message);
	if (result == -ENOBUFS) {
		result = ring_take_back(&self->producer, &slice);
		if (result == 1) {
			self->got |= UINT64_C(1) << oldest;
			if (slice != message_at(oldest).slice)
				found("another slice was taken back");
		}
	}
	if (result < 0)
		found("the producer sees a broken protocol");
	if (!result)
		withdraw(self);
}

static void consume(struct actor *self)
{
	uint64_t others = state.actors[PRODUCER].got, before;
	struct ring_message message;
	int result;

	result = ring_pop(&self->consumer, &message);
	if (result < 0)
		found("the consumer sees a broken protocol");
	if (result <= 0)
		return;
	if (message.position >= messages || !is_message_at(&message, message.position)) {
		found("a message is torn");
		return;
	}
	others |= state.actors[PRODUCER].got;
	before = (UINT64_C(1) << message.position) - 1;
	if (self->got & ~before)
		found("out of order or twice");
	if (before & ~(self->got | others))
		found("a message was skipped");
	self->got |= UINT64_C(1) << message.position;
}

static void act(int who, struct actor *self)
{
	if (who == PRODUCER)
		produce(self);
	else
		consume(self);
}

static bool may_act(int who, const struct actor *self)
{
	if (who == PRODUCER)
		return self->producer.next < messages;
	return !(self->got >> (messages - 1));
}

static const char *wrong(const struct world *world, bool done)
{
	uint64_t taken_back = world->actors[PRODUCER].got;
	uint64_t consumed = world->actors[CONSUMER].got;

	if (taken_back & consumed)
		return "consumed and taken back";
	if (done && (taken_back | consumed) != (UINT64_C(1) << messages) - 1)
		return "neither consumed nor taken back";
	return NULL;
}

FIXTURE(ring_schedules)
{
	int unused;
};

FIXTURE_VARIANT(ring_schedules)
{
	uint64_t slots, capacity, messages, withdraws;
};

#define GEOMETRY(name, n, c, m, w)						\
	FIXTURE_VARIANT_ADD(ring_schedules, name)				\
	{									\
		.slots = n, .capacity = c, .messages = m, .withdraws = w,	\
	}

GEOMETRY(n2_c1, 2, 1, 5, 0);
GEOMETRY(n2_c2, 2, 2, 5, 0);
GEOMETRY(n4_c3, 4, 3, 7, 0);
GEOMETRY(n4_c4, 4, 4, 7, 0);
GEOMETRY(n2_c2_withdraws_the_newest, 2, 2, 5, 1);
GEOMETRY(n2_c2_withdraws_the_oldest, 2, 2, 5, 2);
GEOMETRY(n4_c3_withdraws_the_newest, 4, 3, 7, 1);
GEOMETRY(n4_c4_withdraws_in_the_middle, 4, 4, 7, 3);

FIXTURE_SETUP(ring_schedules)
{
	struct actor *producer = &state.actors[PRODUCER];
	uint64_t i;

	messages = variant->messages;
	withdraws = variant->withdraws;
	memset(&state, 0, sizeof(state));
	for (i = 0; i < variant->slots; i++)
		state.shared.slots[i].stamp = 2 * i;
	ring_producer_init(&producer->producer, state.shared.slots, variant->slots,
			   variant->capacity, producer->sent);
	ring_consumer_init(&state.actors[CONSUMER].consumer, state.shared.slots,
			   variant->slots);
}

FIXTURE_TEARDOWN(ring_schedules)
{
	EXPECT_EQ(0, count_leaks());
}

TEST_F(ring_schedules, all_are_right)
{
	EXPECT_ALL_RIGHT();
}

TEST_F(ring_schedules, a_consumer_that_claims_blindly_is_found)
{
	search.blind_replace[CONSUMER] = true;
	EXPECT_NE(NULL, search_all());
}

TEST_F(ring_schedules, a_producer_that_takes_back_blindly_is_found)
{
	search.blind_replace[PRODUCER] = true;
	EXPECT_NE(NULL, search_all());
}

TEST_HARNESS_MAIN
