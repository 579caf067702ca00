/* SPDX-License-Identifier: MIT */
/* Sending and receiving a packet with descriptors: always both or neither. */
#ifndef SLUICE_OS_FDPASS_H
#define SLUICE_OS_FDPASS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include <sluice/wire.h>

#include "base/compiler.h"

/*
 * Sends a packet, with a descriptor unless passed is negative.  0, -EAGAIN (the
 * reader is too far behind), -EPIPE or -ECONNRESET (nobody reads) or -errno.
 */
int fdpass_send(int fd, const void *packet, size_t size, int passed) MUST_CHECK;

/* The same with any number of descriptors, at most SLUICE_WIRE_FDS_MAX. */
int fdpass_send_all(int fd, const void *packet, size_t size, const int *passed,
		    unsigned int count) MUST_CHECK;

/*
 * The descriptors and the sender of a packet.  It owns the descriptors: fdpass_take() is
 * the only way to keep them, and the others are closed.  Declared by FDPASS_EXTRAS() only.
 */
struct fdpass_extras {
	int fds[SLUICE_WIRE_FDS_MAX];
	unsigned int count;
	bool has_sender;		/* the socket was asked to tell */
	struct ucred sender;
};

/* FDPASS_EXTRAS() - a variable whose descriptors are closed where its block ends. */
#define FDPASS_EXTRAS(name) \
	__attribute__((__cleanup__(fdpass_close))) struct fdpass_extras name = { .count = 0 }

/*
 * Receives a packet of at most size bytes, and what came with it.  Returns the number of
 * bytes; 0 (hung up), -EAGAIN (nothing there), -EPROTO (longer than that, more descriptors
 * than there can be, or descriptors and no bytes), -EMFILE (no room for them) or -errno.
 * Extras of an earlier packet are closed.
 */
int fdpass_receive(int fd, void *packet, size_t size, struct fdpass_extras *extras) MUST_CHECK;

/* The first descriptor, which stays where it is; or -1. */
int fdpass_first(const struct fdpass_extras *extras);

/* Moves all of the descriptors to fds, which has room for SLUICE_WIRE_FDS_MAX. */
void fdpass_take(struct fdpass_extras *extras, int *fds);

/* Closes the descriptors. */
void fdpass_close(struct fdpass_extras *extras);

#endif /* SLUICE_OS_FDPASS_H */
