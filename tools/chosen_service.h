/* SPDX-License-Identifier: MIT */
/* The options by which a verb that opens a service chooses it. */
#ifndef TOOLS_CHOSEN_SERVICE_H
#define TOOLS_CHOSEN_SERVICE_H

#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>

struct chosen_service {
	const char *name;
	const char *domain;		/* NULL: the configured one */
	uint64_t required, refused;	/* flags of the service */
	bool any_user;
};

/* The vals of these options; a verb has other ones for its own. */
enum { CHOSEN_DOMAIN = 'd', CHOSEN_REQUIRE = 512, CHOSEN_REFUSE, CHOSEN_ANY_USER };

#define CHOSEN_SERVICE_OPTIONS						\
	{ "require", required_argument, NULL, CHOSEN_REQUIRE },		\
	{ "refuse", required_argument, NULL, CHOSEN_REFUSE },		\
	{ "any-user", no_argument, NULL, CHOSEN_ANY_USER },		\
	{ "domain", required_argument, NULL, CHOSEN_DOMAIN }

/* Takes one of these options, with its value or NULL.  False: the value cannot be used. */
bool chosen_service_take(struct chosen_service *chosen, int option, const char *value);

/* The flags for sluice_service_open(). */
uint64_t chosen_service_flags(const struct chosen_service *chosen);

#endif /* TOOLS_CHOSEN_SERVICE_H */
