/* SPDX-License-Identifier: GPL-2.0-only */
/* What the tests of stale handles share. */
#ifndef SELFTESTS_STALE_H
#define SELFTESTS_STALE_H

#include "steps.h"

ENDS_FIXTURE(stale);

/* Failures in a row, from none to more than a table has handles to spare, twice over. */
#define OFTEN	20

/* Other messages of the kind until a stale handle may be used again; see sluice.h. */
#define PROMISED	8

static const struct sluice_service_opts keep __attribute__((__unused__)) = SLUICE_SERVICE_OPTS(
	.flags = SLUICE_SERVICE_NO_REQUEST_OVERFLOW | SLUICE_SERVICE_NO_RESPONSE_OVERFLOW,
	.max_active_requests_per_client = 4,
	.max_response_buffer_size = 2);

helper int refuse(const struct sluice_full *full, void *context)
{
	(void)full, (void)context;
	return SLUICE_ANSWER_FAIL;
}

#endif /* SELFTESTS_STALE_H */
