// SPDX-License-Identifier: MIT
/*
 * An open service: its contract, everything that follows from it, and the directory in which
 * its ports meet.  registry/service_dir.c opens and removes the directory.  This file makes a
 * record of the program's contract and compares it with the record that is found.
 *
 * The service is private to its node and refers to it; its ports refer to the service.  Only
 * the directory is shared with other processes.
 */
#include "api/service.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/attributes.h"
#include "api/contract.h"
#include "api/contract_settings.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/opts.h"
#include "config/config_opts.h"
#include "os/page.h"
#include "registry/activation.h"
#include "registry/sweep.h"
#include "trace/probes.h"


#define REFUSABLE_FLAGS	(SETTINGS_SHARED_FLAGS | SLUICE_SERVICE_ANY_USER)

#define KNOWN_FLAGS	(SLUICE_SERVICE_MUST_EXIST | SLUICE_SERVICE_MUST_CREATE | REFUSABLE_FLAGS)

static int check_refused(const struct sluice_service_opts *opts)
{
	uint64_t senseless = opts->refused_flags & ~REFUSABLE_FLAGS;
	uint64_t both = opts->refused_flags & opts->flags;

	if (senseless)
		return fail(EINVAL, "service_opts.refused_flags is 0x%llx, of which 0x%llx cannot be refused",
			    (unsigned long long)opts->refused_flags,
			    (unsigned long long)senseless);
	if (both)
		return fail(EINVAL, "0x%llx is in service_opts.flags and in refused_flags",
			    (unsigned long long)both);
	return 0;
}

static int wanted(uint64_t flags)
{
	const uint64_t both = SLUICE_SERVICE_MUST_EXIST | SLUICE_SERVICE_MUST_CREATE;

	if (flags & ~KNOWN_FLAGS)
		return fail(EINVAL, "service_opts.flags is 0x%llx, of which 0x%llx is unknown",
			    (unsigned long long)flags,
			    (unsigned long long)(flags & ~KNOWN_FLAGS));
	if ((flags & both) == both)
		return fail(EINVAL, "service_opts.flags has both SLUICE_SERVICE_MUST_EXIST and SLUICE_SERVICE_MUST_CREATE");
	if (flags & SLUICE_SERVICE_MUST_EXIST)
		return SERVICE_DIR_EXISTING;
	return flags & SLUICE_SERVICE_MUST_CREATE ? SERVICE_DIR_NEW : SERVICE_DIR_EITHER;
}

/* Makes the record for a new service. */
static int make_record(struct service_record *record, const struct sluice_contract *contract,
		       const struct sluice_service_opts *opts)
{
	int r;

	r = contract_record(&record->contract, contract, opts);
	if (!r)
		r = attributes_record(record->attributes, opts);
	if (r > 0)
		record->contract.attributes = (uint32_t)r;
	return r < 0 ? r : 0;
}

/* Keeps the contract that was found. */
static int keep_record(struct sluice_service *service, const struct service_record *found)
{
	size_t size = found->contract.attributes * sizeof(found->attributes[0]);
	uint32_t i;

	service->contract = found->contract;
	if (!size)
		return 0;
	service->attributes = malloc(size);
	if (!service->attributes)
		return fail(ENOMEM, "no memory for the attributes of a service");
	memcpy(service->attributes, found->attributes, size);
	for (i = 0; i < found->contract.attributes; i++) {
		service->attributes[i].key[SLUICE_ATTRIBUTE_KEY_SIZE - 1] = 0;
		service->attributes[i].value[SLUICE_ATTRIBUTE_VALUE_SIZE - 1] = 0;
	}
	return 0;
}

/* The directory is open.  Is it the service that is wanted? */
static int take_service(struct sluice_service *service, const struct service_record *found,
			const struct sluice_registry_contract *asked,
			const struct sluice_service_opts *opts)
{
	int r;

	r = contract_compare(&found->contract, asked, opts);
	if (!r)
		r = attributes_compare(asked->name, found->attributes,
				       found->contract.attributes, opts);
	return r < 0 ? r : keep_record(service, found);
}

/* Another handle of the node for the same service, or NULL. */
static struct sluice_service *twin_of(const struct sluice_service *service)
{
	struct sluice_service *other = service->node->services;

	while (other && (other == service || other->dir.hash != service->dir.hash))
		other = other->next;
	return other;
}

/* A node counts once, however often it has the service open. */
static int join(struct sluice_service *service)
{
	if (twin_of(service))
		return 0;
	return membership_take(&service->membership, &service->dir,
			       service->contract.settings.max_nodes);
}

static void leave(struct sluice_service *service)
{
	struct sluice_service **link = &service->node->services, *twin = twin_of(service);

	while (*link != service)
		link = &(*link)->next;
	*link = service->next;
	if (twin && service->membership.name[0])
		twin->membership = service->membership;
	else
		membership_leave(&service->membership, &service->dir);
}

/* The directories of the domain are held, as far as they are there. */
static int enter_domain(struct sluice_service *service, enum service_dir_want want,
			struct service_record *record, const struct sluice_service_opts *opts)
{
	const struct sluice_registry_contract asked = record->contract;
	int r;

	sweep_domain(&service->node->entry.root);
	r = service_dir_open(&service->dir, &service->node->entry, want, service->any_user,
			     record);
	if (r < 0)
		return r;
	r = take_service(service, record, &asked, opts);
	if (!r)
		r = join(service);
	if (r < 0) {
		service_dir_close(&service->dir);
		service_dir_release(&service->dir);
		free(service->attributes);
	}
	return r;
}

static int open_service(struct sluice_service *service, const struct sluice_contract *contract,
			const struct sluice_service_opts *opts)
{
	struct sluice_service_opts filled = *opts;
	struct root *root = &service->node->entry.root;
	struct service_record record;
	int r, want;

	want = wanted(opts->flags);
	if (want < 0)
		return want;
	r = check_refused(opts);
	if (r < 0)
		return r;
	/* The configuration completes a new service, and demands nothing of an existing one. */
	r = config_fill_service(&service->node->config, &filled);
	if (!r)
		r = make_record(&record, contract, &filled);
	if (r < 0)
		return r;
	service->any_user = filled.flags & SLUICE_SERVICE_ANY_USER;
	r = node_registration_check(service->node, NULL);
	if (r < 0)
		return r;
	/* If services/ is missing, it is made again. */
	r = root_hold(root);
	if (!r || r == -ENOENT)
		r = enter_domain(service, (enum service_dir_want)want, &record, opts);
	root_release(root);
	if (r < 0)
		return r;
	layout_compute(&service->layout, &service->contract.settings);
	service->request = payload_of(&service->contract.message[SLUICE_REGISTRY_REQUEST],
				      service->contract.settings.request_alignment);
	service->response = payload_of(&service->contract.message[SLUICE_REGISTRY_RESPONSE],
				       service->contract.settings.response_alignment);
	return 0;
}

static struct sluice_service *make_service(struct sluice_node *node,
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
	service->next = node->services;
	node->services = service;
	node_registration_add_service(service);
	service_dir_release(&service->dir);
	node_get(node);
	probe(service_open, node->entry.id, probe_address(service->contract.name));
	return service;
}

struct sluice_service *sluice_service_open(struct sluice_node *node,
					   const struct sluice_contract *contract,
					   const struct sluice_service_opts *opts)
{
	return made(make_service(node, contract, opts));
}

int service_hold(struct sluice_service *service)
{
	int r = service_dir_hold(&service->dir);

	return r != -ENOENT ? r : fail(ENOENT, "the directory of service %s was removed",
				       service->contract.name);
}

int service_renew(struct sluice_service *service)
{
	size_t size = service->contract.attributes * sizeof(service->attributes[0]);
	struct service_record record = { .contract = service->contract };
	int dir, place;

	if (size)
		memcpy(record.attributes, service->attributes, size);
	dir = service_dir_renew(&service->dir, service->any_user, &record);
	if (dir < 0)
		return dir;
	/* It has the same types and settings, and others compare their own contract with it. */
	service->contract = record.contract;
	place = service_dir_hold(&service->dir);
	if (!place)
		place = membership_renew(&service->membership, &service->dir,
					 service->contract.settings.max_nodes);
	service_dir_release(&service->dir);
	return place < 0 ? place : dir || place;
}

int sluice_service_settings(struct sluice_service *service, struct sluice_service_opts *settings)
{
	struct sluice_service_opts known;
	int r;

	if (!service)
		return fail(EINVAL, "service is NULL");
	r = node_check(service->node);
	if (r < 0)
		return r;
	contract_settings_opts(&service->contract.settings, &known);
	return opts_answer(settings, &known, sizeof(known), "settings");
}

int sluice_service_attribute(struct sluice_service *service, unsigned int index,
			     struct sluice_attribute *attribute)
{
	int r;

	if (!service || !attribute)
		return fail(EINVAL, "service or attribute is NULL");
	r = node_check(service->node);
	if (r < 0)
		return r;
	if (index >= service->contract.attributes)
		return 0;
	attribute->key = service->attributes[index].key;
	attribute->value = service->attributes[index].value;
	return 1;
}

int sluice_service_activation_path(struct sluice_service *service, char *path, size_t size)
{
	int r;

	if (!service || !path)
		return fail(EINVAL, "service or path is NULL");
	r = node_check(service->node);
	return r < 0 ? r : activation_path(&service->dir, path, size);
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
	probe(service_close, node->entry.id, probe_address(service->contract.name));
	(void)service_dir_hold(&service->dir);
	leave(service);
	service_dir_close(&service->dir);
	service_dir_release(&service->dir);
	free(service->attributes);
	free(service);
	node_put(node);
}

void service_tell_port(const struct sluice_service *service, enum port_kind kind, uint64_t port)
{
	probe(port_create, port, port_kind_role(kind), service->node->entry.id,
	      probe_address(service->contract.name), service->request.lead, service->response.lead);
}

void service_tell_port_gone(const struct sluice_service *service, enum port_kind kind,
			    uint64_t port)
{
	probe(port_destroy, port, port_kind_role(kind), service->node->entry.id,
	      probe_address(service->contract.name));
}

/* A later version of the library may have an option in each of the spare words. */
static int check_spare(const struct sluice_port_opts *opts)
{
	size_t i;

	for (i = 0; i < sizeof(opts->spare) / sizeof(opts->spare[0]); i++)
		if (opts->spare[i])
			return fail(E2BIG, "spare[%zu] of the port's options is set, and this library has no such option",
				    i);
	return 0;
}

static int check_port_opts(const struct sluice_port_opts *opts)
{
	const uint32_t known = SLUICE_PORT_PREFAULT | SLUICE_PORT_LOCK | SLUICE_PORT_HUGE_PAGES;

	if (opts->strategy > SLUICE_STATIC)
		return fail(EINVAL, "strategy is %u, which is no enum sluice_strategy",
			    opts->strategy);
	if (opts->flags & ~known)
		return fail(EINVAL, "the port's flags are 0x%x, of which 0x%x is unknown",
			    opts->flags, opts->flags & ~known);
	if (opts->memory_limit > MEMORY_LIMIT_MAX)
		return fail(EINVAL, "memory_limit is %llu bytes, and can be at most %llu",
			    (unsigned long long)opts->memory_limit,
			    (unsigned long long)MEMORY_LIMIT_MAX);
	return check_spare(opts);
}

static enum residence residence_of(uint32_t flags)
{
	if (flags & SLUICE_PORT_LOCK)
		return RESIDENCE_LOCKED;
	return flags & SLUICE_PORT_PREFAULT ? RESIDENCE_PREFAULTED : RESIDENCE_LAZY;
}

int service_pool_config(struct pool_config *ret_config, const struct payload *payload,
			const struct sluice_port_opts *opts)
{
	uint64_t length = opts->initial_max_slice_len ? opts->initial_max_slice_len : 1;
	uint64_t limit = opts->memory_limit ? opts->memory_limit : MEMORY_LIMIT_DEFAULT;
	uint64_t bytes;
	int r;

	r = check_port_opts(opts);
	if (r < 0)
		return r;
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
		.limit = page_round(limit),
		.most = page_round(limit),
		.payload = *payload,
		.preallocate = opts->preallocate,
		.residence = residence_of(opts->flags),
		.huge_pages = opts->flags & SLUICE_PORT_HUGE_PAGES,
	};
	return 0;
}
