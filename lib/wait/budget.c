// SPDX-License-Identifier: MIT
/*
 * How much of the node's time peers may use up, and whose turn it is when they want more.
 *
 * A packet costs its sender next to nothing.  The receiver may have to map, check and
 * populate a gigabyte for it, and other peers wait meanwhile.  So the time that a peer's
 * control messages take is measured and counted twice: against the budget of the peer, and
 * against that of the node, for all of its peers together.  A peer is a process, with all
 * of its connections (wait/payer.c).
 *
 *	going on	turn_charge() says that a budget is spent, or a look was long
 *			enough			-> waiting	turn_wait()
 *	waiting		it may have a turn	-> going on	turns_run(), turn_begin()
 *
 * A budget is a debt that time pays: 1 ns of work costs TURN_PRICE ns.  The budget is spent
 * when the debt is above a limit.  Waiting work may go on when a quarter of that is paid,
 * so that turns are not too short for the system calls that they cost.  Waiting work forms
 * a queue; work that had a turn goes to its end.
 *
 * Work may also have to wait until a time that has nothing to do with budgets:
 * turn_wait_until().
 *
 * The time is that of the thread, not of the clock on the wall: a peer does not pay for
 * other processes that run meanwhile.
 *
 * Invariants:
 * (1) In a time t, all peers together use up at most the limit and t / TURNS_PRICE, and one
 *     step more for each peer: a packet, or POPULATE_TURN bytes.
 * (2) One peer uses up at most the limit, t / TURN_PRICE, and one step more for each of its
 *     connections; and what its greetings take.
 * (3) No message of a peer is counted, nor a ring that it was asked for: these are served in
 *     turn anyway (api/server_receive.c).
 *
 * A hostile peer that wants more than its share gets it later.  Many hostile peers make
 * others wait for work that packets cause: growing memory, connections.  Messages in memory
 * that is known do not wait.
 */
#include "wait/budget.h"

#include <stddef.h>

#include "base/limits.h"
#include "os/clock.h"
#include "wait/payer.h"

void budget_add(struct budget *budget, int64_t now, int64_t cost)
{
	budget->due = max_i64(budget->due, now) + cost;
}

bool budget_is_spent(const struct budget *budget, int64_t now, int64_t most)
{
	return budget->due - now > most;
}

/* The time when enough of it is paid to go on. */
static int64_t paid_at(const struct budget *budget, int64_t most)
{
	return budget->due - (most - most / 4);
}

int64_t budget_open_at(const struct budget *budget, int64_t most)
{
	int64_t now = clock_now();

	return budget_is_spent(budget, now, most) ? paid_at(budget, most) : now;
}

/* The budget that a turn is charged to. */
static struct budget *budget_of(struct turn *turn)
{
	return turn->payer ? &turn->payer->work : &turn->budget;
}

bool turn_charge(struct turns *turns, struct turn *turn, int64_t used)
{
	int64_t now = clock_now();

	used = min_i64(max_i64(used, 0), TURN_CHARGE_MAX_NS);
	budget_add(&turns->budget, now, used * TURNS_PRICE);
	if (turn)
		budget_add(budget_of(turn), now, used * TURN_PRICE);
	return !budget_is_spent(&turns->budget, now, TURNS_DEBT_MAX_NS) &&
	       !(turn && budget_is_spent(budget_of(turn), now, TURN_DEBT_MAX_NS));
}

void turn_refund(struct turns *turns, struct turn *turn, int64_t paid)
{
	budget_of(turn)->due -= paid * TURN_PRICE;
	turns->budget.due -= paid * TURNS_PRICE;
}

/* ---- The queue ---- */

/* Even work whose own budget allows a turn may have to wait for the node's. */
static int64_t node_at(const struct turns *turns)
{
	return budget_open_at(&turns->budget, TURNS_DEBT_MAX_NS);
}

/* A greeting has to wait for two budgets of its process. */
static int64_t open_at(struct turn *turn)
{
	int64_t at = budget_open_at(budget_of(turn), TURN_DEBT_MAX_NS);

	return turn->greets ? max_i64(at, turn_greeting_at(turn)) : at;
}

/* Others that are charged to the same process may have used up its budget meanwhile. */
static int64_t turn_at(struct turn *turn)
{
	return max_i64(turn->at, open_at(turn));
}

void turn_wait(struct turns *turns, struct turn *turn)
{
	int64_t at = open_at(turn);
	bool waits = turn->waiting;

	turn_wait_until(turns, turn, at);
	/* Without a debt of its own, it waits only until others had their turn. */
	if (unlikely(turns->held_back) && !waits && at > clock_now())
		turns->held_back(turns, turn);
}

void turn_wait_until(struct turns *turns, struct turn *turn, int64_t at)
{
	if (turn->waiting)
		return;
	turn->at = at;
	turn->waiting = true;
	turn->next = NULL;
	if (turns->first)
		turns->last->next = turn;
	else
		turns->first = turn;
	turns->last = turn;
	turns->alarm = turns->first == turn ? CLOCK_NEVER : turns->alarm;
	turns->alarm = min_i64(turns->alarm, max_i64(at, node_at(turns)));
}

void turn_forget(struct turns *turns, struct turn *turn)
{
	struct turn *before = NULL, *other = turns->first;

	if (!turn->waiting)
		return;
	for (; other != turn; other = other->next)
		before = other;
	if (before)
		before->next = turn->next;
	else
		turns->first = turn->next;
	if (turns->last == turn)
		turns->last = before;
	turn->waiting = false;
}

bool turn_begin(struct turns *turns, struct turn *turn)
{
	int64_t now;

	if (likely(!turn->waiting))
		return true;
	now = clock_now();
	if (turn->at > now || budget_is_spent(budget_of(turn), now, TURN_DEBT_MAX_NS) ||
	    budget_is_spent(&turns->budget, now, TURNS_DEBT_MAX_NS) ||
	    (turn->greets && turn_greeting_at(turn) > now))
		return false;
	turn_forget(turns, turn);
	return true;
}

static void set_alarm(struct turns *turns)
{
	struct turn *turn;

	turns->alarm = CLOCK_NEVER;
	for (turn = turns->first; turn; turn = turn->next)
		turns->alarm = min_i64(turns->alarm, turn_at(turn));
	if (turns->first)
		turns->alarm = max_i64(turns->alarm, node_at(turns));
}

/*
 * At most once around the queue, up to the one that was last at the beginning.  A turn may
 * take any other out of the queue, so each round looks for the first one that may go on.
 */
void turns_run(struct turns *turns)
{
	struct turn *turn;
	unsigned int n;

	if (!turns->first || turns->alarm > clock_now())
		return;
	for (n = 0; n < TURNS_AT_ONCE; n++) {
		for (turn = turns->first; turn && !turn_begin(turns, turn); turn = turn->next)
			;
		if (!turn)
			break;
		turn->take(turn);
	}
	set_alarm(turns);
}

int64_t turns_alarm(const struct turns *turns)
{
	return likely(!turns->first) ? CLOCK_NEVER : turns->alarm;
}
