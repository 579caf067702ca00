/* SPDX-License-Identifier: MIT */
/* What a dead process has left in the registry, and how it may be removed. */
#ifndef TOOLS_LEFTOVER_H
#define TOOLS_LEFTOVER_H

#include <stdbool.h>

#include <sluice/registry.h>

/* A file of nodes/ or ports/ whose process is dead.  Nobody else can remove it meanwhile. */
struct leftover {
	int at;				/* the directory of its name */
	const char *name;
	int fd;
	union {
		struct sluice_registry_node node;
		struct sluice_registry_port port;
	} record;
};

/*
 * Take hold of what a name stands for.  1, and then leftover_release() is due; 0: it is
 * alive, has gone, is being removed by somebody else, or is no record of this version;
 * or -errno.
 */
int leftover_take_node(struct leftover *leftover, int nodes, const char *name);
int leftover_take_port(struct leftover *leftover, int ports, const char *name);
void leftover_release(struct leftover *leftover);

/* Remove what is held: the sockets first.  0 or -errno. */
int leftover_remove_node(struct leftover *leftover);
int leftover_remove_port(struct leftover *leftover, int servers);

/*
 * The contract of a service that nobody has open, locked so that nobody can begin to
 * use it.  A descriptor, to be closed after the service was removed; -EBUSY: somebody
 * has it open; -ENOENT: there is no contract; or another -errno.
 */
int leftover_lock_service(int services, const char *hash);

/* Renames the service away, which is locked, and deletes it.  0 or -errno. */
int leftover_remove_service(int services, const char *hash);

/*
 * A directory that was renamed so, and is being deleted unless whoever did it has died.
 * To delete it is always right: 0, -ENOENT (it has gone) or another -errno.
 */
bool leftover_is_renamed(const char *name);
int leftover_delete_renamed(int services, const char *name);

/* A service that has not got its name yet, and can be locked and removed as one that has. */
bool leftover_is_unnamed(const char *name);

/* 16 hexadecimal digits. */
bool leftover_is_id(const char *name);

#endif /* TOOLS_LEFTOVER_H */
