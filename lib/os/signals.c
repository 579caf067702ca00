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
 * A signal that does nothing by default is dropped by the kernel when it is sent, unless it
 * is blocked: then it waits, and ends the next sleep, though no handler runs.  SIGCHLD is
 * one, which comes whenever a child stops, goes on or ends.  So those are blocked only if
 * the program has a handler for them.  A signal that is ignored by the program's wish, and
 * not by default, is blocked like the others: to ask for all of them takes 31 system calls.
 *
 * The mask belongs to the thread and is the program's: each call that changes it puts it
 * back before it returns.  No peer can reach any of this.
 */
#include "os/signals.h"

#include <stddef.h>

#include "base/compiler.h"

static const int faults[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS, SIGABRT };

/* Those that do nothing by default. */
static const int idle[] = { SIGCHLD, SIGCONT, SIGURG, SIGWINCH };

static bool has_handler(int signal)
{
	struct sigaction action;

	return !sigaction(signal, NULL, &action) &&
	       ((action.sa_flags & SA_SIGINFO) ||
		(action.sa_handler != SIG_DFL && action.sa_handler != SIG_IGN));
}

void signals_hold(struct held_signals *signals)
{
	sigset_t held;
	size_t i;

	if (signals->held)
		return;
	sigfillset(&held);
	for (i = 0; i < ARRAY_SIZE(faults); i++)
		sigdelset(&held, faults[i]);
	for (i = 0; i < ARRAY_SIZE(idle); i++)
		if (!has_handler(idle[i]))
			sigdelset(&held, idle[i]);
	signals->held = !pthread_sigmask(SIG_BLOCK, &held, &signals->before);
}

void signals_release(struct held_signals *signals)
{
	if (!signals->held)
		return;
	signals->held = false;
	pthread_sigmask(SIG_SETMASK, &signals->before, NULL);
}
