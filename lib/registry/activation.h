/* SPDX-License-Identifier: MIT */
/* The socket on which somebody listens for a server that is not started yet. */
#ifndef SLUICE_REGISTRY_ACTIVATION_H
#define SLUICE_REGISTRY_ACTIVATION_H

#include "registry/service_dir.h"

/* Writes the path of the socket.  0 or -ENAMETOOLONG. */
int activation_path(const struct service_dir *dir, char *path, size_t size) MUST_CHECK;

/*
 * A duplicate of a listening socket that the program was handed over, if it is the one of this
 * service; or -EBADF, -ENOTSOCK, -EINVAL (it does not listen, or is of another kind), -ENOENT
 * (it is not where clients look) or another -errno.
 */
int activation_adopt(const struct service_dir *dir, int fd) MUST_CHECK;

/*
 * Connects to the socket.  A descriptor; -ENOENT (quiet): there is none; -EAGAIN (try again
 * later), -ECONNREFUSED, -EACCES or another -errno.
 */
int activation_connect(const struct service_dir *dir) MUST_CHECK;

#endif /* SLUICE_REGISTRY_ACTIVATION_H */
