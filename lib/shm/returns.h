/* SPDX-License-Identifier: MIT */
/* The ring in which slices come home, by their numbers. */
#ifndef SLUICE_SHM_RETURNS_H
#define SLUICE_SHM_RETURNS_H

#include <stdbool.h>

#include <sluice/ring.h>

#include "base/compiler.h"

/* One end of a return ring, either; private memory. */
struct returns {
	struct sluice_return *entries;
	uint64_t mask;
	uint64_t next;
};

void returns_init(struct returns *returns, struct sluice_return *entries, uint64_t count);

/* Gives a slice back.  Never fails: there is room for all that can be held. */
void returns_push(struct returns *returns, uint32_t number);

/* The same where the owner does not sleep for it, so that nobody rings afterwards. */
void returns_push_unrung(struct returns *returns, uint32_t number);

/* Takes the next returned number, which the caller must check. */
bool returns_pop(struct returns *returns, uint32_t *ret_number);

#endif /* SLUICE_SHM_RETURNS_H */
