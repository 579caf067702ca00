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
 * A peer that has not read may end its channel, keep its own end of the socket, and come
 * again for another descriptor.  So the socket of a closed channel that is unread stays open
 * here, shut down.  All of them are looked at when another channel is closed, and once a
 * second: poll() reports a hang-up on each of them from the start, so it cannot tell when the
 * peer reads or closes.  A process that has FLIGHTS_LEFT_PROCESS of them gets no further
 * channel until it has read one, or closed it.
 *
 *	the channel is closed	flight_leave()	-> the socket is closed, if it was read
 *						-> left, if not
 *	left			it was read, or the peer has closed it; FLIGHTS_LEFT_MAX others
 *				are left				-> closed
 *
 * Invariant: flights->more is the sum of flight->more of all channels of the node.
 *
 * Where this end has hung up, or has given up for want of something, the socket is closed at
 * once: its peer may just not have come to read.
 *
 * A hostile peer can leave everything unread; then that is all it gets.  Many processes can
 * leave more than FLIGHTS_LEFT_MAX.  Those beyond are not counted, nor are descriptors that
 * other processes of this user send.
 */
#include "wait/flight.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#include "os/clock.h"
#include "os/fd.h"
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

/* ---- Closed channels that are unread ---- */

static void drop(struct flights *all, uint32_t i)
{
	fd_close(all->left[i].socket);
	all->left_count--;
	memmove(&all->left[i], &all->left[i + 1],
		(all->left_count - i) * sizeof(struct flight_left));
}

static void drop_read(struct flights *all)
{
	uint32_t i = 0;

	while (i < all->left_count)
		if (socket_is_read(all->left[i].socket))
			drop(all, i);
		else
			i++;
}

static void look_later(struct flights *all)
{
	turn_wait_until(all->turns, &all->turn, clock_now() + FLIGHTS_LOOK_NS);
}

static void take_turn(struct turn *turn)
{
	struct flights *all = container_of(turn, struct flights, turn);

	drop_read(all);
	if (all->left_count)
		look_later(all);
}

void flight_leave(struct flights *all, struct turns *turns, struct flight *flight, int socket,
		  const struct ucred *peer)
{
	bool unread = flight->count && !socket_is_read(socket);

	flight_ended(all, flight);
	drop_read(all);
	if (!unread) {
		fd_close(socket);
		return;
	}
	/* Two ends that both leave something unread must not wait for each other. */
	socket_discard(socket);
	if (all->left_count == FLIGHTS_LEFT_MAX)
		drop(all, 0);
	all->left[all->left_count++] = (struct flight_left){
		.socket = socket,
		.pid = peer->pid,
		.uid = peer->uid,
	};
	all->turns = turns;
	all->turn.take = take_turn;
	look_later(all);
}

static uint32_t count_of(const struct flights *all, const struct ucred *peer)
{
	uint32_t i, n = 0;

	for (i = 0; i < all->left_count; i++)
		n += all->left[i].pid == peer->pid && all->left[i].uid == peer->uid;
	return n;
}

bool flight_is_refused(struct flights *all, const struct ucred *peer)
{
	if (count_of(all, peer) < FLIGHTS_LEFT_PROCESS)
		return false;
	drop_read(all);
	return count_of(all, peer) >= FLIGHTS_LEFT_PROCESS;
}

void flights_close(struct flights *all)
{
	while (all->left_count)
		drop(all, all->left_count - 1);
	if (all->turns)
		turn_forget(all->turns, &all->turn);
}
