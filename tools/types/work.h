/* SPDX-License-Identifier: MIT */
/*
 * How much may be looked at for one file.
 *
 * A search is as long as the debug information, and there are as many searches as the file has
 * contracts and pointers.  So a file that was made for it would take a time that grows with
 * the square of its size.  Whatever is looked at takes from what is left; a program that was
 * compiled needs a small part of it.
 */
#ifndef TOOLS_TYPES_WORK_H
#define TOOLS_TYPES_WORK_H

#include <stdbool.h>
#include <stdint.h>

/* Entries, or so many of their bytes that libdw goes over; for each byte of the file. */
#define WORK_FOR_BYTE	32u
#define WORK_FIRST	1000000u
#define WORK_BYTES	16u

struct work {
	uint64_t left;
	uint64_t done;
	bool spent;		/* there was not enough, and what was found is not all */
};

static inline void work_begin(struct work *work, uint64_t bytes)
{
	*work = (struct work){ .left = WORK_FIRST + WORK_FOR_BYTE * bytes };
}

/* False: stop. */
static inline bool work_take(struct work *work, uint64_t steps)
{
	if (work->spent || steps > work->left) {
		work->spent = true;
		return false;
	}
	work->left -= steps;
	work->done += steps;
	return true;
}

#endif /* TOOLS_TYPES_WORK_H */
