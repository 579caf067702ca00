/* SPDX-License-Identifier: MIT */
/* The types that a program shares with others, each with its layout. */
#ifndef TOOLS_TYPES_SHARED_H
#define TOOLS_TYPES_SHARED_H

#include "tools/types/contracts.h"
#include "tools/types/layout.h"
#include "tools/types/work.h"

struct shared_type {
	struct payload payload;
	struct layout layout;
	uint64_t fingerprint;
};

struct shared {
	const char *program;
	struct shared_type *type;
	size_t types;
	struct work work;	/* that it took */
};

/*
 * Reads them.  A wrong type is a fault of its layout; so is a contract with another
 * fingerprint, unless new ones are to be made.  0, or -1 and a sentence was printed.
 */
int shared_read(struct shared *ret_shared, const char *program, bool renew);
void shared_free(struct shared *shared);

/* The first of this name, compared as contracts do; or NULL. */
const struct shared_type *shared_find(const struct shared *shared, const char *name);

#endif /* TOOLS_TYPES_SHARED_H */
