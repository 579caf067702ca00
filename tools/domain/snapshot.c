// SPDX-License-Identifier: MIT
/*
 * Everything in a domain at one moment, in arrays that a verb can search and go through
 * again.  The library reads the registry and checks all of it (sluice_list.h); here its
 * list is only arranged.  Strings belong to the list.
 */
#include "snapshot.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/configured.h"

/* Room for one more; items is the address of the table's pointer. */
static void *add(void *items, size_t *count, size_t size)
{
	void **table = items, *grown;

	/* At 0, 1, 2, 4, 8, ... there is no room. */
	if (!(*count & (*count - 1))) {
		grown = realloc(*table, (*count ? 2 * *count : 1) * size);
		if (!grown)
			return NULL;
		*table = grown;
	}
	grown = (char *)*table + size * (*count)++;
	return memset(grown, 0, size);
}

static int add_nodes(struct snapshot *snapshot)
{
	struct sluice_list_node info = SLUICE_LIST_NODE();
	struct snapshot_node *node;

	while (sluice_list_next_node(snapshot->list, &info) > 0) {
		node = add(&snapshot->node, &snapshot->nodes, sizeof(*node));
		if (!node)
			return -ENOMEM;
		node->info = info;
		node->alive = info.flags & SLUICE_LIST_ALIVE;
	}
	return 0;
}

static int add_ports(struct snapshot *snapshot, struct snapshot_service *service)
{
	struct sluice_list_port info = SLUICE_LIST_PORT();
	struct snapshot_port *port;

	while (sluice_list_next_port(snapshot->list, &info) > 0) {
		port = add(&service->port, &service->ports, sizeof(*port));
		if (!port)
			return -ENOMEM;
		port->info = info;
		port->counters = *info.counters;
		port->alive = info.flags & SLUICE_LIST_ALIVE;
		service->clients += port->alive && info.kind == SLUICE_LIST_CLIENT;
		service->servers += port->alive && info.kind == SLUICE_LIST_SERVER;
	}
	return 0;
}

static int add_services(struct snapshot *snapshot)
{
	struct sluice_list_service info = SLUICE_LIST_SERVICE();
	struct snapshot_service *service;

	while (sluice_list_next_service(snapshot->list, &info) > 0) {
		service = add(&snapshot->service, &snapshot->services, sizeof(*service));
		if (!service)
			return -ENOMEM;
		service->info = info;
		service->alive = info.flags & SLUICE_LIST_ALIVE;
		if (add_ports(snapshot, service) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int arrange(struct snapshot *snapshot)
{
	struct sluice_list_place place = SLUICE_LIST_PLACE();
	int r = sluice_list_where(snapshot->list, &place);

	snapshot->time = place.time;
	snapshot->unreadable = place.unreadable;
	snapshot->other_versions = place.other_versions;
	if (!r)
		r = add_nodes(snapshot);
	return r < 0 ? r : add_services(snapshot);
}

int snapshot_take(struct snapshot *snapshot, const char *domain)
{
	const struct sluice_list_opts opts = SLUICE_LIST_OPTS(.domain = configured_domain(domain));
	int r;

	memset(snapshot, 0, sizeof(*snapshot));
	configured_root(snapshot->root, sizeof(snapshot->root));
	snprintf(snapshot->domain, sizeof(snapshot->domain), "%s", opts.domain);
	if (configured_is_wrong())
		return CONFIGURED_WRONG;
	snapshot->list = sluice_list_open(&opts);
	if (!snapshot->list)
		return -errno;
	r = arrange(snapshot);
	if (r < 0)
		snapshot_free(snapshot);
	return r;
}

void snapshot_free(struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->services; i++)
		free(snapshot->service[i].port);
	free(snapshot->service);
	free(snapshot->node);
	sluice_list_close(snapshot->list);
	snapshot->service = NULL;
	snapshot->node = NULL;
	snapshot->list = NULL;
	snapshot->services = 0;
	snapshot->nodes = 0;
}

const struct snapshot_service *snapshot_service(const struct snapshot *snapshot, const char *name)
{
	for (size_t i = 0; i < snapshot->services; i++)
		if (!strcmp(snapshot->service[i].info.name, name))
			return &snapshot->service[i];
	return NULL;
}

char *snapshot_suggest(const struct snapshot *snapshot, const char *name,
		       char buffer[SUGGEST_TEXT])
{
	struct suggestion suggestion = { .typed = name };

	for (size_t i = 0; i < snapshot->services; i++)
		suggest_among(&suggestion, snapshot->service[i].info.name);
	return suggest_text(buffer, &suggestion, "");
}

const struct snapshot_node *snapshot_node(const struct snapshot *snapshot, uint64_t id)
{
	for (size_t i = 0; i < snapshot->nodes; i++)
		if (snapshot->node[i].info.id == id)
			return &snapshot->node[i];
	return NULL;
}

const struct sluice_list_message *snapshot_request(const struct snapshot_service *service)
{
	return &service->info.messages[SLUICE_LIST_REQUEST];
}

const struct sluice_list_message *snapshot_response(const struct snapshot_service *service)
{
	return &service->info.messages[SLUICE_LIST_RESPONSE];
}
