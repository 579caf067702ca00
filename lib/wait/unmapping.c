// SPDX-License-Identifier: MIT
/*
 * Unmapping large windows, a part at a time.
 *
 * Unmapping 1 GiB of populated memory takes 20 ms, and a peer can cause it by a packet, or
 * by its end.  So a window larger than a step is unmapped in turns (wait/budget.c), from
 * its end on.  It has no owner meanwhile: the owner has given it up.  The process whose
 * memory it was is charged (wait/payer.c), whether it is still connected or not.
 *
 * A locked mapping is unmapped at once, since locked memory counts against a limit.  So is
 * a mapping if there is no memory to remember it, or when too much waits.
 *
 * Invariant: a node unmaps the rest before it is destroyed.
 */
#include "wait/unmapping.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "base/limits.h"
#include "os/clock.h"
#include "wait/payer.h"

struct leftover {
	struct turn turn;
	struct turns *turns;
	unsigned char *base;
	uint64_t length;
};

static void unmap_step(struct leftover *left)
{
	uint64_t step = min_u64(left->length, POPULATE_TURN);

	left->length -= step;
	left->turns->unmapping -= step;
	munmap(left->base + left->length, step);
}

static void drop(struct leftover *left)
{
	payer_put(left->turn.payer);
	free(left);
}

static void take_turn(struct turn *turn)
{
	struct leftover *left = container_of(turn, struct leftover, turn);
	unsigned int steps = 0;
	bool goes_on = true;
	int64_t begun;

	while (left->length && goes_on && steps++ < POPULATE_TURNS_MAX) {
		begun = clock_thread();
		unmap_step(left);
		goes_on = turn_charge(left->turns, turn, clock_thread() - begun);
	}
	if (left->length)
		turn_wait(left->turns, turn);
	else
		drop(left);
}

void unmap_in_turns(struct turns *turns, const struct turn *owner, struct mapping *mapping,
		    uint64_t populated)
{
	struct leftover *left = NULL;

	if (populated > POPULATE_TURN && !mapping->locked && mapping->base &&
	    turns->unmapping + populated <= UNMAP_WAITING_MAX)
		left = calloc(1, sizeof(*left));
	if (!left) {
		mapping_unmap(mapping);
		return;
	}
	*left = (struct leftover){
		.turn.take = take_turn,
		.turns = turns,
		.base = mapping->base,
		.length = populated,
	};
	turn_share_payer(&left->turn, owner);
	if (mapping->length > populated)
		munmap(mapping->base + populated, mapping->length - populated);
	*mapping = (struct mapping){ 0 };
	turns->unmapping += populated;
	turn_wait(turns, &left->turn);
}

void unmap_the_rest(struct turns *turns)
{
	struct turn *turn = turns->first, *next;
	struct leftover *left;

	for (; turn; turn = next) {
		next = turn->next;
		if (turn->take != take_turn)
			continue;
		left = container_of(turn, struct leftover, turn);
		turn_forget(turns, turn);
		while (left->length)
			unmap_step(left);
		drop(left);
	}
}
