/* SPDX-License-Identifier: MIT */
/* The records of the registry, read and checked. */
#ifndef SLUICE_REGISTRY_RECORD_H
#define SLUICE_REGISTRY_RECORD_H

#include <stdbool.h>
#include <sys/stat.h>

#include <sluice/registry.h>

#include "base/compiler.h"
#include "os/process.h"

/* The contents of a contract file; with as many attributes as the contract says. */
struct service_record {
	struct sluice_registry_contract contract;
	struct sluice_registry_attribute attributes[SLUICE_ATTRIBUTES_MAX];
};

/* The contents of a port's file. */
struct port_record {
	struct sluice_registry_port port;
	struct sluice_registry_counters counters;
};

/* The process that a node's or a port's record names. */
#define RECORD_OWNER(record)						\
	((struct process){ .pid = (record)->pid, .inode = (record)->pidfd_inode,	\
			   .pids = (record)->pid_namespace })

/* Do magic, version and size say that it is one of this version? */
bool record_is_node(const struct sluice_registry_node *node) MUST_CHECK;
bool record_is_port(const struct sluice_registry_port *port) MUST_CHECK;

/*
 * Opens a file of the registry to read it.  It may be anything: no symbolic link is
 * followed, and nothing is waited for.  A descriptor; or -ENOENT or another -errno, quiet.
 */
int record_open(int at, const char *name) MUST_CHECK;

/*
 * Read a record and check all of it: strings are terminated, and numbers are values that the
 * library writes.  0; -EPROTONOSUPPORT: it is of another version, or of a messaging pattern
 * that is not known; -EBADMSG: it is no such record; or another -errno; all quiet.
 */
int record_read_node(int fd, struct sluice_registry_node *ret_node,
		     struct stat *ret_status) MUST_CHECK;
int record_read_port(int fd, struct port_record *ret_record,
		     struct stat *ret_status) MUST_CHECK;
int record_read_service(int fd, struct service_record *ret_record,
			struct stat *ret_status) MUST_CHECK;

#endif /* SLUICE_REGISTRY_RECORD_H */
