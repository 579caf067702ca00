// SPDX-License-Identifier: MIT
/*
 * Descriptors that were sent to peers and are not received yet: in flight.
 *
 * The kernel counts them for each user.  A process without CAP_SYS_RESOURCE whose user has
 * more in flight than its RLIMIT_NOFILE cannot send another one (ETOOMANYREFS).  A client
 * sends one with its HELLO and one with each segment that is new or has grown, also to a
 * server that has not come round yet.  So 31 servers that never read, and some growth, were
 * enough to keep a client with RLIMIT_NOFILE 128 from its honest server.
 *
 * Therefore a peer that does not read gets one packet with descriptors, and further ones only
 * as long as all peers of the node together have few of those: 1/FLIGHT_SHARE of
 * RLIMIT_NOFILE.  Then it counts as a peer whose socket is full, and the others go on.
 *
 *	nothing in flight	flight_check()		0
 *	something		the socket was read	-> nothing in flight, 0
 *				there is room for more	0
 *				else			-EAGAIN
 *
 * The kernel tells whether the socket was read (SIOCOUTQ).  It is asked only when another
 * descriptor is about to be sent.  So an idle peer may be counted with what it has received
 * long ago.  That does no harm, since the kernel is asked before a descriptor is refused.
 *
 * Invariant: flights->more is the sum of flight->more of all channels of the node.
 *
 * A hostile peer can leave everything unread; then that is all it gets.  Two things are not
 * counted: descriptors sent to a channel that has been closed since and that the peer keeps
 * open, and those that other processes of the same user send.
 */
#include "wait/flight.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/resource.h>

#include "base/limits.h"
#include "os/socket.h"

static bool has_room(const struct flights *all, unsigned int count)
{
	struct rlimit files;

	return getrlimit(RLIMIT_NOFILE, &files) ||
	       all->more + count <= files.rlim_cur / FLIGHT_SHARE;
}

int flight_check(struct flights *all, struct flight *flight, int socket, unsigned int count)
{
	if (!count || !flight->count)
		return 0;
	if (socket_is_read(socket)) {
		flight_ended(all, flight);
		return 0;
	}
	return has_room(all, count) ? 0 : -EAGAIN;
}

void flight_began(struct flights *all, struct flight *flight, unsigned int count)
{
	if (flight->count) {
		flight->more += count;
		all->more += count;
	}
	flight->count += count;
}

void flight_ended(struct flights *all, struct flight *flight)
{
	all->more -= flight->more;
	*flight = (struct flight){ 0 };
}
