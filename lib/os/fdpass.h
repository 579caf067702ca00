/* SPDX-License-Identifier: MIT */
/* A packet with descriptors, in or out, never half of either. */
#ifndef SLUICE_OS_FDPASS_H
#define SLUICE_OS_FDPASS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include <sluice/wire.h>

#include "base/attributes.h"

/*
 * Sends a packet, with a descriptor unless passed is negative.  0, -EAGAIN (the
 * reader is too far behind), -EPIPE or -ECONNRESET (nobody reads) or -errno.
 */
int fdpass_send(int fd, const void *packet, size_t size, int passed) MUST_CHECK;

/* The same with any number of descriptors, at most SLUICE_WIRE_FDS_MAX. */
int fdpass_send_all(int fd, const void *packet, size_t size, const int *passed,
		    unsigned int count) MUST_CHECK;

/* What came with a packet; the descriptors are the receiver's. */
struct fdpass_extras {
	int fds[SLUICE_WIRE_FDS_MAX];
	unsigned int count;
	bool has_sender;		/* the socket was asked to tell */
	struct ucred sender;
};

/*
 * Receives a packet of at most size bytes, and what came with it.  The number of
 * bytes; 0 (hung up), -EAGAIN (nothing there), -EPROTO (longer than that, or more
 * descriptors than there can be), -EMFILE (no room for them) or -errno; and unless
 * it is more than 0, there are no extras.
 */
int fdpass_receive(int fd, void *packet, size_t size, struct fdpass_extras *ret_extras) MUST_CHECK;

/* Closes the descriptors. */
void fdpass_close(struct fdpass_extras *extras);

#endif /* SLUICE_OS_FDPASS_H */
