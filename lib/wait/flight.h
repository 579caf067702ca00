/* SPDX-License-Identifier: MIT */
/* Descriptors that were sent to peers and are not received yet. */
#ifndef SLUICE_WAIT_FLIGHT_H
#define SLUICE_WAIT_FLIGHT_H

#include <sys/socket.h>

#include "base/limits.h"
#include "wait/budget.h"

/* Descriptors in flight to one peer; */
struct flight {
	uint32_t count;		/* at most, since the socket was last seen to be read */
	uint32_t more;		/* of these, beyond the first packet */
};

/* The socket of a closed channel that the peer has not read. */
struct flight_left {
	int socket;
	pid_t pid;		/* the process that was connected */
	uid_t uid;
};

/* Descriptors in flight to all peers of a node. */
struct flights {
	uint32_t more;		/* the sum */
	uint32_t left_count;
	struct flight_left left[FLIGHTS_LEFT_MAX];	/* from the oldest on */
	struct turns *turns;
	struct turn turn;	/* to look whether they were read */
};

/* May so many descriptors be sent on this socket now?  0, or -EAGAIN: the peer has to read. */
int flight_check(struct flights *all, struct flight *flight, int socket,
		 unsigned int count) MUST_CHECK;

/* They were sent. */
void flight_began(struct flights *all, struct flight *flight, unsigned int count);

/* They have been received, or nobody counts them any more. */
void flight_ended(struct flights *all, struct flight *flight);

/* The channel is closed, and so is its socket, now or when the peer has read it. */
void flight_leave(struct flights *all, struct turns *turns, struct flight *flight, int socket,
		  const struct ucred *peer);

/* Has the process left so many closed channels unread that it gets no other? */
bool flight_is_refused(struct flights *all, const struct ucred *peer);

/* The node is about to go. */
void flights_close(struct flights *all);

#endif /* SLUICE_WAIT_FLIGHT_H */
