/* SPDX-License-Identifier: MIT */
/*
 * The page of this machine: 4, 16 or 64 KiB, a power of two.  Everything that is mapped in
 * parts, segments and windows, has whole pages.  Both ends of a channel are on one machine,
 * so they agree.  Nothing else knows the size.
 */
#ifndef SLUICE_OS_PAGE_H
#define SLUICE_OS_PAGE_H

#include <stdint.h>
#include <unistd.h>

#include "base/compiler.h"

static inline uint64_t page_size(void)
{
	return (uint64_t)sysconf(_SC_PAGESIZE);
}

/* Whole pages for so many bytes. */
static inline uint64_t page_round(uint64_t bytes)
{
	return round_up(bytes, page_size());
}

#endif /* SLUICE_OS_PAGE_H */
