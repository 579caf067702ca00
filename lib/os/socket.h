/* SPDX-License-Identifier: MIT */
/* Unix sockets that are found by a name in a directory. */
#ifndef SLUICE_OS_SOCKET_H
#define SLUICE_OS_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

#include "base/compiler.h"

/* Names a socket in a directory, whose path may be too long for an address, or NULL. */
int socket_address(struct sockaddr_un *ret_address, const char *directory, int directory_fd,
		   const char *name) MUST_CHECK;

/* Sets who may connect to a socket of this user, by its name.  0 or -errno. */
int socket_set_mode(int directory, const char *name, mode_t mode) MUST_CHECK;

/* A new socket (SOCK_SEQPACKET or SOCK_DGRAM) that never blocks. */
int socket_create(int type) MUST_CHECK;

/* 0, -EAGAIN (backlog full), -ECONNREFUSED, -ENOENT or another -errno; quiet. */
int socket_connect(int fd, const struct sockaddr_un *address) MUST_CHECK;

/*
 * A descriptor, for fd_keep(): it is noted, unless there was no memory for that.  -EAGAIN
 * (nobody there), -EMFILE or another -errno; quiet.
 */
int socket_accept(int fd) MUST_CHECK;

/*
 * Is it a socket of this type that listens?  It does not block from here on.  0; -EBADF,
 * -ENOTSOCK; -EINVAL: it is another one; or another -errno.
 */
int socket_check_listener(int fd, int type) MUST_CHECK;

/* The process at the other end, when it connected or listened.  0 or -errno. */
int socket_peer(int fd, struct ucred *ret_peer) MUST_CHECK;

/* Makes each packet name its sender from here on, or not.  0 or -errno. */
int socket_tell_sender(int fd, bool tell) MUST_CHECK;

/* Is there something to accept, or to read? */
bool socket_has_news(int fd) MUST_CHECK;

/* Has the peer received everything that was sent?  Also if the kernel does not tell. */
bool socket_is_read(int fd);

/* Throws away what has come, with its descriptors, at a socket that takes no more. */
void socket_discard(int fd);

/* Sends one byte, to wake the reader.  A full socket wakes it as well. */
void socket_nudge(int fd);

#endif /* SLUICE_OS_SOCKET_H */
