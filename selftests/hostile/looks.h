/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the victim of a scene (scene.h) does for its peers, in counts and in time of its thread.
 * Neither depends on what else the machine does.  They are taken by functions that stand in
 * front of the library's own (selftests/build.mk, --wrap), in the process of the victim.
 *
 * A look is one call of channel_drain(): the victim reads packets of one peer and populates
 * its memory.  The time of a step is what the library charges for it (lib/wait/budget.c).
 */
#ifndef SELFTESTS_HOSTILE_LOOKS_H
#define SELFTESTS_HOSTILE_LOOKS_H

#include "base/limits.h"
#include "os/clock.h"
#include "wait/payer.h"
#include "common.h"

/* In memory that the test shares with the victim. */
struct looks {
	int64_t since, until;		/* the time in which the following is counted */
	uint64_t looks, letters;
	uint64_t packets;		/* in all looks */
	unsigned int packets_most;	/* in one look */
	int64_t charged;		/* ns in all, at most TURN_CHARGE_MAX_NS a step */
	int64_t charged_most;		/* in one look */
	int64_t step_most;
	uint64_t extra;			/* steps begun though the budget of all was spent */
	/* What the hostile process is charged, and what its greetings take. */
	pid_t peer;
	uint64_t connections;
	int64_t work, greetings;
	int64_t extra_work;		/* of work: in steps begun though its budget was spent */
	uint64_t extra_steps;
	/* The look that goes on, and the budget of all as it was after the last step. */
	unsigned int depth, packets_now;
	int64_t charged_now;
	bool spent;
};

/* NULL in a process that is not the victim. */
static struct looks *looks;

/* What waits for its turn when the peer goes is done afterwards. */
static bool are_counted(void)
{
	return looks && !__atomic_load_n(&looks->until, __ATOMIC_SEQ_CST);
}

struct channel;
struct fdpass_extras;
struct node_entry;
struct node_letter;

bool __real_channel_drain(struct channel *channel);
bool __wrap_channel_drain(struct channel *channel);
bool __wrap_channel_drain(struct channel *channel)
{
	bool done;

	if (!are_counted())
		return __real_channel_drain(channel);
	if (!looks->depth++) {
		looks->packets_now = 0;
		looks->charged_now = 0;
	}
	done = __real_channel_drain(channel);
	if (looks->depth && --looks->depth)
		return done;
	looks->looks++;
	if (looks->packets_now > looks->packets_most)
		looks->packets_most = looks->packets_now;
	if (looks->charged_now > looks->charged_most)
		looks->charged_most = looks->charged_now;
	return done;
}

int __real_fdpass_receive(int fd, void *packet, size_t size, struct fdpass_extras *extras);
int __wrap_fdpass_receive(int fd, void *packet, size_t size, struct fdpass_extras *extras);
int __wrap_fdpass_receive(int fd, void *packet, size_t size, struct fdpass_extras *extras)
{
	int n = __real_fdpass_receive(fd, packet, size, extras);

	if (are_counted() && n > 0) {
		looks->packets++;
		looks->packets_now++;
	}
	return n;
}

static bool is_of_peer(const struct turn *turn)
{
	return are_counted() && turn && turn->payer && turn->payer->pid == looks->peer;
}

/* Counted before, as the step itself may be what spends the budget. */
static void note_work(const struct turn *turn, int64_t used)
{
	if (!is_of_peer(turn))
		return;
	looks->work += used;
	if (!budget_is_spent(&turn->payer->work, clock_now(), TURN_DEBT_MAX_NS))
		return;
	looks->extra_work += used;
	looks->extra_steps++;
}

bool __real_turn_charge(struct turns *turns, struct turn *turn, int64_t used);
bool __wrap_turn_charge(struct turns *turns, struct turn *turn, int64_t used);
bool __wrap_turn_charge(struct turns *turns, struct turn *turn, int64_t used)
{
	bool goes_on;

	used = used < 0 ? 0 : used > TURN_CHARGE_MAX_NS ? TURN_CHARGE_MAX_NS : used;
	note_work(turn, used);
	goes_on = __real_turn_charge(turns, turn, used);
	if (!are_counted())
		return goes_on;
	looks->charged += used;
	looks->charged_now += used;
	if (used > looks->step_most)
		looks->step_most = used;
	looks->extra += looks->spent;
	looks->spent = !goes_on;
	return goes_on;
}

void __real_turn_charge_greeting(struct turn *turn, int64_t used);
void __wrap_turn_charge_greeting(struct turn *turn, int64_t used);
void __wrap_turn_charge_greeting(struct turn *turn, int64_t used)
{
	int64_t cost = 2 * used + ACCEPT_NS;

	if (is_of_peer(turn))
		looks->greetings += cost > TURN_CHARGE_MAX_NS ? TURN_CHARGE_MAX_NS : cost;
	__real_turn_charge_greeting(turn, used);
}

void __real_turn_set_payer(struct turns *turns, struct turn *turn, pid_t pid, uid_t uid);
void __wrap_turn_set_payer(struct turns *turns, struct turn *turn, pid_t pid, uid_t uid);
void __wrap_turn_set_payer(struct turns *turns, struct turn *turn, pid_t pid, uid_t uid)
{
	__real_turn_set_payer(turns, turn, pid, uid);
	if (are_counted())
		looks->connections += pid == looks->peer;
}

int __real_node_entry_next_letter(const struct node_entry *entry, struct node_letter *ret_letter);
int __wrap_node_entry_next_letter(const struct node_entry *entry, struct node_letter *ret_letter);
int __wrap_node_entry_next_letter(const struct node_entry *entry, struct node_letter *ret_letter)
{
	int r = __real_node_entry_next_letter(entry, ret_letter);

	if (are_counted())
		looks->letters += r > 0;
	return r;
}

/* ---- What is judged ------------------------------------------------------------------- */

/* lib/wait/budget.c, invariant (1); a step that finds the budget spent is its last. */
helper int64_t looks_charged_at_most(const struct looks *seen)
{
	return (seen->until - seen->since + TURNS_DEBT_MAX_NS) / TURNS_PRICE +
	       (int64_t)(1 + seen->extra) * seen->step_most;
}

/*
 * Invariant (2): a process has one budget, whatever it opens and closes.  In full, so that a
 * connection that begins when the budget is spent has one step, and no more.
 */
helper void looks_judge_peer(struct __test_metadata *_metadata, const struct looks *seen)
{
	int64_t time = seen->until - seen->since;

	EXPECT_GE((time + TURN_DEBT_MAX_NS) / TURN_PRICE + seen->step_most + seen->extra_work,
		  seen->work)
		TH_LOG("ns of work in %lld", (long long)time);
	EXPECT_GE(seen->connections, seen->extra_steps)
		TH_LOG("steps of connections that began with the budget spent");
	EXPECT_GE((time + GREETING_DEBT_MAX_NS) / GREETING_PRICE + TURN_CHARGE_MAX_NS,
		  seen->greetings)
		TH_LOG("ns of greetings in %lld", (long long)time);
}

helper void looks_judge(struct __test_metadata *_metadata, const struct looks *seen)
{
	int64_t time = seen->until - seen->since;

	EXPECT_GE(DRAIN_PACKETS_MAX, seen->packets_most) TH_LOG("packets in one look");
	EXPECT_GE((TURNS_DEBT_MAX_NS / TURNS_PRICE) + TURN_CHARGE_MAX_NS, seen->charged_most)
		TH_LOG("ns in one look");
	EXPECT_GE(looks_charged_at_most(seen), seen->charged)
		TH_LOG("ns in %lld, with %llu extra steps", (long long)time,
		       (unsigned long long)seen->extra);
	EXPECT_GE(LETTERS_AT_ONCE * (uint64_t)(time / LETTERS_WINDOW_NS + 2), seen->letters)
		TH_LOG("letters in %lld ns", (long long)time);
	looks_judge_peer(_metadata, seen);
}

helper void looks_tell(struct __test_metadata *_metadata, const struct looks *seen)
{
	double time = (double)(seen->until - seen->since) / 100;

	TH_LOG("the peer is charged %.1f %% for work and %.1f %% for %llu connections; %.1f %% in %llu extra steps",
	       (double)seen->work / time, (double)seen->greetings / time,
	       (unsigned long long)seen->connections, (double)seen->extra_work / time,
	       (unsigned long long)seen->extra_steps);
	TH_LOG("the victim has spent %.1f %% of its time on packets: %llu in %llu looks, %u at most, %lld us at most; %llu letters",
	       (double)seen->charged / time,
	       (unsigned long long)seen->packets, (unsigned long long)seen->looks,
	       seen->packets_most, (long long)seen->charged_most / 1000,
	       (unsigned long long)seen->letters);
}

#endif /* SELFTESTS_HOSTILE_LOOKS_H */
