/* SPDX-License-Identifier: MIT */
/* Signals that are held back while a call is awake between two sleeps. */
#ifndef SLUICE_OS_SIGNALS_H
#define SLUICE_OS_SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

struct held_signals {
	bool held;
	sigset_t before;		/* the thread's mask, while they are held */
};

/*
 * Blocks all signals in this thread, except those that a fault of the thread raises, and
 * those that do nothing by default and have no handler.
 */
void signals_hold(struct held_signals *signals);

/* Restores the thread's mask.  Both calls do nothing the second time. */
void signals_release(struct held_signals *signals);

/* The mask for a sleep: the thread's own, or NULL if it is in force already. */
static inline sigset_t *signals_mask(struct held_signals *signals)
{
	return signals->held ? &signals->before : NULL;
}

#endif /* SLUICE_OS_SIGNALS_H */
