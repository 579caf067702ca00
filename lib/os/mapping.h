/* SPDX-License-Identifier: MIT */
/* Address space: mapping memfds, reserving windows, populating in bulk. */
#ifndef SLUICE_OS_MAPPING_H
#define SLUICE_OS_MAPPING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"

struct mapping {
	unsigned char *base;	/* NULL if there is none */
	uint64_t length;	/* of the address space, mapped or not */
};

/* Maps length bytes of fd, which may lie behind its end.  0 or -errno. */
int mapping_map(struct mapping *mapping, int fd, uint64_t length, bool writable) MUST_CHECK;

/*
 * Gives pages to a part that is backed by memory, so that no later access of it
 * faults.  Works as far as it gets: what is left faults one by one.
 */
void mapping_populate(const struct mapping *mapping, uint64_t offset, uint64_t length,
		      bool writable);

void mapping_unmap(struct mapping *mapping);

#endif /* SLUICE_OS_MAPPING_H */
