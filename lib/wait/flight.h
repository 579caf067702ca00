/* SPDX-License-Identifier: MIT */
/* Descriptors that were sent to peers and are not received yet. */
#ifndef SLUICE_WAIT_FLIGHT_H
#define SLUICE_WAIT_FLIGHT_H

#include <stdint.h>

#include "base/compiler.h"

/* Descriptors in flight to one peer; */
struct flight {
	uint32_t count;		/* at most, since the socket was last seen to be read */
	uint32_t more;		/* of these, beyond the first packet */
};

/* Descriptors in flight to all peers of a node. */
struct flights {
	uint32_t more;		/* the sum */
};

/* May so many descriptors be sent on this socket now?  0, or -EAGAIN: the peer has to read. */
int flight_check(struct flights *all, struct flight *flight, int socket,
		 unsigned int count) MUST_CHECK;

/* They were sent. */
void flight_began(struct flights *all, struct flight *flight, unsigned int count);

/* They have been received, or nobody counts them any more. */
void flight_ended(struct flights *all, struct flight *flight);

#endif /* SLUICE_WAIT_FLIGHT_H */
