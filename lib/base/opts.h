/* SPDX-License-Identifier: MIT */
/* Options structs that begin with their own size. */
#ifndef SLUICE_BASE_OPTS_H
#define SLUICE_BASE_OPTS_H

#include "base/compiler.h"

/*
 * opts_read() - copy a caller's options into ours, which may be longer or
 * shorter.  What the caller's struct lacks becomes 0; what ours lacks must be 0
 * there.  opts may be NULL, which makes everything 0.  what names the struct in
 * the sentence of a failure.  Returns 0, -EINVAL or -E2BIG.
 */
int opts_read(void *ret_known, size_t known, const void *opts, const char *what);

/* A field that is kept for later must be 0.  0 or -EINVAL. */
int opts_check_reserved(uint32_t reserved, const char *what);

/*
 * The way back: fills a struct of the caller's, which begins with its size, with as much
 * of known as it has room for.  0, or -EINVAL (its size is not set).
 */
int opts_answer(void *answer, void *known, size_t size, const char *what) MUST_CHECK;

#endif /* SLUICE_BASE_OPTS_H */
