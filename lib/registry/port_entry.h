/* SPDX-License-Identifier: MIT */
/* The entries of ports in the directory of a service. */
#ifndef SLUICE_REGISTRY_PORT_ENTRY_H
#define SLUICE_REGISTRY_PORT_ENTRY_H

#include "registry/service_dir.h"
#include "os/mapping.h"
#include "os/residence.h"

enum port_kind {
	PORT_CLIENT = SLUICE_REGISTRY_CLIENT,
	PORT_SERVER = SLUICE_REGISTRY_SERVER,
};

/* Do ports of this kind dial, or listen? */
enum sluice_registry_role port_kind_role(enum port_kind kind) MUST_CHECK;

/* A port's entry in ports/. */
struct port_entry {
	uint64_t id;
	char name[NODE_ENTRY_NAME_SIZE];
	struct presence presence;	/* its page is the file */
	struct sluice_registry_counters *counters;	/* in the page */
	uint64_t told;					/* messages, when it last rested */
};

/*
 * Claims one of limit numbered names, in a directory that is held.  name is given by the
 * program, or NULL.  0, -EINVAL (too long), -EUSERS (none is free) or another -errno.
 */
int port_entry_claim(struct port_entry *entry, const struct service_dir *dir,
		     enum port_kind kind, uint32_t limit, const char *name) MUST_CHECK;

/*
 * If others have removed the name: claims one again, with a file of the same content.  1;
 * 0: there was nothing to do; or as port_entry_claim().
 */
int port_entry_renew(struct port_entry *entry, const struct service_dir *dir,
		     enum port_kind kind, uint32_t limit) MUST_CHECK;

/* Does the name still lead to the entry's file? */
bool port_entry_is_there(const struct port_entry *entry, const struct service_dir *dir) MUST_CHECK;

/* Makes the page of the counters resident.  As reside(). */
int port_entry_reside(struct port_entry *entry, enum residence residence) MUST_CHECK;

/* Removes the port from the directory.  Its counters can still be stored. */
void port_entry_release(struct port_entry *entry, const struct service_dir *dir);

/* The port goes to sleep.  If it had messages since it last did, they were until now. */
void port_entry_rest(struct port_entry *entry);

/* Frees the rest.  The counters are not stored any more. */
void port_entry_deinit(struct port_entry *entry);

/*
 * Sends a letter to the node of every dialling port: look at the service again.  0; or
 * -errno (quiet): some letters were not sent, because this process lacks something.
 */
int port_entry_notify_dialling(struct service_dir *dir) MUST_CHECK;

/*
 * Removes the entry of a dead port, after its socket; or, with keep, only finds out whether it
 * would.  Entries of other versions stay, since their records cannot be read.  1, and its
 * record; or as presence_bury().
 */
int port_entry_bury(int ports_fd, int servers_fd, const char *name, bool keep,
		    struct sluice_registry_port *ret_record) MUST_CHECK;

/*
 * Removes the entries of dead ports from an open service.  False: this process lacks something
 * for that.
 */
bool port_entry_sweep(int service_fd) MUST_CHECK;

#endif /* SLUICE_REGISTRY_PORT_ENTRY_H */
