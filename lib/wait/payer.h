/* SPDX-License-Identifier: MIT */
/* The processes that cause work, each with one account for all of its connections. */
#ifndef SLUICE_WAIT_PAYER_H
#define SLUICE_WAIT_PAYER_H

#include <sys/types.h>

#include "wait/budget.h"

/* Turns share one, and a node keeps it while anything is left to pay. */
struct payer {
	struct budget work;	/* packets, populating and unmapping */
	struct budget greetings;
	int64_t staying;	/* the part of that which is for peers that are still there */
	pid_t pid;
	uid_t uid;
	uint32_t references;	/* turns that are charged to it */
	struct payer *next;
};

/*
 * Work of the turn is charged to this process from now on.  If there is no memory for an
 * account, the turn goes on to pay for itself.
 */
void turn_set_payer(struct turns *turns, struct turn *turn, pid_t pid, uid_t uid);

/* Work of the turn is charged to the process that pays for another one. */
void turn_share_payer(struct turn *turn, const struct turn *other);

/* A turn that was charged to it has gone.  May be NULL. */
void payer_put(struct payer *payer);

/*
 * Counts the time that it has taken to make a channel with the process, and as much to
 * unmake it.  It owes that when the peer has gone.
 */
void turn_charge_greeting(struct turn *turn, int64_t used);

/* The peer has gone; or this end has hung up, and the peer owes nothing. */
void turn_peer_went(struct turn *turn);
void turn_excuse_peer(struct turn *turn);

/* The time when its process may greet, or be greeted, again; 0: now. */
int64_t turn_greeting_at(const struct turn *turn);

/* The same for a process that may have no account. */
int64_t payer_greeting_at(struct turns *turns, pid_t pid, uid_t uid);

/* The node is about to go, and no turn is left. */
void payers_forget(struct turns *turns);

#endif /* SLUICE_WAIT_PAYER_H */
