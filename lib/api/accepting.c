// SPDX-License-Identifier: MIT
/*
 * How a server takes the connections that wait for it.
 *
 *	somebody knocks -> accept -> a channel (api/connections.c)
 *		something is lacking -> they wait; the listener is forgotten, and all is
 *					tried again after a pause (link/retry.c)
 *		there is no place for a client (api/places.c) -> the same
 *		the server leaves -> they are turned away with a GOODBYE
 *
 * A client that waits is connected already and has written its first requests into the
 * memory that it made; so it loses nothing, and is served when the shortage has passed.
 * Only what fails after a connection was taken is told to the client, by a REJECT, and
 * then the client tries again.  So that this is rare, two descriptors are kept in
 * reserve, and a connection is taken when there is a third: one for its socket, one for
 * the pidfd of the peer, and one for the memory that comes with HELLO.
 *
 * A listener that somebody waits at stays readable.  It is not watched while nobody can
 * be taken, so that an idle server in a shortage sleeps.
 *
 * A hostile client can fill the queue of the listener, and others then try again too.
 */
#include "api/server.h"

#include <errno.h>

#include "base/limits.h"
#include "os/fd.h"
#include "os/socket.h"

int server_keep_reserve(struct sluice_server *server)
{
	return reserve_fill(&server->reserve, server->service->node->seat.mailbox_fd);
}

static void take(struct sluice_server *server, int fd)
{
	struct responder *responder = responder_create(&server->config, fd);

	if (!responder)
		return;
	server_add_channel(server, responder);
	/* What the client sent before we came round is there already. */
	channel_drain(&responder->channel);
	channel_notice_end(&responder->channel);
}

/* 1: one was taken, or went; 0: nobody waits; or -errno: they wait for want of this. */
static int accept_one(struct sluice_server *server)
{
	int fd, r;

	r = server_keep_reserve(server);
	if (r < 0)
		return r;
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

	retry_stop(&server->accept);
	for (n = 0; r > 0 && n < ACCEPT_AT_ONCE && n < room; n++)
		r = accept_one(server);
	if (!r && !server->listener.watched)
		r = wait_watch(wait, &server->listener);
	if (r > 0) {
		/* The poll tells of new connections only, so what is left over is noted. */
		retry_now(&server->accept);
	} else if (r < 0) {
		wait_forget(wait, &server->listener);
		retry_later(&server->accept);
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

	reserve_release(&server->reserve);
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
