/* SPDX-License-Identifier: MIT */
/* A packet with a descriptor, in or out, never half of either. */
#ifndef SLUICE_OS_FDPASS_H
#define SLUICE_OS_FDPASS_H

#include <stddef.h>

#include "base/attributes.h"

/*
 * Sends a packet, with a descriptor unless passed is negative.  0, -EAGAIN (the
 * reader is too far behind), -EPIPE or -ECONNRESET (nobody reads) or -errno.
 */
int fdpass_send(int fd, const void *packet, size_t size, int passed) MUST_CHECK;

/*
 * Receives a packet of at most size bytes, and its descriptor or -1.  The number
 * of bytes; 0 (hung up), -EAGAIN (nothing there), -EPROTO (longer than that, or
 * more than one descriptor), -EMFILE (no room for the descriptor) or -errno.
 */
int fdpass_receive(int fd, void *packet, size_t size, int *ret_passed) MUST_CHECK;

#endif /* SLUICE_OS_FDPASS_H */
