// SPDX-License-Identifier: MIT
/*
 * An open service: its contract, what follows from it, and the directory in which its
 * ports meet.  link/service_dir.c opens and removes the directory; here the user's
 * contract is turned into a record and held against the one that is found.
 *
 * The service is private to its node and refers to it; its ports refer to the
 * service.  Nothing of it is shared but the directory.
 */
#include "api/service.h"

#include <errno.h>
#include <stdlib.h>

#include "api/contract.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/opts.h"
#include "link/sweep.h"
#include "trace/probes.h"

static int wanted(uint64_t flags)
{
	const uint64_t both = SLUICE_SERVICE_MUST_EXIST | SLUICE_SERVICE_MUST_CREATE;

	const uint64_t unknown = flags & ~(both | SLUICE_SERVICE_NO_REQUEST_OVERFLOW);

	if (unknown)
		return fail(EINVAL, "service_opts.flags is 0x%llx, of which 0x%llx is unknown",
			    (unsigned long long)flags, (unsigned long long)unknown);
	if ((flags & both) == both)
		return fail(EINVAL, "service_opts.flags asks for a service that exists and does not");
	if (flags & SLUICE_SERVICE_MUST_EXIST)
		return SERVICE_DIR_EXISTING;
	return flags & SLUICE_SERVICE_MUST_CREATE ? SERVICE_DIR_NEW : SERVICE_DIR_EITHER;
}

static int open_service(struct sluice_service *service, const struct sluice_contract *contract,
			const struct sluice_service_opts *opts)
{
	struct sluice_registry_contract record;
	int r, want;

	want = wanted(opts->flags);
	if (want < 0)
		return want;
	r = contract_record(&record, contract, opts);
	if (r < 0)
		return r;
	sweep_domain(&service->node->seat.root);
	service->contract = record;
	r = service_dir_open(&service->dir, &service->node->seat, (enum service_dir_want)want,
			     &service->contract);
	if (r < 0)
		return r;
	r = contract_compare(&service->contract, &record, opts);
	if (r < 0) {
		service_dir_close(&service->dir);
		return r;
	}
	layout_compute(&service->layout, &service->contract.settings);
	service->request = payload_of(&service->contract.request,
				      &service->contract.request_header);
	service->response = payload_of(&service->contract.response,
				       &service->contract.response_header);
	return 0;
}

struct sluice_service *sluice_service_open(struct sluice_node *node,
					   const struct sluice_contract *contract,
					   const struct sluice_service_opts *opts)
{
	struct sluice_service_opts known;
	struct sluice_service *service;
	int r;

	if (!node) {
		fail_parent("node");
		return NULL;
	}
	if (node_check(node) < 0 ||
	    opts_read(&known, sizeof(known), opts, "service_opts") < 0 ||
	    opts_check_reserved(known.reserved, "service_opts") < 0)
		return NULL;
	service = calloc(1, sizeof(*service));
	if (!service)
		return fail_null(ENOMEM, "no memory for a service");
	service->node = node;
	service->references = 1;
	r = open_service(service, contract, &known);
	if (r < 0) {
		free(service);
		return fail_again_null(r);
	}
	node_get(node);
	probe(service_open, node->seat.id, probe_address(service->contract.name));
	return service;
}

void sluice_service_close(struct sluice_service *service)
{
	if (service && !node_check(service->node))
		service_put(service);
}

struct sluice_service *service_get(struct sluice_service *service)
{
	service->references++;
	return service;
}

void service_put(struct sluice_service *service)
{
	struct sluice_node *node = service->node;

	if (--service->references)
		return;
	probe(service_close, node->seat.id, probe_address(service->contract.name));
	service_dir_close(&service->dir);
	free(service);
	node_put(node);
}

void service_tell_port(const struct sluice_service *service, enum port_role role, uint64_t port)
{
	probe(port_create, port, role, service->node->seat.id,
	      probe_address(service->contract.name), service->request.lead,
	      service->response.lead);
}

void service_tell_port_gone(const struct sluice_service *service, enum port_role role,
			    uint64_t port)
{
	probe(port_destroy, port, role, service->node->seat.id,
	      probe_address(service->contract.name));
}

int service_pool_config(struct pool_config *ret_config, const struct payload *payload,
			const struct service_port_opts *opts)
{
	uint64_t length = opts->initial_max_slice_len ? opts->initial_max_slice_len : 1;
	uint64_t limit = opts->memory_limit ? opts->memory_limit : MEMORY_LIMIT_DEFAULT;
	uint64_t bytes;

	if (opts->strategy > SLUICE_STATIC)
		return fail(EINVAL, "strategy is %u, which is no enum sluice_strategy",
			    opts->strategy);
	if (limit > MEMORY_LIMIT_MAX)
		return fail(EINVAL, "memory_limit is %llu bytes, and can be at most %llu",
			    (unsigned long long)limit, (unsigned long long)MEMORY_LIMIT_MAX);
	if (!payload->slice && length != 1)
		return fail(EINVAL, "initial_max_slice_len is %llu, and the payload is of fixed size",
			    (unsigned long long)length);
	if (!payload_bytes(payload, length, &bytes) || bytes > limit)
		return fail(EMSGSIZE, "initial_max_slice_len is %llu elements of %llu bytes, and memory_limit %llu bytes",
			    (unsigned long long)length, (unsigned long long)payload->element,
			    (unsigned long long)limit);
	*ret_config = (struct pool_config){
		.strategy = (enum pool_strategy)opts->strategy,
		.slice_bytes = bytes,
		.slice_len = length,
		.limit = limit,
		.payload = *payload,
	};
	return 0;
}
