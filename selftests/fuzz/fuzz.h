/* SPDX-License-Identifier: GPL-2.0-only */
/* What the fuzz targets share: the input, files to feed, and the promises that are checked. */
#ifndef SELFTESTS_FUZZ_H
#define SELFTESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a target is: one input is fed.  libFuzzer calls it, or replay.c. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A promise that does not hold ends the program, as a sanitizer does. */
#define PROMISE(what)								\
	do {									\
		if (!(what))							\
			fuzz_broken(__FILE__, __LINE__, #what);			\
	} while (0)

_Noreturn void fuzz_broken(const char *file, int line, const char *what);

/*
 * ---- The input, from front to back.  After its end there are zeros. ----
 *
 * In place of a file, an input can be drawn: small numbers, numbers near a limit, and any
 * others; and steps that belong to one row of attacks.
 */

struct fuzz_row {
	const char *name;
	const uint8_t *steps;	/* as often as they stand here */
	size_t count;
};

#define FUZZ_ROW(name, ...)							\
	{ name, (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }) }

struct input {
	const uint8_t *at;
	size_t left;
	const struct fuzz_row *row;	/* NULL: it is read */
	uint64_t state;			/* of what is drawn */
};

/* The rows of a target that is fed steps; the last has no name. */
extern const struct fuzz_row fuzz_rows[];

/* Feeds one input to such a target. */
void fuzz_feed(struct input *input);

uint64_t input_number(struct input *input, size_t bytes);

static inline uint8_t input_byte(struct input *input)
{
	return (uint8_t)input_number(input, 1);
}

/* The next step: any, or one of the row. */
uint8_t input_step(struct input *input);

/* Copies the next bytes; behind the end of the input there are zeros. */
void input_copy(struct input *input, void *ret_data, size_t size);

/* ---- Files ---- */

#define FUZZ_PATH	64

/*
 * A file with these contents, which is in no directory: a memfd that is made once and
 * written again for each input.
 */
int fuzz_file(const void *data, size_t size);

/* Its name, for functions that open files by name. */
const char *fuzz_path(void);

/* A directory of our own, gone when the process ends; the root directory of nodes. */
const char *fuzz_root(void);

/* ---- Before and after each input ---- */

/*
 * fuzz_begin() - nothing is said on stdout or stderr from here on, and the lowest free
 * descriptor is noted.  fuzz_end() checks that it is the same one.
 */
void fuzz_begin(void);
void fuzz_end(void);

/* Bytes that were written to stderr since fuzz_begin(). */
size_t fuzz_said(void);

/* Is it a sentence: not empty, and without a byte that moves the cursor of a terminal? */
bool fuzz_is_sentence(const char *text);

/* Reads all of it, so that a sanitizer sees an access outside. */
void fuzz_read_all(const void *data, size_t size);

#endif /* SELFTESTS_FUZZ_H */
