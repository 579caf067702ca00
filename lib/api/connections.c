// SPDX-License-Identifier: MIT
/*
 * The channels of a server port, from accept() until nobody refers to them.  All of them
 * are in one list, and nothing else refers to a channel that is not.
 *
 *	accepted	greets the client when its HELLO comes (link/handshake.c)
 *	hot		in the circle of those that are polled, in turn
 *	cold		armed: its client rings, and then it is hot
 *	gone		kept until its last request was received and the last active
 *			request released: what a client sent before it went is served
 *
 * A channel that becomes hot is looked at after those that are: what waits there has waited
 * for longer.
 *
 * A channel becomes cold when its server goes to sleep; and while the server does not,
 * when it was polled in vain so often that a ring would have cost less (the rent that
 * makes buying pay), unless there are only few that are polled anyway.  So a busy server
 * polls those that are busy, and sleeping costs nothing for those that are idle.
 *
 * Each channel refers to the server, which outlives the user's destroy while the
 * application holds active requests.  Channels that have gone are hot, so that they are
 * looked at, and let go of at the beginning of a call, never in the middle of one.
 *
 * A client can connect as often as it likes; each connection costs two descriptors,
 * the tables of its end, and after a HELLO that was found in order the channel's memory.
 * How connections are taken, and what is done where that is not to be had, is in
 * api/accepting.c.
 */
#include "api/server.h"

#include <errno.h>
#include <stdlib.h>

#include "link/counters.h"
#include "os/fd.h"

/* ---- All channels, and the circle of those that are polled ---- */

static void heat(struct sluice_server *server, struct responder *responder)
{
	responder->quiet = 0;
	if (!responder->linked || responder->next)
		return;
	if (server->current) {
		responder->before = server->current;
		responder->next = server->current->next;
		responder->before->next = responder;
		responder->next->before = responder;
	} else {
		responder->before = responder;
		responder->next = responder;
	}
	/* The circle is looked at from behind current on: those that wait come first. */
	server->current = responder;
	server->hot++;
}

static void take_out(struct sluice_server *server, struct responder *responder)
{
	if (!responder->next)
		return;
	responder->before->next = responder->next;
	responder->next->before = responder->before;
	if (server->current == responder)
		server->current = responder->before == responder ? NULL : responder->before;
	responder->next = NULL;
	responder->before = NULL;
	server->hot--;
}

static bool is_done(struct responder *responder)
{
	return responder->channel.gone && !responder->active && !responder_ready(responder);
}

int server_cool(struct sluice_server *server, struct responder *responder)
{
	int r;

	/* Nobody would look at it again: it stays until the next call lets go of it. */
	if (is_done(responder)) {
		server->tidy = false;
		return 0;
	}
	/* What may not be received yet stays there; its doorbell tells nothing new. */
	if (responder_ready(responder))
		return 0;
	r = channel_arm(&responder->channel, SLUICE_DOORBELL_MESSAGE);
	if (r < 0)
		return r;
	if (responder_ready(responder))
		channel_disarm(&responder->channel);
	else if (responder->channel.armed || responder->channel.gone)
		take_out(server, responder);
	return 0;
}

void server_add_channel(struct sluice_server *server, struct responder *responder)
{
	responder->older = server->newest;
	if (server->newest)
		server->newest->newer = responder;
	server->newest = responder;
	responder->linked = true;
	server->references++;
}

static void unlink_from(struct sluice_server *server, struct responder *responder)
{
	take_out(server, responder);
	responder->linked = false;
	if (responder->newer)
		responder->newer->older = responder->older;
	else
		server->newest = responder->older;
	if (responder->older)
		responder->older->newer = responder->newer;
}

void server_free(struct sluice_server *server)
{
	port_entry_deinit(&server->entry);
	fd_close(server->self.load_fd);
	load_page_drop(&server->load_page);
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
	if (is_done(responder) || (server->destroyed && !responder->active)) {
		server_drop_channel(server, responder);
	} else if (responder->channel.gone) {
		/* It can still write its ring, and is looked at until that ends. */
		heat(server, responder);
		server->tidy = false;
	}
}

/* What has gone is polled until it was looked at here. */
void server_tidy(struct sluice_server *server)
{
	struct responder *responder = server->current, *next;
	uint32_t looks;

	server->tidy = true;
	for (looks = server->hot; looks; looks--, responder = next) {
		next = responder->next;
		if (is_done(responder))
			server_drop_channel(server, responder);
	}
}

void server_glance(struct sluice_server *server)
{
	node_glance(server->service->node);
	server_port_ops.tend(&server->port);
}

/* ---- What channels tell ---- */

void server_channel_changed(struct responder *responder)
{
	struct sluice_server *server = responder->config->owner;
	const struct channel *channel = &responder->channel;

	if (channel->own_bell || channel->gone)
		server_forget_stranger(server, responder);
	if (channel->own_bell && !responder->counted) {
		responder->counted = true;
		counter_add(&server->entry.counters->peers, 1);
		port_peer_came(&server->port);
	}
	if (channel->gone)
		server->tidy = false;
	/* Its descriptors may do for who waits to be taken. */
	if (channel->gone && server->accept.wanted)
		retry_now(&server->accept);
	if (responder->counted && !responder->missed && (channel->gone || channel->leaving)) {
		responder->missed = true;
		counter_sub(&server->entry.counters->peers, 1);
		port_peer_went(&server->port, channel->gone ? channel->gone : EPIPE);
	}
	server_channel_woken(responder);
}

void server_channel_woken(struct responder *responder)
{
	heat(responder->config->owner, responder);
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
