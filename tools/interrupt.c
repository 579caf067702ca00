// SPDX-License-Identifier: MIT
/*
 * ^C, and the other signals that ask a process to end: each is noted, and ends a wait of
 * the node.  No signal is missed, even if it comes right before the wait.
 *
 * SIGHUP stays ignored if it was, as nohup wants it.  SIGINT does not: a shell without job
 * control makes processes that it starts with & ignore it, but a user who sends it there
 * means it.
 */
#include "interrupt.h"

#include <stddef.h>

volatile sig_atomic_t interrupted;
static struct sluice_node *volatile awake;	/* the node that a signal has to wake, or NULL */

static void note(int number)
{
	struct sluice_node *node = awake;

	interrupted = number;
	if (node)
		(void)sluice_node_interrupt(node);
}

void interrupt_catch(struct sluice_node *node)
{
	const struct sigaction action = { .sa_handler = note };
	struct sigaction before;

	awake = node;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, &before);
	if (before.sa_handler == SIG_IGN)
		sigaction(SIGHUP, &before, NULL);
}

void interrupt_forget(void)
{
	awake = NULL;
}
