/* SPDX-License-Identifier: MIT */
/* Everything in a domain at one moment: nodes, services, ports and their counters. */
#ifndef SLUICE_REGISTRY_LISTING_H
#define SLUICE_REGISTRY_LISTING_H

#include <stdint.h>

#include "registry/record.h"
#include "registry/root.h"

#define LISTING_ENTRY_SIZE	32u	/* names of entries are shorter */

/* The state of the process behind an entry, as far as it is known. */
struct listing_owner {
	uint64_t inode;		/* of the entry */
	bool alive;
	bool elsewhere;		/* it is in another pid namespace, in which its pid counts */
};

struct listing_node {
	struct sluice_registry_node record;
	struct listing_owner owner;
	char entry[LISTING_ENTRY_SIZE];
};

struct listing_port {
	struct port_record record;
	struct listing_owner owner;
	char entry[LISTING_ENTRY_SIZE];
};

struct listing_service {
	struct service_record record;
	char entry[LISTING_ENTRY_SIZE];	/* name of its directory */
	uint64_t inode;			/* of the contract */
	bool alive;			/* a node has it open */
	uint32_t nodes;			/* live ones that have it open */
	size_t port, ports;		/* the first of its ports, and how many it has */
	size_t member, members;		/* the same for the nodes that have it open */
};

struct listing {
	struct listing_node *node;
	struct listing_service *service;	/* by name */
	struct listing_port *port;	/* of each service, by kind and number */
	uint64_t *member;		/* inodes of nodes */
	size_t nodes, services, ports, members;
	size_t unreadable;		/* entries that could not be read */
	size_t foreign;			/* those of them that are of another version */
};

/*
 * Reads the directory of a domain.  0; -EMFILE, -ENFILE, -ENOMEM or -EIO, and then there is
 * nothing to free.  An entry that comes or goes meanwhile may be in the listing or not.
 */
int listing_read(struct listing *ret_listing, int domain_fd, bool anybody) MUST_CHECK;

/*
 * Reads the record in an open file.  The listing then has one node, service or port, and does
 * not know whether it lives.  0, -EPROTONOSUPPORT, -EBADMSG or another -errno.
 */
int listing_read_file(struct listing *ret_listing, int fd) MUST_CHECK;

void listing_free(struct listing *listing);

#define LISTING_DOMAIN_SIZE	64u	/* of the name of a domain, terminated */

struct listing_domains {
	char (*name)[LISTING_DOMAIN_SIZE];	/* sorted */
	size_t count;
};

/* Reads the names of the domains below an open root directory.  0 or -errno. */
int listing_domains_read(struct listing_domains *ret_domains, int root_fd) MUST_CHECK;
void listing_domains_free(struct listing_domains *domains);

#endif /* SLUICE_REGISTRY_LISTING_H */
