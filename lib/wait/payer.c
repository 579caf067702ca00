// SPDX-License-Identifier: MIT
/*
 * The processes that cause work, each with one account for all of its connections.
 *
 * A peer can hang up and connect again, and have many connections at a time.  If each began
 * with an empty account, a process would get its share of time (wait/budget.c) once more with
 * each of them.  So work is charged to the process that has connected, as the kernel says
 * (SO_PEERCRED).  Processes that the kernel has no number for, in another pid namespace, are
 * charged as their user.
 *
 *	no account	turn_set_payer()	-> shared by turns
 *	shared		the last turn has gone	-> kept, until it is paid for; then freed
 *	kept		turn_set_payer()	-> shared by turns
 *
 * A greeting has a budget of its own.  What it costs depends on how this end is configured,
 * more than on the peer, and a program may make many ports when it begins.
 *
 * An account that is not needed any more is freed when the next one is looked for.
 *
 * Invariant: an account that nobody shares and that is paid for can be forgotten, since it
 * says the same as no account.
 *
 * A hostile peer can make a process for each connection.  That costs it more than it costs
 * the node, and the budget of all peers together counts that work as well.  Each account
 * that is kept stands for work that was done; it is small, and kept for 0.2 s at most.
 */
#include "wait/payer.h"

#include <stdlib.h>

#include "base/limits.h"
#include "os/clock.h"

static bool is_needed(const struct payer *payer, int64_t now)
{
	return payer->references || payer->work.due > now || payer->greetings.due > now;
}

/* The account of a process, if there is one.  Accounts that are not needed are freed. */
static struct payer *find(struct turns *turns, pid_t pid, uid_t uid)
{
	struct payer **link = &turns->payers, *payer, *found = NULL;
	int64_t now = clock_now();

	while ((payer = *link)) {
		if (payer->pid == pid && payer->uid == uid)
			found = payer;
		if (payer == found || is_needed(payer, now)) {
			link = &payer->next;
		} else {
			*link = payer->next;
			free(payer);
		}
	}
	return found;
}

static struct payer *make(struct turns *turns, pid_t pid, uid_t uid)
{
	struct payer *payer = calloc(1, sizeof(*payer));

	if (!payer)
		return NULL;
	payer->pid = pid;
	payer->uid = uid;
	payer->next = turns->payers;
	turns->payers = payer;
	return payer;
}

void turn_set_payer(struct turns *turns, struct turn *turn, pid_t pid, uid_t uid)
{
	struct payer *payer = find(turns, pid, uid);

	if (!payer)
		payer = make(turns, pid, uid);
	if (!payer)
		return;
	payer->references++;
	payer_put(turn->payer);
	turn->payer = payer;
}

void turn_share_payer(struct turn *turn, const struct turn *other)
{
	turn->payer = other->payer;
	if (turn->payer)
		turn->payer->references++;
}

void payer_put(struct payer *payer)
{
	if (payer)
		payer->references--;
}

void turn_charge_greeting(struct turn *turn, int64_t used)
{
	used = min_i64(max_i64(used, 0), TURN_CHARGE_MAX_NS);
	if (turn->payer)
		budget_add(&turn->payer->greetings, clock_now(), used * GREETING_PRICE);
}

int64_t turn_greeting_at(const struct turn *turn)
{
	return turn->payer ? budget_open_at(&turn->payer->greetings, GREETING_DEBT_MAX_NS) : 0;
}

void payers_forget(struct turns *turns)
{
	struct payer *payer;

	while ((payer = turns->payers)) {
		turns->payers = payer->next;
		free(payer);
	}
}
