/* SPDX-License-Identifier: MIT */
/* Which ports of a local service belong to bridges. */
#ifndef TOOLS_BRIDGE_LOCAL_H
#define TOOLS_BRIDGE_LOCAL_H

#include <stdbool.h>
#include <stdint.h>

/* Names of the ports of bridges: nobody else may name a port so. */
#define LOCAL_OFFER	"bridge:offer"
#define LOCAL_USE	"bridge:use"

/* The servers of a service that live. */
struct local_servers {
	unsigned int servers;		/* of programs */
	unsigned int bridges;		/* of bridges */
};

/* Counts them.  0, or -errno of sluice_list_open(). */
int local_count(const char *domain, const char *service, struct local_servers *ret_servers);

/* Is this client one of a bridge? */
bool local_is_bridge(const char *domain, const char *service, uint64_t client);

#endif /* TOOLS_BRIDGE_LOCAL_H */
