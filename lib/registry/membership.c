// SPDX-License-Identifier: MIT
/*
 * A node's place among the nodes that have a service open: ports/node.<n>, a further name
 * of the node's own file nodes/<id> (registry/node_entry.c).
 *
 * So a place costs no file, no memory and no descriptor.  Its lock is that of the node, and
 * its record says which node it is.  If somebody has just put another file in the place of
 * nodes/<id>, the next look finds that and takes the name again (api/node_registration.c).
 * The number of names is limited (registry/slot_names.c).
 */
#include "registry/membership.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "registry/slot_names.h"
#include "registry/presence.h"
#include "os/process.h"

#define ROLE	"node"

bool membership_is(const char *name)
{
	return !strncmp(name, ROLE ".", strlen(ROLE "."));
}

static bool is_of_the_dead(const void *record)
{
	const struct sluice_registry_node *node = record;
	const struct process owner = RECORD_OWNER(node);

	return record_is_node(node) && process_is_dead(&owner);
}

static bool remove_dead(const void *context, const char *name)
{
	const struct service_dir *dir = context;
	struct sluice_registry_node record;
	const struct presence_burial burial = {
		.record = &record,
		.size = sizeof(record),
		.is_dead = is_of_the_dead,
	};

	return presence_bury(dir->ports_fd, name, &burial) > 0;
}

int membership_take(struct membership *membership, const struct service_dir *dir,
		    uint32_t limit)
{
	char entry[NODE_ENTRY_NAME_SIZE];
	struct presence_link link = { .name = entry };
	const struct slot_names names = {
		.at = dir->ports_fd,
		.role = ROLE,
		.limit = limit,
		.link = &link,
		.remove_dead = remove_dead,
		.context = dir,
	};
	int r = root_hold_nodes(&dir->node->root);

	link.at = dir->node->root.nodes_fd;
	node_entry_name(entry, dir->node->id, "");
	if (r == -ENOENT)
		r = fail(ENOENT, "the directory of nodes was removed");
	if (!r)
		r = slot_names_claim(&names, -1, membership->name);
	root_release_nodes(&dir->node->root);
	if (r < 0)
		membership->name[0] = 0;
	return r != -EEXIST ? r : fail(EUSERS, "the service has reached its max_nodes, %" PRIu32,
				       limit);
}

bool membership_is_there(const struct membership *membership, const struct service_dir *dir)
{
	char path[sizeof("services//ports/") + 2 * NODE_ENTRY_NAME_SIZE];

	if (!membership->name[0])
		return true;
	snprintf(path, sizeof(path), "services/%s/ports/%s", dir->name, membership->name);
	return presence_has(dir->node->root.domain_fd, path, &dir->node->presence);
}

int membership_renew(struct membership *membership, const struct service_dir *dir,
		     uint32_t limit)
{
	struct membership fresh;
	int r;

	if (membership_is_there(membership, dir))
		return 0;
	presence_clear(dir->ports_fd, membership->name);
	r = membership_take(&fresh, dir, limit);
	if (r < 0)
		return r;
	*membership = fresh;
	return 1;
}

void membership_leave(struct membership *membership, const struct service_dir *dir)
{
	if (membership->name[0])
		service_dir_unlink(dir, dir->ports_fd, membership->name);
	membership->name[0] = 0;
}
