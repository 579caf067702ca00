/* SPDX-License-Identifier: MIT */
/* The options by which a verb that opens a service chooses it. */
#ifndef TOOLS_CHOSEN_SERVICE_H
#define TOOLS_CHOSEN_SERVICE_H

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

extern const char chosen_service_require[];	/* the text of --require, with all flags */

#define CHOSEN_SERVICE_OPTIONS						\
	{ "require", CHOSEN_REQUIRE, "FLAGS", chosen_service_require },	\
	{ "refuse", CHOSEN_REFUSE, "FLAGS",				\
	  "the service must be without these flags" },			\
	{ "any-user", CHOSEN_ANY_USER, NULL,				\
	  "the service and those at its other end may be of other users "	\
	  "than this one and root" },					\
	{ "domain", CHOSEN_DOMAIN, "NAME",				\
	  "where the service is ($SLUICE_DOMAIN, or \"default\")" }

/* Takes one of these options, with its value or NULL.  False: the value cannot be used. */
bool chosen_service_take(struct chosen_service *chosen, int option, const char *value);

/* The flags for sluice_service_open(). */
uint64_t chosen_service_flags(const struct chosen_service *chosen);

#endif /* TOOLS_CHOSEN_SERVICE_H */
