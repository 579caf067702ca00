// SPDX-License-Identifier: MIT
/*
 * A node's place among the nodes that have a service open: ports/node.<n>, a further name
 * of the node's own file nodes/<id> (registry/node_entry.c).
 *
 * So a place costs no file, no memory and no descriptor.  Its lock is that of the node, and
 * its record says which node it is.  The number of names is limited (registry/slot_names.c).
 */
#include "registry/membership.h"

#include <errno.h>
#include <inttypes.h>
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
	const struct slot_names names = {
		.at = dir->ports_fd,
		.role = ROLE,
		.limit = limit,
		.remove_dead = remove_dead,
		.context = dir,
	};
	int r;

	r = slot_names_claim(&names, dir->node->presence_fd, membership->name);
	if (r < 0)
		membership->name[0] = 0;
	return r != -EEXIST ? r : fail(EUSERS, "the service has reached its max_nodes, %" PRIu32,
				       limit);
}

bool membership_is_there(const struct membership *membership, const struct service_dir *dir)
{
	return !membership->name[0] ||
	       presence_is(dir->ports_fd, membership->name, dir->node->presence_fd);
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
		unlinkat(dir->ports_fd, membership->name, 0);
	membership->name[0] = 0;
}
