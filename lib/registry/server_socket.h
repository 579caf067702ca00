/* SPDX-License-Identifier: MIT */
/* The sockets on which the servers of a service listen. */
#ifndef SLUICE_REGISTRY_SERVER_SOCKET_H
#define SLUICE_REGISTRY_SERVER_SOCKET_H

#include "registry/service_dir.h"
#include "os/identity.h"

/*
 * Makes a listening socket under the id of a server, and removes anything that has its name.
 * Returns a descriptor, and the file that the name leads to; or -errno.
 */
int server_socket_listen(const struct service_dir *dir, uint64_t id,
			 struct identity *ret_socket) MUST_CHECK;

/* Does the name still lead to that socket? */
bool server_socket_is_there(const struct service_dir *dir, uint64_t id,
			    const struct identity *socket) MUST_CHECK;

/* Has an inode_watch say when server_socket_is_there() may change.  0 or -errno, quiet. */
int server_socket_watch(const struct service_dir *dir, uint64_t id, int watch) MUST_CHECK;

/*
 * Connects to the server of this id.  Returns a descriptor; -EAGAIN (try again later),
 * -ECONNREFUSED, -ENOENT (it has gone) or another -errno.
 */
int server_socket_connect(const struct service_dir *dir, uint64_t id) MUST_CHECK;

/*
 * Calls found() with the id of each server in the directory.  0; or -errno (quiet): some
 * were not found.  held is what service_dir_hold() has returned.  This hold ends here, and
 * before the calls if addresses do not need the directory.
 */
int server_socket_each(struct service_dir *dir, int held,
		       void (*found)(void *context, uint64_t id), void *context) MUST_CHECK;

/*
 * Removes the names of a server's socket; of this node's as service_dir_unlink(), or of a dead
 * one's if they are of this user, 0 or -errno.
 */
void server_socket_unlink(const struct service_dir *dir, uint64_t id);
int server_socket_bury(int servers_fd, uint64_t id, uid_t user);

#endif /* SLUICE_REGISTRY_SERVER_SOCKET_H */
