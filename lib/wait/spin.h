/* SPDX-License-Identifier: MIT */
/* How long it is useful to poll before sleeping. */
#ifndef SLUICE_WAIT_SPIN_H
#define SLUICE_WAIT_SPIN_H

#include <stdint.h>

struct spin {
	int64_t most;		/* nanoseconds; 0: never */
	int64_t window;		/* nanoseconds of the next wait */
};

/* Records a wait that took so long, including the polling. */
void spin_learn(struct spin *spin, int64_t waited);

#endif /* SLUICE_WAIT_SPIN_H */
