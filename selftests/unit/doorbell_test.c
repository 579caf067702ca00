// SPDX-License-Identifier: GPL-2.0-only
/*
 * The doorbell, lib/shm/doorbell.c: each transition of its word, and two ends
 * that sleep on it for real, by plain futex calls, in threads and in processes.
 *
 * The ends spin a random while before they arm, often not at all, so that the
 * news come before, between and after the steps of falling asleep.  A lost wake
 * would leave an end asleep; a sleep of ten seconds fails the test.  All orders
 * of the single accesses are in doorbell_schedules_test.c.
 */
#include "ring_messages.h"

#include <linux/futex.h>
#include <sys/syscall.h>

#include "shm/doorbell.h"
#include "shm/returns.h"

#define MESSAGE	SLUICE_DOORBELL_MESSAGE
#define SPACE	SLUICE_DOORBELL_SPACE
#define SOCKET	SLUICE_DOORBELL_SOCKET
#define ARMED	SLUICE_DOORBELL_ARMED
#define RUNG	SLUICE_DOORBELL_RUNG
#define HOT	SLUICE_DOORBELL_HOT

TEST(doorbell_fresh_one_is_hot)
{
	struct sluice_doorbell bell = { .word = 0 };

	EXPECT_EQ(HOT, bell.word);
	EXPECT_EQ(DOORBELL_SILENT, doorbell_ring(&bell, MESSAGE));
	EXPECT_EQ(HOT, bell.word);
}

TEST(doorbell_arm_says_what_to_sleep_on)
{
	static const uint32_t events[] = {
		MESSAGE, SPACE, MESSAGE | SPACE, MESSAGE | SOCKET, SPACE | SOCKET,
		MESSAGE | SPACE | SOCKET,
	};
	struct sluice_doorbell bell;
	size_t i, k;
	/* Whatever a hostile peer or an earlier arming has left there. */
	static const uint32_t before[] = { HOT, RUNG, ARMED | SPACE, UINT32_MAX };

	for (i = 0; i < ARRAY_SIZE(events); i++) {
		for (k = 0; k < ARRAY_SIZE(before); k++) {
			bell.word = before[k];
			EXPECT_EQ(ARMED | events[i], doorbell_arm(&bell, events[i]));
			EXPECT_EQ(ARMED | events[i], bell.word);
			doorbell_disarm(&bell);
			EXPECT_EQ(HOT, bell.word);
		}
	}
}

TEST(doorbell_rings_once_for_each_arming)
{
	struct sluice_doorbell bell = { .word = 0 };
	int i;

	for (i = 0; i < 3; i++) {
		doorbell_arm(&bell, MESSAGE);
		EXPECT_EQ(DOORBELL_FUTEX, doorbell_ring(&bell, MESSAGE));
		EXPECT_EQ(RUNG, bell.word);
		EXPECT_EQ(DOORBELL_SILENT, doorbell_ring(&bell, MESSAGE));
		EXPECT_EQ(RUNG, bell.word);
	}
	doorbell_disarm(&bell);
	EXPECT_EQ(DOORBELL_SILENT, doorbell_ring(&bell, MESSAGE));
	EXPECT_EQ(HOT, bell.word);
}

TEST(doorbell_rings_only_for_what_is_waited_for)
{
	struct sluice_doorbell bell = { .word = 0 };

	doorbell_arm(&bell, MESSAGE);
	EXPECT_EQ(DOORBELL_SILENT, doorbell_ring(&bell, SPACE));
	EXPECT_EQ(ARMED | MESSAGE, bell.word);

	doorbell_arm(&bell, SPACE);
	EXPECT_EQ(DOORBELL_SILENT, doorbell_ring(&bell, MESSAGE));
	EXPECT_EQ(ARMED | SPACE, bell.word);
	EXPECT_EQ(DOORBELL_FUTEX, doorbell_ring(&bell, SPACE));

	doorbell_arm(&bell, MESSAGE | SPACE);
	EXPECT_EQ(DOORBELL_FUTEX, doorbell_ring(&bell, SPACE));
	EXPECT_EQ(DOORBELL_SILENT, doorbell_ring(&bell, MESSAGE));
	EXPECT_EQ(RUNG, bell.word);
}

TEST(doorbell_rings_the_way_it_was_armed)
{
	struct sluice_doorbell bell = { .word = 0 };

	doorbell_arm(&bell, MESSAGE | SOCKET);
	EXPECT_EQ(DOORBELL_SILENT, doorbell_ring(&bell, SPACE));
	EXPECT_EQ(DOORBELL_SOCKET, doorbell_ring(&bell, MESSAGE));
	EXPECT_EQ(DOORBELL_SILENT, doorbell_ring(&bell, MESSAGE));
	doorbell_arm(&bell, SPACE);
	EXPECT_EQ(DOORBELL_FUTEX, doorbell_ring(&bell, SPACE));
}

/* A hostile owner's word gets one of the three answers, and at worst RUNG. */
TEST(doorbell_any_word)
{
	struct sluice_doorbell bell = { .word = 0 };
	uint32_t word;

	for (word = 0; word < 64; word++) {
		bool rings = word & ARMED && word & MESSAGE;

		bell.word = word | 0xabcd0000;
		EXPECT_EQ(!rings ? DOORBELL_SILENT :
			  word & SOCKET ? DOORBELL_SOCKET : DOORBELL_FUTEX,
			  doorbell_ring(&bell, MESSAGE));
		EXPECT_EQ(rings ? RUNG : (word | 0xabcd0000), bell.word);
	}
}

/* ---- Two ends that sleep -------------------------------------------------- */

#define ROUNDS	(THREAD_SANITIZER ? UINT64_C(50000) : UINT64_C(200000))
#define SLOTS	4
#define SLICES	4

/* The end that makes the requests, and the one that answers. */
enum { ASKING, ANSWERING };

struct arena {
	struct two_ends ends;
	struct sluice_doorbell bells[2];	/* each of the end that sleeps on it */
	struct sluice_ring_slot slots[2][SLOTS];	/* each of the end that reads it */
	struct sluice_return entries[SLICES] __attribute__((__aligned__(64)));
	struct {
		uint64_t armings, sleeps, wakes;
	} counts[2] __attribute__((__aligned__(64)));
};

/* One end's view of it. */
struct side {
	struct arena *arena;
	int who;
	uint64_t random, seen;
	uint32_t sent[SLOTS];
	struct ring_producer out;
	struct ring_consumer in;
	struct returns returns;
};

static void side_init(struct side *side, struct arena *arena, int who)
{
	memset(side, 0, sizeof(*side));
	side->arena = arena;
	side->who = who;
	side->random = arena->ends.seed + (uint64_t)who;
	ring_producer_init(&side->out, arena->slots[!who], SLOTS, SLOTS, side->sent);
	ring_consumer_init(&side->in, arena->slots[who], SLOTS);
	returns_init(&side->returns, arena->entries, SLICES);
}

static long futex(uint32_t *word, int operation, uint32_t value, struct timespec *timeout)
{
	return syscall(SYS_futex, word, operation, value, timeout, NULL, 0);
}

static void ring_other(struct side *side, uint32_t event)
{
	struct sluice_doorbell *bell = &side->arena->bells[!side->who];

	if (doorbell_ring(bell, event) == DOORBELL_SILENT)
		return;
	side->arena->counts[side->who].wakes++;
	futex(&bell->word, FUTEX_WAKE, 1, NULL);
}

/* Waits until attempt() succeeds; false when the test has failed. */
static bool wait_for(struct side *side, uint32_t event, bool (*attempt)(struct side *))
{
	uint64_t spins = next_random(&side->random) % 4 ?
			 next_random(&side->random) % 512 : 0;
	struct sluice_doorbell *bell = &side->arena->bells[side->who];
	uint32_t armed;
	long result;

	for (;;) {
		if (attempt(side))
			return true;
		if (stopped(&side->arena->ends))
			return false;
		if (spins) {
			spins--;
			spin_hint();
			continue;
		}
		armed = doorbell_arm(bell, event);
		side->arena->counts[side->who].armings++;
		if (attempt(side)) {
			doorbell_disarm(bell);
			return true;
		}
		side->arena->counts[side->who].sleeps++;
		result = futex(&bell->word, FUTEX_WAIT, armed,
			       &(struct timespec){ .tv_sec = 10 });
		if (result < 0 && errno == ETIMEDOUT) {
			end_failed(&side->arena->ends, side->who,
				   "a wake was lost after %llu messages; the word is %x",
				   (unsigned long long)side->seen,
				   load_relaxed(&bell->word));
			return false;
		}
		doorbell_disarm(bell);
	}
}

static bool push_next(struct side *side)
{
	struct ring_message message = message_at(side->out.next);

	message.slice = side->out.next % SLICES;
	if (ring_push(&side->out, &message))
		return false;
	ring_other(side, MESSAGE);
	return true;
}

static bool pop_next(struct side *side)
{
	struct ring_message message;

	if (ring_pop(&side->in, &message) != 1)
		return false;
	if (message.position != side->seen)
		end_failed(&side->arena->ends, side->who, "%llu came, not %llu",
			   (unsigned long long)message.position,
			   (unsigned long long)side->seen);
	side->seen++;
	return true;
}

static bool slice_came_home(struct side *side)
{
	uint32_t number;

	return returns_pop(&side->returns, &number);
}

/* After so many rounds; the asking end begins each. */
static bool goes_on(struct side *side, uint64_t done)
{
	if (!more_rounds(&side->arena->ends, done))
		return false;
	if (side->who == ASKING)
		begin_round(&side->arena->ends, done);
	return true;
}

/* Question and answer in turn: the two sleep for a message alternately. */
static void ask(void *arena)
{
	struct side side;

	for (side_init(&side, arena, ASKING); goes_on(&side, side.seen);)
		if (!push_next(&side) || !wait_for(&side, MESSAGE, pop_next))
			return;
}

static void answer(void *arena)
{
	struct side side;

	for (side_init(&side, arena, ANSWERING); goes_on(&side, side.seen);)
		if (!wait_for(&side, MESSAGE, pop_next) || !push_next(&side))
			return;
}

/* A stream: one sleeps for a free slot, the other for a message. */
static void send_all(void *arena)
{
	struct side side;

	for (side_init(&side, arena, ASKING); goes_on(&side, side.out.next);)
		if (!wait_for(&side, SPACE, push_next))
			return;
}

static void take_all(void *arena, bool gives_back)
{
	struct side side;

	for (side_init(&side, arena, ANSWERING); goes_on(&side, side.seen);) {
		if (!wait_for(&side, MESSAGE, pop_next))
			return;
		if (gives_back)
			returns_push(&side.returns, (uint32_t)side.seen);
		ring_other(&side, SPACE);
	}
}

static void receive_all(void *arena)
{
	take_all(arena, false);
}

/* The same, but what is waited for is a slice that comes home. */
static void lend_all(void *arena)
{
	struct side side;
	uint64_t at_home = SLICES;

	for (side_init(&side, arena, ASKING); goes_on(&side, side.out.next); at_home--) {
		if (!at_home) {
			if (!wait_for(&side, SPACE, slice_came_home))
				return;
			at_home++;
		}
		if (!push_next(&side)) {
			end_failed(&side.arena->ends, ASKING, "no slot for a slice at home");
			return;
		}
	}
}

static void give_back_all(void *arena)
{
	take_all(arena, true);
}

FIXTURE(doorbell_race)
{
	struct arena *arena;
};

RACE_VARIANTS(doorbell_race);

FIXTURE_SETUP(doorbell_race)
{
	self->arena = two_ends_make(_metadata, sizeof(*self->arena), ROUNDS);
	ring_format(self->arena->slots[ASKING], SLOTS);
	ring_format(self->arena->slots[ANSWERING], SLOTS);
}

FIXTURE_TEARDOWN(doorbell_race)
{
	int who;

	for (who = 0; who < 2; who++) {
		TH_LOG("armed %llu times, slept %llu times, was woken %llu times",
		       (unsigned long long)self->arena->counts[who].armings,
		       (unsigned long long)self->arena->counts[who].sleeps,
		       (unsigned long long)self->arena->counts[!who].wakes);
		EXPECT_LE(self->arena->counts[!who].wakes, self->arena->counts[who].armings);
	}
	two_ends_drop(_metadata, &self->arena->ends);
}

#define RACE(name, here, there)							\
	TEST_F_TIMEOUT(doorbell_race, name, RACE_TIMEOUT)			\
	{									\
		if (variant->processes && THREAD_SANITIZER)			\
			SKIP(return, SKIP_PROCESSES);				\
		two_ends_run(_metadata, &self->arena->ends, variant->processes,	\
			     here, there);					\
	}

RACE(messages_both_ways, ask, answer)
RACE(messages_and_free_slots, send_all, receive_all)
RACE(messages_and_returned_slices, lend_all, give_back_all)

TEST_HARNESS_MAIN
