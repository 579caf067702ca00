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

/* Counts the time that a greeting of its process has taken. */
void turn_charge_greeting(struct turn *turn, int64_t used);

/* The time when its process may greet again; it may have passed. */
int64_t turn_greeting_at(const struct turn *turn);

/* The node is about to go, and no turn is left. */
void payers_forget(struct turns *turns);

#endif /* SLUICE_WAIT_PAYER_H */
