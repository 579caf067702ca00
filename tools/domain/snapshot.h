/* SPDX-License-Identifier: MIT */
/* Everything in a domain at one moment, in arrays: nodes, services, ports and counters. */
#ifndef TOOLS_SNAPSHOT_H
#define TOOLS_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sluice_list.h>

#include "tools/text/suggest.h"

/* More than what names in the registry have: see the sizes in uapi/sluice/registry.h. */
#define SNAPSHOT_NAME	256
#define SNAPSHOT_ENTRY	32

struct snapshot_node {
	struct sluice_list_node info;
	bool alive;			/* its process is */
};

struct snapshot_port {
	struct sluice_list_port info;
	struct sluice_list_counters counters;
	bool alive;			/* its process is */
};

struct snapshot_service {
	struct sluice_list_service info;
	bool alive;			/* a node has it open */
	struct snapshot_port *port;	/* clients first, by number */
	size_t ports;
	unsigned int clients, servers;	/* that are alive */
};

struct snapshot {
	char root[256], domain[64];
	int64_t time;			/* nanoseconds of CLOCK_MONOTONIC */
	struct snapshot_node *node;
	size_t nodes;
	struct snapshot_service *service;	/* by name */
	size_t services;
	size_t unreadable;		/* entries that are there and could not be read */
	bool other_versions;		/* one of them is of another version */
	struct sluice_list *list;	/* owns the strings */
};

/*
 * Reads a domain; NULL: the configured one. 0, also if there is nothing there; -errno as
 * sluice_list_open(); or CONFIGURED_WRONG.  Entries that come or go meanwhile may be
 * missing.
 */
int snapshot_take(struct snapshot *snapshot, const char *domain);
void snapshot_free(struct snapshot *snapshot);

/* The service of this name, or NULL. */
const struct snapshot_service *snapshot_service(const struct snapshot *snapshot,
						const char *name);

/* A suggestion among the existing services, as suggest_text() has it.  Returns buffer. */
char *snapshot_suggest(const struct snapshot *snapshot, const char *name,
		       char buffer[SUGGEST_TEXT]);

/* The node of this id, or NULL. */
const struct snapshot_node *snapshot_node(const struct snapshot *snapshot, uint64_t id);

/* The types of the requests and responses of a service, and of their headers. */
const struct sluice_list_message *snapshot_request(const struct snapshot_service *service);
const struct sluice_list_message *snapshot_response(const struct snapshot_service *service);

#endif /* TOOLS_SNAPSHOT_H */
