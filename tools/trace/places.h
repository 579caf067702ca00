/* SPDX-License-Identifier: MIT */
/* The places of the probes in a file. */
#ifndef TRACE_PLACES_H
#define TRACE_PLACES_H

#include "trace.h"

/* A place in a file: offsets in it, of the nop and of the semaphore. */
struct place {
	uint64_t place;
	uint64_t semaphore;
};

/* The place of each probe; 0 if the file has none. */
struct places {
	struct place probe[SLUICE_TRACE_COUNT];
	unsigned int count;
};

/*
 * Reads the places of a file.  0; -ENOENT (there are none, or it is no ELF file),
 * -EPROTO (there are, and not as this tracer knows them) or another -errno.
 */
int places_read(int fd, struct places *ret_places);

#endif /* TRACE_PLACES_H */
