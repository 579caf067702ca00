// SPDX-License-Identifier: MIT
/*
 * The channels of a server port, from accept() until nobody refers to them.
 *
 *	accepted	greets the client when its HELLO comes (link/handshake.c)
 *	open		in the circle, served in turn
 *	gone		still in the circle until its last request was received and the
 *			last active request released: what a client sent before it went
 *			is served
 *
 * Each channel in the circle refers to the server, which outlives the user's destroy
 * while the application holds active requests.  The circle is tidied at the beginning
 * of a call, never in the middle of one.
 *
 * A client can connect as often as it likes; each connection costs two descriptors,
 * the tables of its end, and after a HELLO that was found in order the channel's memory.  At the limit of open
 * files connections are taken and closed at once, so that the listener does not stay
 * readable for ever.
 */
#include "api/server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/limits.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/socket.h"

static void link_in(struct sluice_server *server, struct responder *responder)
{
	if (server->current) {
		responder->next = server->current->next;
		server->current->next = responder;
	} else {
		responder->next = responder;
	}
	server->current = responder;
	server->references++;
}

static void unlink_from(struct sluice_server *server, struct responder *responder)
{
	struct responder *before = server->current;

	while (before->next != responder)
		before = before->next;
	before->next = responder->next;
	server->current = before == responder ? NULL : before;
	responder->next = NULL;
}

void server_free(struct sluice_server *server)
{
	service_put(server->service);
	free(server);
}

void server_put(struct sluice_server *server)
{
	if (!--server->references)
		server_free(server);
}

void server_drop_channel(struct sluice_server *server, struct responder *responder)
{
	unlink_from(server, responder);
	channel_put(&responder->channel);
	server_put(server);
}

void server_let_go(struct sluice_server *server, struct responder *responder)
{
	server->tidy = false;
	if (server->destroyed && !responder->active)
		server_drop_channel(server, responder);
}

void server_tidy(struct sluice_server *server)
{
	struct responder *last = server->current, *next;
	struct responder *responder = last ? last->next : NULL;
	bool done = !last;

	server->tidy = true;
	while (!done) {
		next = responder->next;
		done = responder == last;
		if (responder->channel.gone && !responder->active && !responder_ready(responder))
			server_drop_channel(server, responder);
		responder = next;
	}
}

/* ---- What channels tell ---- */

void server_channel_changed(struct responder *responder)
{
	struct sluice_server *server = responder->config->owner;

	if (responder->channel.gone)
		server->tidy = false;
}

void server_channel_destroyed(struct responder *responder)
{
	struct sluice_server *server = responder->config->owner;
	struct session *session = responder->session;

	if (responder->pool_open) {
		server->growths += responder->pool.growths;
		server->retired += responder->pool.retired;
		server->largest = max_u64(server->largest, responder->pool.largest);
	}
	if (!session)
		return;
	handles_deinit(&session->actives);
	handles_deinit(&session->replies);
	free(session);
}

/* ---- Connections ---- */

/* Takes a connection that there is no descriptor for, and closes it.  Did it? */
static bool turn_away(struct sluice_server *server)
{
	int fd;

	if (server->spare_fd < 0)
		server->spare_fd = fd_own(open("/dev/null", O_RDONLY | O_CLOEXEC));
	if (server->spare_fd < 0)
		return false;
	server->spare_fd = fd_close(server->spare_fd);
	fd = socket_accept(server->listener.fd);
	fd_close(fd);
	server->spare_fd = fd_own(open("/dev/null", O_RDONLY | O_CLOEXEC));
	return fd >= 0;
}

void server_accept(struct wait_source *source)
{
	struct sluice_server *server = container_of(source, struct sluice_server, listener);
	struct responder *responder;
	unsigned int n;
	int fd;

	/* The poll tells of new connections only, so what is left over is noted. */
	server->accept_later = true;
	server->accept_at = clock_now() + ACCEPT_RETRY_NS;
	for (n = 0; n < ACCEPT_AT_ONCE; n++) {
		fd = socket_accept(source->fd);
		if (fd == -EAGAIN) {
			server->accept_later = false;
			return;
		}
		if (fd == -ECONNABORTED || fd == -EINTR)
			continue;
		if (fd < 0 && !turn_away(server))
			return;
		if (fd < 0)
			continue;
		responder = responder_create(&server->config, fd);
		if (!responder)
			continue;
		link_in(server, responder);
		/* What the client sent before we came round is there already. */
		channel_drain(&responder->channel);
	}
}
