// SPDX-License-Identifier: MIT
/*
 * Signals that are held back while a call is awake between two sleeps.
 *
 * A handler that runs while the thread is awake leaves no trace, so the next sleep would
 * not know of the signal.  If the signal is blocked until that sleep, and the sleep is
 * entered with the mask from before, the kernel ends the sleep (as in pselect(2)).
 *
 * A fault raises its signal in the thread itself.  If that signal is blocked, the kernel
 * kills the process and runs no handler, so these signals are never blocked.
 *
 * The mask belongs to the thread and is the program's: each call that changes it puts it
 * back before it returns.  No peer can reach any of this.
 */
#include "os/signals.h"

#include <stddef.h>

#include "base/compiler.h"

static const int faults[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS, SIGABRT };

void signals_hold(struct held_signals *signals)
{
	sigset_t held;
	size_t i;

	if (signals->held)
		return;
	sigfillset(&held);
	for (i = 0; i < ARRAY_SIZE(faults); i++)
		sigdelset(&held, faults[i]);
	signals->held = !pthread_sigmask(SIG_BLOCK, &held, &signals->before);
}

void signals_release(struct held_signals *signals)
{
	if (!signals->held)
		return;
	signals->held = false;
	pthread_sigmask(SIG_SETMASK, &signals->before, NULL);
}
