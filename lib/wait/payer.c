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
 * Making a channel has a budget of its own: a server charges a client's greeting to it, and
 * a client the greeting that it sends to a server.  The cost depends on how this end is
 * configured, more than on the peer, and a program may make many ports when it begins.  So
 * only peers that come and go have to wait:
 *
 *	a channel is made	turn_charge_greeting()	-> a debt, that of a peer that stays
 *	the peer has gone	turn_peer_went()	-> the process owes what is not paid yet
 *	this end has hung up	turn_excuse_peer()	-> nobody owes anything for it
 *
 * Time pays the debt, of those that stay and of those that went.  A process that owes more
 * than GREETING_DEBT_MAX_NS gets no channel until a quarter of that is paid; and it waits no
 * longer than GREETING_WAIT_MAX_NS more, whatever it owes.
 *
 * An account that is not needed any more is freed when the next one is looked for.
 *
 * Invariants:
 * (1) An account that nobody shares and that is paid for can be forgotten, since it says the
 *     same as no account.
 * (2) payer->staying is the sum of turn->greeting of all turns that share it.
 *
 * A hostile peer can make a process for each connection.  That costs it more than it costs
 * the node, and the budget of all peers together counts that work as well.  Each account
 * that is kept stands for work that was done; it is small, and kept until that is paid.  Many
 * channels of one process that go at once cost more than it owes afterwards, as far as that
 * is limited; their number is limited by max_clients or max_servers.
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
	int64_t cost = min_i64(2 * max_i64(used, 0) + ACCEPT_NS, TURN_CHARGE_MAX_NS) * GREETING_PRICE;

	turn->greets = false;
	if (!turn->payer)
		return;
	budget_add(&turn->payer->greetings, clock_now(), cost);
	turn->payer->staying += cost;
	turn->greeting += cost;
}

static int64_t end_greeting(struct turn *turn)
{
	int64_t cost = turn->greeting;

	turn->payer->staying -= cost;
	turn->greeting = 0;
	return cost;
}

void turn_peer_went(struct turn *turn)
{
	struct payer *payer = turn->payer;
	int64_t most = GREETING_DEBT_MAX_NS + GREETING_WAIT_MAX_NS;

	if (!turn->greeting)
		return;
	(void)end_greeting(turn);
	payer->greetings.due = min_i64(payer->greetings.due, clock_now() + payer->staying + most);
}

void turn_excuse_peer(struct turn *turn)
{
	if (turn->greeting)
		turn->payer->greetings.due -= end_greeting(turn);
}

static int64_t greeting_at(const struct payer *payer)
{
	const struct budget owed = { .due = payer->greetings.due - payer->staying };

	if (!budget_is_spent(&owed, clock_now(), GREETING_DEBT_MAX_NS))
		return 0;
	return budget_open_at(&owed, GREETING_DEBT_MAX_NS);
}

int64_t turn_greeting_at(const struct turn *turn)
{
	return turn->payer ? greeting_at(turn->payer) : 0;
}

int64_t payer_greeting_at(struct turns *turns, pid_t pid, uid_t uid)
{
	const struct payer *payer = find(turns, pid, uid);

	return payer ? greeting_at(payer) : 0;
}

void payers_forget(struct turns *turns)
{
	struct payer *payer;

	while ((payer = turns->payers)) {
		turns->payers = payer->next;
		free(payer);
	}
}
