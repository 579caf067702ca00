/* SPDX-License-Identifier: MIT */
/* Removing the directory of a service that nobody has open. */
#ifndef SLUICE_REGISTRY_SERVICE_REMOVAL_H
#define SLUICE_REGISTRY_SERVICE_REMOVAL_H

#include <stdbool.h>

#include "base/compiler.h"

/*
 * Renames the directory of a service and deletes it.  The caller holds the exclusive lock of
 * its contract.  1: it is gone; 0: it was renamed, and not all of it could be deleted; or
 * -errno, quiet: nothing has changed.
 */
int service_removal_remove(int services_fd, const char *name);

/*
 * Removes a service that nobody has open; or, with keep, only finds out whether it would.  A
 * service without a contract is removed if it is older than the making of one takes, or, with
 * empty, at once.  1; 0: it is open, has gone, or is being made; -EAGAIN: it was renamed, and
 * not all of it could be deleted; or another -errno, quiet.
 */
int service_removal_bury(int services_fd, const char *name, bool anybody, bool empty,
			 bool keep) MUST_CHECK;

/* Is this the name of a service that was renamed to be deleted?  That is not named yet? */
bool service_removal_is_renamed(const char *name) MUST_CHECK;
bool service_removal_is_unnamed(const char *name) MUST_CHECK;

/* Deletes a directory that was renamed.  1; 0: it has gone; or -errno, quiet. */
int service_removal_finish(int services_fd, const char *name) MUST_CHECK;

#endif /* SLUICE_REGISTRY_SERVICE_REMOVAL_H */
