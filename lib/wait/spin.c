// SPDX-License-Identifier: MIT
/*
 * How long it is useful to poll before sleeping.
 *
 * Falling asleep and being woken costs both sides a system call and the reader some
 * microseconds; polling costs a processor.  A node polls for a window of time, which
 * follows the waits it has seen, as in the kernel's haltpoll.  A wait that was shorter than
 * the limit doubles the window, since polling to the end would have been enough.  A longer
 * wait halves it.  So a node that gets its answers soon never sleeps, and one that waits
 * for long does not poll at all.
 *
 * A peer can make the node poll in vain by answering just in time.  The limit, which the
 * program sets, bounds that.
 */
#include "wait/spin.h"

#include "base/limits.h"

void spin_learn(struct spin *spin, int64_t waited)
{
	if (waited <= spin->most) {
		spin->window *= 2;
		if (spin->window < SPIN_START_NS)
			spin->window = SPIN_START_NS;
		if (spin->window > spin->most)
			spin->window = spin->most;
	} else {
		spin->window /= 2;
		if (spin->window < SPIN_START_NS)
			spin->window = 0;
	}
}
