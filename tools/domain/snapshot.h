/* SPDX-License-Identifier: MIT */
/* Everything in a domain, at one moment: nodes, services, ports and their counters. */
#ifndef TOOLS_SNAPSHOT_H
#define TOOLS_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sluice/registry.h>

#include "tools/text/suggest.h"

#define SNAPSHOT_HASH	17	/* 16 digits, terminated */
#define SNAPSHOT_ENTRY	32

struct snapshot_node {
	struct sluice_registry_node record;
	uint64_t inode;			/* of its file, as of those below */
	bool alive;			/* its process is, as owner.c has it */
};

struct snapshot_port {
	struct sluice_registry_port record;
	struct sluice_registry_counters counters;
	char entry[SNAPSHOT_ENTRY];	/* name of its file, such as "client.3" */
	uint64_t inode;
	bool alive;			/* its process is, as owner.c has it */
};

struct snapshot_service {
	struct sluice_registry_contract contract;
	struct sluice_registry_attribute attribute[SLUICE_ATTRIBUTES_MAX];
	char hash[SNAPSHOT_HASH];
	uint64_t inode;			/* of the contract */
	bool alive;			/* a node has it open */
	struct snapshot_port *port;	/* clients first, by number */
	size_t ports;
	uint64_t *member;		/* inodes of nodes that have it open */
	size_t members;
	unsigned int nodes, clients, servers;	/* that are alive */
};

struct snapshot {
	char root[256], domain[64];
	int64_t time;			/* nanoseconds of CLOCK_MONOTONIC */
	struct snapshot_node *node;
	size_t nodes;
	struct snapshot_service *service;	/* by name */
	size_t services;
	size_t unreadable;		/* entries that are there and could not be read */
};

/*
 * Reads a domain; NULL: what the environment says.  0, also if there is nothing there;
 * -EACCES (a directory is not to be read, or not safe), -EINVAL (bad name of a domain),
 * -ENOMEM or another errno.  What comes or goes meanwhile is in it or not.
 */
int snapshot_take(struct snapshot *snapshot, const char *domain);
void snapshot_free(struct snapshot *snapshot);

/* The service of this name, or NULL. */
const struct snapshot_service *snapshot_service(const struct snapshot *snapshot,
						const char *name);

/* Which of the services that are there was meant, as suggest_text() has it.  Returns buffer. */
char *snapshot_suggest(const struct snapshot *snapshot, const char *name,
		       char buffer[SUGGEST_TEXT]);

/* The node of this id, or NULL. */
const struct snapshot_node *snapshot_node(const struct snapshot *snapshot, uint64_t id);

#endif /* TOOLS_SNAPSHOT_H */
