/* SPDX-License-Identifier: MIT */
/* Whether memory is there before it is used. */
#ifndef SLUICE_OS_RESIDENCE_H
#define SLUICE_OS_RESIDENCE_H

#include "base/compiler.h"

/* What a port asks for its memory; each asks for what those before it do. */
enum residence {
	RESIDENCE_LAZY = 0,	/* pages come as they are used */
	RESIDENCE_PREFAULTED,
	RESIDENCE_LOCKED,
};

/*
 * Has private memory be as is asked.  0, or -ENOMEM or -EPERM (RLIMIT_MEMLOCK).
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
