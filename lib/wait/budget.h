/* SPDX-License-Identifier: MIT */
/* How much of the node's time peers may use up, and whose turn it is when they want more. */
#ifndef SLUICE_WAIT_BUDGET_H
#define SLUICE_WAIT_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"

/* Time that was used up and is not paid for yet; zeroed, it is none. */
struct budget {
	int64_t due;		/* when all of it is paid for */
};

struct payer;

/*
 * Work that a peer causes; embedded in the object that does it.  Zeroed, it has used
 * nothing.
 */
struct turn {
	/* Does a part of the work, and calls turn_wait() if there is more. */
	void (*take)(struct turn *turn);
	struct budget budget;	/* while there is no payer */
	struct payer *payer;	/* the process that it is charged to (wait/payer.c); or NULL */
	bool greets;		/* its next work is a greeting */
	int64_t greeting;	/* that the payer is charged, while the peer stays; or 0 */
	bool waiting;		/* in the queue of its node */
	int64_t at;		/* not before this time */
	struct turn *next;
};

/* The turns of a node. */
struct turns {
	/* Told when a peer has to wait because it has spent a budget of its own; or NULL. */
	void (*held_back)(struct turns *turns, const struct turn *turn);
	struct budget budget;	/* of all peers together */
	struct turn *first, *last;
	struct payer *payers;	/* accounts of processes */
	int64_t alarm;		/* when turns_run() has to look; valid while first is set */
	uint64_t unmapping;	/* bytes that wait to be unmapped (wait/unmapping.c) */
};

/* Counts time that costs so much now, and is paid for by time that passes. */
void budget_add(struct budget *budget, int64_t now, int64_t cost);

/* Is there more to pay than this? */
bool budget_is_spent(const struct budget *budget, int64_t now, int64_t most);

/* When it may be used again, if it is spent; or a time that has passed. */
int64_t budget_open_at(const struct budget *budget, int64_t most);

/*
 * Counts time of this thread, in ns, that was used up for a peer.  Is there some left, so
 * that the work may go on?  Without a turn, it counts only for all peers together.
 */
bool turn_charge(struct turns *turns, struct turn *turn, int64_t used) MUST_CHECK;

/* The same for time that a peer has paid for otherwise, by a message: subtracts it. */
void turn_refund(struct turns *turns, struct turn *turn, int64_t paid);

/* The rest of the work waits until the budgets allow it, and until others had their turn. */
void turn_wait(struct turns *turns, struct turn *turn);

/* The same, and not before this time, whatever the budgets allow. */
void turn_wait_until(struct turns *turns, struct turn *turn, int64_t at);

/* The work goes on now, if it may: it no longer waits.  False: it has to wait. */
bool turn_begin(struct turns *turns, struct turn *turn) MUST_CHECK;

/* No work is left.  Harmless if it does not wait. */
void turn_forget(struct turns *turns, struct turn *turn);

/* Gives a turn to all work that may have one. */
void turns_run(struct turns *turns);

/* The time when the next work may have a turn; CLOCK_NEVER. */
int64_t turns_alarm(const struct turns *turns);

#endif /* SLUICE_WAIT_BUDGET_H */
