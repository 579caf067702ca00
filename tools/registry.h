/* SPDX-License-Identifier: MIT */
/* What the registry directory tells anybody who may read it; see uapi/sluice/registry.h. */
#ifndef TOOLS_REGISTRY_H
#define TOOLS_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include <sluice/registry.h>

/* That directory, and whether it is for several users.  A descriptor, or -errno as below. */
int registry_open_root(bool *ret_shared);

/*
 * The directory of a domain.  A descriptor; or -ENOENT (it is not there), or another
 * -errno as below, or one that lost_root_is() knows.
 */
int registry_open_domain(const char *domain);

/* May a domain have this name? */
bool registry_is_domain(const char *name);

/* A directory of what is at, if it is safe.  Likewise; -EACCES: it is not, or is none. */
int registry_open_directory(int at, const char *name);

/*
 * Calls for each name in a directory, that of a subdirectory, or NULL, of what is at.  0, also
 * if it is not there; or -errno as below: there may be more.
 */
typedef void registry_entry(void *context, int directory, const char *name);
int registry_each(int at, const char *name, const char *below, void *context,
		  registry_entry *call);

/*
 * Read a record, and say of which file.  0, -ENOENT (it has gone), -EPROTONOSUPPORT
 * (another version), -EBADMSG (it is none) or another errno.
 */
int registry_read_node(int nodes, const char *name, struct sluice_registry_node *ret_node,
		       struct stat *ret_status);
int registry_read_port(int ports, const char *name, struct sluice_registry_port *ret_port,
		       struct sluice_registry_counters *ret_counters, struct stat *ret_status);
/* Of the entries of ports/: does it stand for a node that has the service open? */
bool registry_is_member(const char *name);

/* The attributes have room for SLUICE_ATTRIBUTES_MAX, or are NULL: they are not wanted. */
int registry_read_contract(int services, const char *hash,
			   struct sluice_registry_contract *ret_contract,
			   struct sluice_registry_attribute *ret_attributes,
			   struct stat *ret_status);

/* Is a record that was read elsewhere a contract, of which all is right? */
bool registry_is_contract(const struct sluice_registry_contract *record);

#endif /* TOOLS_REGISTRY_H */
