/* SPDX-License-Identifier: MIT */
/* errno, and a sentence about what went wrong, for each thread. */
#ifndef SLUICE_BASE_ERROR_H
#define SLUICE_BASE_ERROR_H

#include "base/compiler.h"

/*
 * fail() - record a failure: sets errno and writes the sentence.  Returns
 * -error, so that a function can end in "return fail(EINVAL, ...)".
 */
int fail(int error, const char *format, ...) PRINTF(2, 3) SELDOM;

/*
 * fail_quietly() - record a frequent failure, such as EAGAIN: the sentence is constant and
 * only its address is kept.
 */
int fail_quietly(int error, const char *sentence);

/*
 * fail_system() - a system call failed with errno; what says what was tried.
 */
int fail_system(const char *what) SELDOM;

/*
 * fail_within() - extend the sentence of a failure by what it was a part of, in front of
 * the sentence.  Returns result, which is -errno.
 */
int fail_within(int result, const char *format, ...) PRINTF(2, 3) SELDOM;

/* Reports the same failure again: sets errno after cleaning up. */
int fail_again(int result);

/* For the return value of a constructor: if it is NULL, the failure is kept. */
void *made(void *object);

/*
 * For a call with a NULL parent: the failure of this thread's last constructor that has
 * failed, however long ago; or EINVAL.
 */
int fail_parent(const char *what) SELDOM;

/* For a call with the NULL of a send: this thread's last failure, or EINVAL. */
int fail_unsent(const char *what) SELDOM;

/* The same for functions that return a pointer. */
#define fail_null(...)		(fail(__VA_ARGS__), NULL)
#define fail_again_null(result)	(fail_again(result), NULL)

const char *error_sentence(void);

#define ERROR_SENTENCE_SIZE	512

/* The last failure, while other code runs that may have failures of its own. */
struct error_kept {
	int error, last;
	const char *sentence;
	char text[ERROR_SENTENCE_SIZE];
};

void error_keep(struct error_kept *ret_kept);
void error_put_back(const struct error_kept *kept);

#endif /* SLUICE_BASE_ERROR_H */
