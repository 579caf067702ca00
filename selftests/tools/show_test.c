// SPDX-License-Identifier: GPL-2.0-only
/*
 * A service of which everything is other than usual, for show_test.sh: it has user
 * headers, settings and attributes of its own, a client that has a name and a server that
 * has none, two nodes that have it open, and as many round trips behind it as the argument
 * says.  It ends with its standard input.
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

/* A key that is there twice, a value that is empty, and one that is not fit to print. */
static const struct sluice_attribute attributes[] = {
	{ "place", "front" },
	{ "place", "left" },
	{ "spare", "" },
	{ "rude", "\033[2J\n" },
};

static const struct sluice_service_opts opts = SLUICE_SERVICE_OPTS(
	.flags = SLUICE_SERVICE_NO_REQUEST_OVERFLOW | SLUICE_SERVICE_NO_RESPONSE_OVERFLOW |
		 SLUICE_SERVICE_NO_FIRE_AND_FORGET,
	.max_clients = 3,
	.max_servers = 2,
	.max_nodes = 4,
	.max_active_requests_per_client = 5,
	.max_loaned_requests = 6,
	.max_loaned_replies_per_request = 7,
	.max_response_buffer_size = 9,
	.max_borrowed_responses_per_pending_response = 10,
	.max_fds_per_message = 11,
	.request_alignment = 64,
	.response_alignment = 128,
	.mode = 0660,
	.attributes = attributes,
	.attribute_count = sizeof(attributes) / sizeof(attributes[0]));

int main(int argc, char **argv)
{
	struct pair pair = pair_make_named("show", &contract, &opts, "camera", NULL);
	struct sluice_node *other = must(sluice_node_create("other", NULL));
	struct sluice_service *service = must(sluice_service_open(other, &contract, NULL));

	for (int i = 0; argc > 1 && i < atoi(argv[1]); i++)
		pair_trip(&pair, 2);
	say_done();
	wait_to_be_let_go();
	sluice_service_close(service);
	sluice_node_destroy(other);
	pair_drop(&pair);
	return 0;
}
