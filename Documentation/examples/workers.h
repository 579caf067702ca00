/* SPDX-License-Identifier: MIT */
/*
 * workers.h - what the client and the workers agree on
 *
 * A worker counts the primes in a range of numbers.
 */
#ifndef WORKERS_H
#define WORKERS_H

#include <sluice.h>

struct range {
	uint64_t first;
	uint64_t count;
};

struct primes {
	uint64_t count;
	uint32_t worker;	/* which one has counted them */
	uint32_t reserved;
};

static const struct sluice_contract workers = {
	.name     = "example/workers",
	.request  = SLUICE_TYPE(struct range),
	.response = SLUICE_TYPE(struct primes),
};

/* No range may be lost: where a worker has no room, another one is asked, or one waits. */
static const struct sluice_service_opts workers_opts = SLUICE_SERVICE_OPTS(
	.flags = SLUICE_SERVICE_NO_REQUEST_OVERFLOW);

#endif /* WORKERS_H */
