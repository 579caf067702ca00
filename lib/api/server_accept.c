// SPDX-License-Identifier: MIT
/*
 * How a server takes the connections that wait for it.
 *
 *	a client connects -> accept -> a channel (api/server_channels.c)
 *		something is lacking -> clients wait; the listener is not watched, and all is
 *					tried again after a pause (wait/retry.c)
 *		there is no place for a client (api/server_places.c) -> the same
 *		the server leaves -> they are turned away with a GOODBYE
 *
 * A client that waits is connected already and has written its first requests into the
 * memory that it made.  So it loses nothing, and is served when the shortage has passed.
 * Only a failure after the accept is reported to the client, by a REJECT, and then the client
 * tries again.
 *
 * This is rare, because a connection is taken only if RESERVE_SIZE descriptors can be opened,
 * and one more for its socket.  The reserve is closed again when the connection was taken.
 * One of the reserve is for the pidfd of the peer, and one is for the memory that comes with
 * HELLO.  The others are for existing channels: for memory that a client announces, which is
 * mapped and closed again, and for memory of replies that grows.  So connections alone never
 * take the last descriptors.  If there are too few, no connection is taken, and the remaining
 * descriptors are for existing channels.  Clients that have not said HELLO are sent away then
 * (api/server_strangers.c).  The server asks first whether a client waits at all, since the
 * reserve costs system calls.
 *
 * A listener stays readable as long as a client waits at it.  It is not watched while no
 * client can be taken, so that an idle server in a shortage sleeps.
 *
 * A hostile client can fill the queue of the listener, and others then try again too.  A
 * hostile process can have STRANGERS_PER_PROCESS connections without a HELLO; with a HELLO a
 * connection counts as a client.  A process that has broken the protocol, or has greeted too
 * often, is taken, and read after a pause (api/server_breaches.c).
 */
#include "api/server.h"

#include <errno.h>

#include "base/limits.h"
#include "os/fd.h"
#include "os/socket.h"
#include "wait/payer.h"

static int fill_reserve(struct sluice_server *server)
{
	return reserve_fill(&server->reserve, server->service->node->entry.mailbox_fd,
			    RESERVE_SIZE);
}

static void take(struct sluice_server *server, int fd)
{
	struct server_channel *channel = server_make_channel(server, fd);
	struct ucred *user;

	if (!channel)
		return;
	server_note_stranger(server, channel);
	user = &channel->responder.channel.user;
	if (socket_peer(channel->responder.channel.source.fd, user) < 0) {
		server_send_stranger_away(server, channel);
		return;
	}
	turn_set_payer(&server->service->node->wait.turns, &channel->responder.channel.turn,
		       user->pid, user->uid);
	channel->responder.channel.turn.greets = true;
	/* Packets that the client sent before the accept are there already. */
	if (!server_keeps_waiting(server, channel))
		(void)channel_drain(&channel->responder.channel);
	channel_notice_end(&channel->responder.channel);
	server_thin_out_strangers(server, channel);
}

/* 1: one was taken, or went; 0: none waits; or -errno: they wait, because this is lacking. */
static int accept_one(struct sluice_server *server)
{
	int fd, r;

	if (!socket_has_news(server->listener.fd))
		return 0;
	r = fill_reserve(server);
	if (r < 0) {
		/* The last descriptors are for the existing channels. */
		reserve_release(&server->reserve);
		return server_send_oldest_stranger_away(server) ? 1 : r;
	}
	fd = socket_accept(server->listener.fd);
	if (fd == -EAGAIN)
		return 0;
	if (fd == -ECONNABORTED || fd == -EINTR)
		return 1;
	if (fd < 0)
		return fd;
	reserve_release(&server->reserve);
	take(server, fd);
	return 1;
}

void server_accept(struct sluice_server *server)
{
	struct wait *wait = &server->service->node->wait;
	uint32_t room = server_room(server), n;
	int r = room ? 1 : -EUSERS;
	bool goes_on = true;

	retry_stop(&server->accept);
	for (n = 0; r > 0 && goes_on && n < ACCEPT_AT_ONCE && n < room; n++) {
		r = accept_one(server);
		goes_on = r <= 0 || turn_charge(&wait->turns, NULL, ACCEPT_NS);
	}
	reserve_release(&server->reserve);
	if (!r && !server->listener.watched)
		r = wait_watch(wait, &server->listener);
	if (r > 0 && !goes_on) {
		retry_later(&server->accept);
	} else if (r > 0) {
		/* The poll reports new connections only, so this notes that some are left. */
		retry_now(&server->accept);
	} else if (r < 0) {
		wait_forget(wait, &server->listener);
		retry_later(&server->accept);
		if (r != -EUSERS)
			remark(server->service->node, SLUICE_REMARK_ACCEPT_SHORTAGE,
			       server->service->contract.name, -r);
	}
}

void server_accept_ready(struct wait_source *source)
{
	server_accept(container_of(source, struct sluice_server, listener));
}

void server_turn_away(struct sluice_server *server)
{
	unsigned int n;
	int fd;

	/* They wait for the next server that the listener is handed over to. */
	if (server->activated)
		return;
	for (n = 0; n < SERVER_BACKLOG; n++) {
		fd = socket_accept(server->listener.fd);
		if (fd == -ECONNABORTED || fd == -EINTR)
			continue;
		if (fd < 0)
			return;
		handshake_turn_away(fd);
		fd_close(fd);
	}
}
