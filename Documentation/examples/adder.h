/* SPDX-License-Identifier: MIT */
/* adder.h - the contract that adder-client.c and adder-server.c compile in */
#include <sluice.h>

struct add_request  { uint64_t a, b; };
struct add_response { uint64_t sum; };

static const struct sluice_contract adder = {
	.name     = "example/adder",
	.request  = SLUICE_TYPE(struct add_request),
	.response = SLUICE_TYPE(struct add_response),
};
