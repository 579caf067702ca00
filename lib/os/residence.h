/* SPDX-License-Identifier: MIT */
/* Whether memory is present before it is used. */
#ifndef SLUICE_OS_RESIDENCE_H
#define SLUICE_OS_RESIDENCE_H

#include "base/compiler.h"

/* How a port wants its memory to be allocated.  Each value includes those before it. */
enum residence {
	RESIDENCE_LAZY = 0,	/* pages come as they are used */
	RESIDENCE_PREFAULTED,
	RESIDENCE_LOCKED,
};

/*
 * Makes private memory present, or locks it, as asked.  0, or -ENOMEM or -EPERM
 * (RLIMIT_MEMLOCK).
 */
int reside(void *begin, size_t size, enum residence residence) MUST_CHECK;

/* The same for several parts. */
struct resident {
	void *begin;
	size_t size;
};

int reside_all(const struct resident *parts, unsigned int count,
	       enum residence residence) MUST_CHECK;

#endif /* SLUICE_OS_RESIDENCE_H */
