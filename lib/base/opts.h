/* SPDX-License-Identifier: MIT */
/* Options structs that begin with their own size. */
#ifndef SLUICE_BASE_OPTS_H
#define SLUICE_BASE_OPTS_H

#include "base/compiler.h"

/*
 * opts_read() - copy a caller's options into ours.  The caller's struct may be longer or
 * shorter.  Fields that it lacks become 0; fields that ours lacks must be 0 there. opts may
 * be NULL, which makes everything 0. what names the struct in the sentence of a failure.
 * Returns 0, -EINVAL or -E2BIG.
 */
int opts_read(void *ret_known, size_t known, const void *opts, const char *what);

/* A reserved field must be 0. 0 or -EINVAL. */
int opts_check_reserved(uint32_t reserved, const char *what);

/*
 * The opposite direction: fills a struct of the caller's, which begins with its size, with
 * as much of known as it has room for.  0, or -EINVAL (its size is not set).
 */
int opts_answer(void *answer, void *known, size_t size, const char *what) MUST_CHECK;

#endif /* SLUICE_BASE_OPTS_H */
