// SPDX-License-Identifier: GPL-2.0-only
/*
 * A service of which everything is other than usual, for show_test.sh: it has user
 * headers and settings of its own, and as many round trips behind it as the argument says.
 * It ends with its standard input.
 */
#include "told_pair.h"

struct point {
	double x, y, z;
};

struct label {
	char text[20];
};

static const struct sluice_contract contract = {
	.name = "selftest/show",
	.request = SLUICE_SLICE(struct point),
	.response = SLUICE_SLICE(struct point),
	.request_header = SLUICE_TYPE(struct label),
	.response_header = SLUICE_TYPE(uint64_t),
};

static const struct sluice_service_opts opts = SLUICE_SERVICE_OPTS(
	.flags = SLUICE_SERVICE_NO_REQUEST_OVERFLOW,
	.max_clients = 3,
	.max_servers = 2,
	.max_active_requests_per_client = 5,
	.max_loaned_requests = 6,
	.max_loaned_replies_per_request = 7,
	.max_response_buffer_size = 9,
	.max_borrowed_responses_per_pending_response = 10);

int main(int argc, char **argv)
{
	struct pair pair = pair_make("show", &contract, &opts);

	for (int i = 0; argc > 1 && i < atoi(argv[1]); i++)
		pair_trip(&pair, 2);
	say_done();
	wait_to_be_let_go();
	pair_drop(&pair);
	return 0;
}
