/* SPDX-License-Identifier: GPL-2.0-only */
/* A service in which little may be held. */
#ifndef SELFTESTS_HELD_H
#define SELFTESTS_HELD_H

#include "rules.h"
#include "events.h"

#define HELD	2

static const struct sluice_service_opts two = SLUICE_SERVICE_OPTS(
	.max_borrowed_responses_per_pending_response = HELD,
	.max_active_requests_per_client = HELD);

#endif /* SELFTESTS_HELD_H */
