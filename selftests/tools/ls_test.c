// SPDX-License-Identifier: GPL-2.0-only
/*
 * What sluice ls is to find, for ls_test.sh:
 *
 *	ls_test crowd N		a service of one server and N clients
 *	ls_test rude		a service, types, ports and a node whose names are not fit to
 *				print
 *	ls_test foreign		a service whose name is not ASCII
 *	ls_test empty		a service that is open, and has neither client nor server
 */
#include <sys/resource.h>

#include "told_pair.h"

/* Clears the screen, rings, breaks the line, and is no UTF-8. */
#define RUDE	"rude\033[2J\a\n\t\"\\\xff"

static const struct sluice_contract crowded = {
	.name = "selftest/crowd",
	.request = SLUICE_SLICE(uint8_t),
	.response = SLUICE_TYPE(uint64_t),
};

static const struct sluice_contract rude = {
	.name = RUDE,
	.request = SLUICE_TYPE_NAMED(RUDE, uint8_t, SLUICE_KIND_SLICE),
	.response = SLUICE_TYPE_NAMED(RUDE, uint8_t, SLUICE_KIND_FIXED),
};

/* What differs in bytes, characters and columns, and a character that turns writing round. */
static const struct sluice_contract foreign = {
	.name = "gr\u00f6\u00dfe/\u6f22\u5b57/e\u0301/\u202e",
	.request = SLUICE_SLICE(uint8_t),
	.response = SLUICE_SLICE(uint8_t),
};

static void open_enough(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) < 0)
		err(1, "getrlimit");
	files.rlim_cur = files.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &files) < 0)
		err(1, "setrlimit");
}

/* Nothing is destroyed, so that there is something left behind when it has ended. */
static void crowd(unsigned int clients)
{
	const struct sluice_service_opts opts = SLUICE_SERVICE_OPTS(.max_clients = clients);
	struct sluice_node *node = must(sluice_node_create("crowd", NULL));
	struct sluice_service *service = must(sluice_service_open(node, &crowded, &opts));

	must(sluice_server_create(service, NULL));
	for (unsigned int i = 0; i < clients; i++)
		must(sluice_client_create(service, NULL));
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	open_enough();
	if (!strcmp(what, "crowd") && argc == 3)
		crowd((unsigned int)atoi(argv[2]));
	else if (!strcmp(what, "foreign"))
		must(sluice_service_open(must(sluice_node_create(NULL, NULL)), &foreign, NULL));
	else if (!strcmp(what, "rude"))
		pair_make_named(RUDE, &rude, NULL, RUDE, RUDE);
	else if (!strcmp(what, "empty"))
		must(sluice_service_open(must(sluice_node_create(NULL, NULL)), &crowded, NULL));
	else
		errx(2, "usage: ls_test crowd N|rude|foreign|empty");
	say_done();
	wait_to_be_let_go();
	return 0;
}
