/* SPDX-License-Identifier: MIT */
/* Making the directory of a service, or what is missing in one. */
#ifndef SLUICE_REGISTRY_SERVICE_CREATION_H
#define SLUICE_REGISTRY_SERVICE_CREATION_H

#include <stdbool.h>

#include "registry/record.h"
#include "registry/service_dir.h"

/*
 * All three fill in the descriptors and identities of *dir, whose node and name are set.  The caller closes
 * them after a failure.  -EAGAIN: another process was faster; begin again.
 */

/* Makes a service with this record.  1, -EAGAIN or another -errno. */
int service_creation_make(struct service_dir *dir, struct service_record *record) MUST_CHECK;

/*
 * Writes a contract into dir->fd, a directory that has lost its own.  1; -EAGAIN; -ENOENT:
 * the directory is not of this service's kind; or another -errno.
 */
int service_creation_complete(struct service_dir *dir, struct service_record *record) MUST_CHECK;

/*
 * Opens ports/ and servers/, and makes them if they are missing.  The contract is locked and
 * has its name, so nobody is removing the service.  0 or -errno.
 */
int service_creation_open_ports(struct service_dir *dir, bool any_user,
				const struct sluice_registry_settings *settings) MUST_CHECK;

#endif /* SLUICE_REGISTRY_SERVICE_CREATION_H */
