// SPDX-License-Identifier: MIT
/*
 * Which ports of a local service belong to bridges.
 *
 * A port has a name that its program chooses, and that the registry shows.  Ports of bridges
 * have names that begin with "bridge:".  So a bridge sees in the registry that a server
 * forwards to other hosts, and that a request has come from another host.
 *
 * A program that gives its port such a name is taken for a bridge: its requests are not
 * forwarded, and its server is not offered.  It harms nobody else.
 */
#include "local.h"

#include <string.h>

#include "tools/domain/snapshot.h"

static bool is_bridges(const struct snapshot_port *port)
{
	return strncmp(port->info.name, "bridge:", 7) == 0;
}

int local_count(const char *domain, const char *service, struct local_servers *ret_servers)
{
	const struct snapshot_service *found;
	struct local_servers servers = { 0 };
	struct snapshot snapshot;
	int r = snapshot_take(&snapshot, domain);

	if (r < 0)
		return r;
	found = snapshot_service(&snapshot, service);
	for (size_t i = 0; found && i < found->ports; i++) {
		const struct snapshot_port *port = &found->port[i];

		if (port->info.kind != SLUICE_LIST_SERVER || !port->alive)
			continue;
		if (is_bridges(port))
			servers.bridges++;
		else
			servers.servers++;
	}
	snapshot_free(&snapshot);
	*ret_servers = servers;
	return 0;
}

bool local_is_bridge(const char *domain, const char *service, uint64_t client)
{
	const struct snapshot_service *found;
	struct snapshot snapshot;
	bool is = false;

	if (snapshot_take(&snapshot, domain) < 0)
		return false;
	found = snapshot_service(&snapshot, service);
	for (size_t i = 0; found && !is && i < found->ports; i++)
		is = found->port[i].info.id == client && is_bridges(&found->port[i]);
	snapshot_free(&snapshot);
	return is;
}
