/* SPDX-License-Identifier: MIT */
/*
 * event-loop.h - what the client and the server of event-loop agree on
 *
 * A tally: whoever sends an amount is told the sum of all amounts so far.
 */
#ifndef EVENT_LOOP_H
#define EVENT_LOOP_H

#include <sluice.h>

struct amount {
	int64_t amount;
};

struct tally {
	int64_t sum;
	uint64_t amounts;	/* how many have been added */
};

static const struct sluice_contract tally = {
	.name     = "example/tally",
	.request  = SLUICE_TYPE(struct amount),
	.response = SLUICE_TYPE(struct tally),
};

#endif /* EVENT_LOOP_H */
