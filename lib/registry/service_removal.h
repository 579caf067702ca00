/* SPDX-License-Identifier: MIT */
/* Removing the directory of a service that nobody has open. */
#ifndef SLUICE_REGISTRY_SERVICE_REMOVAL_H
#define SLUICE_REGISTRY_SERVICE_REMOVAL_H

#include <stdbool.h>

#include "base/compiler.h"

/*
 * Renames a service away and deletes it.  The caller holds its contract locked exclusively.
 * 1: it was renamed; or -errno, quiet: nothing has changed.
 */
int service_removal_remove(int services_fd, const char *name);

/*
 * Removes a service that nobody has open, or with keep only finds out whether it is one.
 * One without a contract is removed if it is older than any opening takes, or at once with
 * empty.  1; 0: it is open, has gone, or is being made; or -errno, quiet.
 */
int service_removal_bury(int services_fd, const char *name, bool anybody, bool empty,
			 bool keep) MUST_CHECK;

/* Is this the name of a service that was renamed away, or that has not got its name yet? */
bool service_removal_is_renamed(const char *name) MUST_CHECK;
bool service_removal_is_unnamed(const char *name) MUST_CHECK;

/* Deletes what was renamed away.  1; 0: it has gone; or -errno, quiet. */
int service_removal_finish(int services_fd, const char *name) MUST_CHECK;

#endif /* SLUICE_REGISTRY_SERVICE_REMOVAL_H */
