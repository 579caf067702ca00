/* SPDX-License-Identifier: MIT */
/* What the registry directory tells anybody who may read it; see uapi/sluice/registry.h. */
#ifndef TOOLS_REGISTRY_H
#define TOOLS_REGISTRY_H

#include <sluice/registry.h>

/* The domain that is meant: domain, or if that is NULL what the environment says. */
const char *registry_domain(const char *domain);

/*
 * Finds the contract of a service that is there, by name.  0; or -ENOENT: there is none,
 * -EPROTONOSUPPORT: none, but one of an incompatible version, whatever its name is,
 * -EACCES: a directory is not safe or not to be read, -EINVAL: bad name of a domain,
 * or another errno.
 */
int registry_find_service(const char *domain, const char *name,
			  struct sluice_registry_contract *ret_contract);

#endif /* TOOLS_REGISTRY_H */
