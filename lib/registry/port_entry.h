/* SPDX-License-Identifier: MIT */
/* The ports of a service, as its directory shows them. */
#ifndef SLUICE_REGISTRY_PORT_ENTRY_H
#define SLUICE_REGISTRY_PORT_ENTRY_H

#include "registry/service_dir.h"
#include "os/mapping.h"
#include "os/residence.h"

enum port_kind {
	PORT_CLIENT = SLUICE_REGISTRY_CLIENT,
	PORT_SERVER = SLUICE_REGISTRY_SERVER,
};

/* How ports of this kind come to their connections. */
enum sluice_registry_role port_kind_role(enum port_kind kind) MUST_CHECK;

/* A port's entry in ports/. */
struct port_entry {
	uint64_t id;
	char name[NODE_ENTRY_NAME_SIZE];
	int fd;
	struct mapping page;
	struct sluice_registry_counters *counters;	/* in the page */
	uint64_t told;					/* messages, when it last rested */
};

/*
 * Claims one of limit numbered names; name is the user's, or NULL.  0, -EINVAL (too
 * long), -EUSERS (none is free) or another -errno.
 */
int port_entry_claim(struct port_entry *entry, const struct service_dir *dir,
		     enum port_kind kind, uint32_t limit, const char *name) MUST_CHECK;

/*
 * Claims a name again, with a file of the same content, if others have taken it away.  1;
 * 0: nothing was to do; or as port_entry_claim().
 */
int port_entry_renew(struct port_entry *entry, const struct service_dir *dir,
		     enum port_kind kind, uint32_t limit) MUST_CHECK;

/* Does the name stand for the entry? */
bool port_entry_is_there(const struct port_entry *entry, const struct service_dir *dir) MUST_CHECK;

/* Has its page be there.  As reside(). */
int port_entry_reside(struct port_entry *entry, enum residence residence) MUST_CHECK;

/* Takes the port out of the directory; its counters can still be stored. */
void port_entry_release(struct port_entry *entry, const struct service_dir *dir);

/* The port goes to sleep.  If it had messages since it last did, they were until now. */
void port_entry_rest(struct port_entry *entry);

/* Nobody stores them any more. */
void port_entry_deinit(struct port_entry *entry);

/*
 * Tells the node of every port that dials to look at the service again.  0; or -errno
 * (quiet): not all of them were told, for want of something.
 */
int port_entry_notify_dialling(const struct service_dir *dir) MUST_CHECK;

/*
 * Removes the entry of a dead port, and its socket first; or with keep only finds out.  Entries
 * of other versions stay, since it is not known what they tell of.  1, and its record; or
 * as presence_bury().
 */
int port_entry_bury(int ports_fd, int servers_fd, const char *name, bool keep,
		    struct sluice_registry_port *ret_record) MUST_CHECK;

/* Removes from an open service what dead ports have left. */
void port_entry_sweep(int service_fd);

#endif /* SLUICE_REGISTRY_PORT_ENTRY_H */
