/* SPDX-License-Identifier: MIT */
/* errno, and a sentence about what went wrong, for each thread. */
#ifndef SLUICE_BASE_ERROR_H
#define SLUICE_BASE_ERROR_H

#include "base/compiler.h"

/*
 * fail() - record a failure: sets errno and writes the sentence.  Returns
 * -error, so that a function can end in "return fail(EINVAL, ...)".
 */
int fail(int error, const char *format, ...) PRINTF(2, 3) COLD;

/*
 * fail_quietly() - record a failure that belongs to the daily run of things,
 * such as EAGAIN: the sentence is constant and only its address is kept.
 */
int fail_quietly(int error, const char *sentence);

/*
 * fail_system() - a system call failed with errno; what says what was tried.
 */
int fail_system(const char *what) COLD;

/*
 * fail_within() - the same failure, of something larger: what it was stands before the
 * sentence that is there.  Returns result, which is -errno.
 */
int fail_within(int result, const char *format, ...) PRINTF(2, 3) COLD;

/* The same failure once more: sets errno again after some cleaning up. */
int fail_again(int result);

/* What a constructor returns goes through here: of NULL, the failure is kept. */
void *made(void *object);

/*
 * For what was handed a NULL parent: the failure of this thread's last constructor that
 * has failed, however long ago; or EINVAL.
 */
int fail_parent(const char *what) COLD;

/* For what was handed the NULL of a send: this thread's last failure, or EINVAL. */
int fail_unsent(const char *what) COLD;

/* The same for functions that return a pointer. */
#define fail_null(...)		(fail(__VA_ARGS__), NULL)
#define fail_again_null(result)	(fail_again(result), NULL)

const char *error_sentence(void);

#endif /* SLUICE_BASE_ERROR_H */
