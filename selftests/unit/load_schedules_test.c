// SPDX-License-Identifier: GPL-2.0-only
/*
 * The count of a server's load through every schedule of a client that counts and sends
 * requests, or dies in between, and a server that finishes them and corrects the count:
 * it never goes below 0; it is not less than what the server holds after it has received,
 * unless the client was stopped for long; and at the end, when nothing is under way, it
 * is 0.
 *
 * A change that is made without comparing must be found out, on either side: that is what
 * the replacements L1 and L2 are for.  The correction would heal it, and is left out then.
 */
#include "ring_messages.h"

/* The queue between them is not what is tried: a word that is seen at once. */
struct shared {
	struct sluice_ring_slot slots[1];	/* schedules.h wants some */
	uint64_t load[16];			/* a struct sluice_load */
	uint64_t queued;
	uint64_t time;
};

/* Both ends have all of it; each uses its own. */
struct actor {
	uint64_t left;		/* requests to send; to finish */
	uint64_t claimed;	/* one was counted, and not sent yet */
	uint64_t dead;
	uint64_t looks;		/* in vain, since the last request */
	uint64_t keeper[8];	/* a struct load_keeper */
};

#include "schedules.h"

#define load_look		seen_load_look
#define load_claim		seen_load_claim
#define load_drop		seen_load_drop
#define load_received_counted	seen_load_received_counted
#define load_finished_counted	seen_load_finished_counted
#define load_resumed_counted	seen_load_resumed_counted
#define load_correct		seen_load_correct
#define load_alarm		seen_load_alarm
#include "shm/load.c"

enum { CLIENT, SERVER };

#define HOUR	(3600 * SECOND)

static uint64_t requests;
static uint64_t dies_at;	/* with so many left; 0: never */
static uint64_t bent_by;	/* what a client that died before has left */
static bool stops;		/* the client, for a long time, at any point */
static bool uncorrected;	/* the count is right by itself */

static struct sluice_load *load_of(struct world *world)
{
	return (struct sluice_load *)(void *)world->shared.load;
}

static struct load_keeper *keeper_of(struct actor *server)
{
	return (struct load_keeper *)(void *)server->keeper;
}

/* One that is not sent is counted no more; every other one is tried first and not sent. */
static void send_one(struct actor *self)
{
	struct load_seen seen;

	if (!self->claimed) {
		seen = load_look(load_of(&state));
		self->claimed = load_claim(load_of(&state), seen.counted);
		if (self->claimed && self->left == dies_at)
			self->dead = 1;
		return;
	}
	self->claimed = 0;
	self->left--;
	if (self->left % 2)
		load_drop(load_of(&state));
	else
		exchange_ordered(&state.shared.queued, state.shared.queued + 1);
}

/* Time passes between two looks, but for a client that is not stopped not inside of this. */
static void look_in_vain(struct actor *self)
{
	const struct actor *client = &state.actors[CLIENT];
	uint64_t time = load_ordered(&state.shared.time);

	self->looks++;
	if (uncorrected)
		return;
	load_correct(keeper_of(self), (int64_t)time);
	exchange_ordered(&state.shared.time, time + (stops || !client->claimed || client->dead ?
						     (uint64_t)HOUR : 1));
}

static void serve_one(struct actor *self)
{
	struct load_keeper *keeper = keeper_of(self);

	if (keeper->counted) {
		load_finished_counted(keeper, HOUR, HOUR + 1);
		return;
	}
	if (!load_ordered(&state.shared.queued)) {
		look_in_vain(self);
		return;
	}
	exchange_ordered(&state.shared.queued, state.shared.queued - 1);
	self->looks = 0;
	load_received_counted(keeper);
	if (!stops && load_relaxed(&keeper->load->counted) < keeper->counted)
		found("a server holds more than is counted");
}

static void act(int who, struct actor *self)
{
	if (who == CLIENT)
		send_one(self);
	else
		serve_one(self);
}

static bool client_is_done(void)
{
	return !state.actors[CLIENT].left || state.actors[CLIENT].dead;
}

/* The server looks in vain a few times, and again after everything. */
static bool may_act(int who, const struct actor *self)
{
	const struct load_keeper *keeper = (const struct load_keeper *)(const void *)self->keeper;

	if (who == CLIENT)
		return !client_is_done();
	return state.shared.queued || keeper->counted || self->looks < 2 ||
	       (client_is_done() && self->looks < 6);
}

static const char *wrong(const struct world *world, bool done)
{
	const struct sluice_load *load = (const struct sluice_load *)(const void *)world->shared.load;

	if (load->counted > requests + bent_by)
		return "below 0, or more than there can be";
	if (done && load->counted)
		return "something is counted, and nothing is there";
	return NULL;
}

static void set_up(void)
{
	_Static_assert(sizeof(struct load_keeper) <= sizeof(state.actors[0].keeper), "fits");
	memset(&state, 0, sizeof(state));
	load_of(&state)->counted = bent_by;
	state.shared.time = HOUR;
	state.actors[CLIENT].left = requests;
	keeper_of(&state.actors[SERVER])->load = load_of(&state);
}

FIXTURE(load_schedules)
{
	int unused;
};

FIXTURE_VARIANT(load_schedules)
{
	uint64_t requests, dies_at, bent_by;
	bool stops, uncorrected;
};

FIXTURE_VARIANT_ADD(load_schedules, all_is_well) { .requests = 3 };
FIXTURE_VARIANT_ADD(load_schedules, all_is_well_uncorrected) { .requests = 4, .uncorrected = true };
FIXTURE_VARIANT_ADD(load_schedules, the_client_dies_at_the_first) { .requests = 3, .dies_at = 3 };
FIXTURE_VARIANT_ADD(load_schedules, the_client_dies_at_the_last) { .requests = 3, .dies_at = 1 };
FIXTURE_VARIANT_ADD(load_schedules, another_has_died_before) { .requests = 3, .bent_by = 5 };
FIXTURE_VARIANT_ADD(load_schedules, the_client_is_stopped) { .requests = 3, .stops = true };

FIXTURE_SETUP(load_schedules)
{
	requests = variant->requests;
	dies_at = variant->dies_at;
	bent_by = variant->bent_by;
	stops = variant->stops;
	uncorrected = variant->uncorrected;
	set_up();
}

FIXTURE_TEARDOWN(load_schedules)
{
	EXPECT_EQ(0, count_leaks());
}

TEST_F(load_schedules, all_are_right)
{
	EXPECT_ALL_RIGHT();
}

static const char *search_with_blind(int who)
{
	requests = 3;
	uncorrected = true;
	set_up();
	search.blind_replace[who] = true;
	return search_all();
}

TEST(a_client_that_counts_blindly_is_found)
{
	EXPECT_NE(NULL, search_with_blind(CLIENT));
}

TEST(a_server_that_counts_blindly_is_found)
{
	EXPECT_NE(NULL, search_with_blind(SERVER));
}

TEST_HARNESS_MAIN
