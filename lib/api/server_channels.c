// SPDX-License-Identifier: MIT
/*
 * The channels of a server port, from accept() until nobody refers to them.  All of them
 * are in one list, and nothing else refers to a channel that is not.
 *
 *	accepted	greets the client when its HELLO comes (channel/handshake.c)
 *	hot		in the circle of those that are polled, in turn
 *	cold		armed: its client rings, and then it is hot
 *	gone		in the list of those; kept until its last request was received and
 *			the last active request released: what a client sent before it
 *			went is served
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
 * application holds active requests.
 *
 * A channel can go at any time: before its HELLO, while a request is taken, while the server
 * looks, replies or goes to sleep.  It goes through server_channel_changed(), which puts it
 * into the list of those that have gone, whatever circle it is in, and
 *
 * (1) a channel that has gone is in that list, or has active requests, and then the
 *     release of the last lets go of it or puts it into the list.
 *
 * The list is walked at the beginning of a call, never in the middle of one.  Who is done
 * is let go of, and who has left requests behind is hot until those are received.  So it
 * costs what has gone only.
 *
 * Each connection costs two descriptors, the tables of its end, and after a HELLO that was
 * found in order the channel's memory; how many clients are welcomed is in api/server_places.c.
 * How connections are taken, and what is done where that is not to be had, is in
 * api/server_accept.c.
 */
#include "api/server.h"

#include <errno.h>
#include <stdlib.h>

#include "trace/counters.h"
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

int server_cool(struct sluice_server *server, struct responder *responder)
{
	int r;

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

/* ---- Those that have gone ---- */

static void note_gone(struct sluice_server *server, struct responder *responder)
{
	if (!responder->linked || responder->gone_link)
		return;
	responder->next_gone = server->gone;
	responder->gone_link = &server->gone;
	if (server->gone)
		server->gone->gone_link = &responder->next_gone;
	server->gone = responder;
}

static void forget_gone(struct responder *responder)
{
	if (!responder->gone_link)
		return;
	*responder->gone_link = responder->next_gone;
	if (responder->next_gone)
		responder->next_gone->gone_link = responder->gone_link;
	responder->gone_link = NULL;
}

static void unlink_from(struct sluice_server *server, struct responder *responder)
{
	take_out(server, responder);
	forget_gone(responder);
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
	if (server->accept.wanted)
		retry_now(&server->accept);
	channel_put(&responder->channel);
	server_put(server);
}

/* Of one that has gone, and has no active requests. */
static void let_go_if_done(struct sluice_server *server, struct responder *responder)
{
	if (responder_ready(responder)) {
		note_gone(server, responder);
		heat(server, responder);
	} else {
		server_drop_channel(server, responder);
	}
}

void server_let_go(struct sluice_server *server, struct responder *responder)
{
	if (responder->active)
		return;
	if (server->destroyed)
		server_drop_channel(server, responder);
	else if (responder->channel.gone)
		let_go_if_done(server, responder);
}

void server_tidy(struct sluice_server *server)
{
	struct responder *responder, *next;

	for (responder = server->gone; responder; responder = next) {
		next = responder->next_gone;
		if (responder->active)
			forget_gone(responder);
		else
			let_go_if_done(server, responder);
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
	if (channel->gone == EPROTO)
		server_note_breach(server, responder);
	if (channel->own_bell && !responder->counted) {
		responder->counted = true;
		counter_add(&server->entry.counters->peers, 1);
		port_peer_came(&server->port);
	}
	if (channel->gone)
		note_gone(server, responder);
	/* Its descriptors may do for who waits to be taken. */
	if (channel->gone && server->accept.wanted)
		retry_now(&server->accept);
	if (responder->counted && !responder->missed && (channel->gone || channel->leaving)) {
		responder->missed = true;
		server->full_since = 0;
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
