/* SPDX-License-Identifier: MIT */
/* An open service: the common part of all its ports. */
#ifndef SLUICE_API_SERVICE_H
#define SLUICE_API_SERVICE_H

#include "api/node.h"
#include "registry/membership.h"
#include "memory/payload.h"
#include "memory/pool.h"
#include "registry/port_entry.h"
#include "registry/service_dir.h"
#include "exchange/layout.h"

struct sluice_service {
	struct sluice_node *node;
	struct sluice_service *next;	/* of the node's */
	struct service_dir dir;
	struct membership membership;	/* of the node; several handles of one service share it */
	struct sluice_registry_contract contract;
	struct layout layout;
	struct payload request;
	struct payload response;
	struct sluice_registry_attribute *attributes;	/* NULL if there are none */
	bool any_user;			/* may serve it */
	uint32_t references;
};

/* As service_dir_hold(), with a sentence.  service_dir_release() follows in each case. */
int service_hold(struct sluice_service *service) MUST_CHECK;

/* Opens it again if others have removed it.  1; 0: there was nothing to do; or -errno. */
int service_renew(struct sluice_service *service) MUST_CHECK;

struct sluice_service *service_get(struct sluice_service *service);
void service_put(struct sluice_service *service);

/* Reports to a tracer that a port was made or destroyed. */
void service_tell_port(const struct sluice_service *service, enum port_kind kind, uint64_t port);
void service_tell_port_gone(const struct sluice_service *service, enum port_kind kind,
			    uint64_t port);

/*
 * Checks a port's options and writes the configuration of its pool, without the numbers of
 * slices.  0, -EINVAL, -E2BIG or -EMSGSIZE.
 */
int service_pool_config(struct pool_config *ret_config, const struct payload *payload,
			const struct sluice_port_opts *opts) MUST_CHECK;

#endif /* SLUICE_API_SERVICE_H */
