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

static void heat(struct sluice_server *server, struct server_channel *channel)
{
	channel->quiet = 0;
	if (!channel->linked || channel->next)
		return;
	if (server->current) {
		channel->before = server->current;
		channel->next = server->current->next;
		channel->before->next = channel;
		channel->next->before = channel;
	} else {
		channel->before = channel;
		channel->next = channel;
	}
	/* The circle is looked at from behind current on: those that wait come first. */
	server->current = channel;
	server->hot++;
}

static void take_out(struct sluice_server *server, struct server_channel *channel)
{
	if (!channel->next)
		return;
	channel->before->next = channel->next;
	channel->next->before = channel->before;
	if (server->current == channel)
		server->current = channel->before == channel ? NULL : channel->before;
	channel->next = NULL;
	channel->before = NULL;
	server->hot--;
}

int server_cool(struct sluice_server *server, struct server_channel *channel)
{
	int r;

	/* A request that may not be received yet stays there; its doorbell tells nothing new. */
	if (responder_ready(&channel->responder))
		return 0;
	r = channel_arm(&channel->responder.channel, SLUICE_DOORBELL_MESSAGE);
	if (r < 0)
		return r;
	if (responder_ready(&channel->responder))
		channel_disarm(&channel->responder.channel);
	else if (channel->responder.channel.armed || channel->responder.channel.gone)
		take_out(server, channel);
	return 0;
}

static void add(struct sluice_server *server, struct server_channel *channel)
{
	channel->older = server->newest;
	if (server->newest)
		server->newest->newer = channel;
	server->newest = channel;
	channel->linked = true;
	server->references++;
}

struct server_channel *server_make_channel(struct sluice_server *server, int fd)
{
	struct server_channel *channel = calloc(1, sizeof(*channel));

	if (!channel) {
		responder_refuse(fd);
		return NULL;
	}
	channel->server = server;
	if (responder_init(&channel->responder, &server->config, fd) < 0)
		return NULL;
	add(server, channel);
	return channel;
}

void server_ask_node(struct sluice_server *server)
{
	struct server_channel *channel;

	for (channel = server->newest; channel; channel = channel->older) {
		handles_ask(&channel->actives);
		handles_ask(&channel->replies);
	}
}

/* ---- Those that have gone ---- */

static void note_gone(struct sluice_server *server, struct server_channel *channel)
{
	if (!channel->linked || channel->gone_link)
		return;
	channel->next_gone = server->gone;
	channel->gone_link = &server->gone;
	if (server->gone)
		server->gone->gone_link = &channel->next_gone;
	server->gone = channel;
}

static void forget_gone(struct server_channel *channel)
{
	if (!channel->gone_link)
		return;
	*channel->gone_link = channel->next_gone;
	if (channel->next_gone)
		channel->next_gone->gone_link = channel->gone_link;
	channel->gone_link = NULL;
}

static void unlink_from(struct sluice_server *server, struct server_channel *channel)
{
	take_out(server, channel);
	forget_gone(channel);
	channel->linked = false;
	if (channel->newer)
		channel->newer->older = channel->older;
	else
		server->newest = channel->older;
	if (channel->older)
		channel->older->newer = channel->newer;
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

void server_drop_channel(struct sluice_server *server, struct server_channel *channel)
{
	unlink_from(server, channel);
	if (server->accept.wanted)
		retry_now(&server->accept);
	channel_put(&channel->responder.channel);
	server_put(server);
}

/* Lets go of one that has gone, and has no active requests. */
static void let_go_if_done(struct sluice_server *server, struct server_channel *channel)
{
	if (responder_ready(&channel->responder)) {
		note_gone(server, channel);
		heat(server, channel);
	} else {
		server_drop_channel(server, channel);
	}
}

void server_let_go(struct sluice_server *server, struct server_channel *channel)
{
	if (server->destroyed)
		server_drop_channel(server, channel);
	else
		let_go_if_done(server, channel);
}

void server_tidy(struct sluice_server *server)
{
	struct server_channel *channel, *next;

	for (channel = server->gone; channel; channel = next) {
		next = channel->next_gone;
		if (channel->responder.active)
			forget_gone(channel);
		else
			let_go_if_done(server, channel);
	}
}

/* ---- What channels tell ---- */

static void note_coming(struct sluice_server *server, struct server_channel *channel)
{
	if (channel->counted)
		return;
	channel->counted = true;
	counter_add(&server->entry.counters->peers, 1);
	port_peer_came(&server->port);
}

static void note_going(struct sluice_server *server, struct server_channel *channel, int reason)
{
	if (!channel->counted || channel->missed)
		return;
	channel->missed = true;
	server->full_since = 0;
	counter_sub(&server->entry.counters->peers, 1);
	port_peer_went(&server->port, reason);
	remark_lost(server->service->node, server->service->contract.name,
		    &channel->responder.channel, reason);
}

void server_channel_changed(struct responder *responder)
{
	struct server_channel *channel = server_channel_of(responder);
	struct sluice_server *server = channel->server;
	int gone = responder->channel.gone;

	if (responder->channel.own_bell || gone)
		server_forget_stranger(server, channel);
	if (gone == EPROTO) {
		server_note_breach(server, channel);
		if (!channel->counted)
			remark_lost(server->service->node, server->service->contract.name,
				    &responder->channel, gone);
	}
	if (responder->channel.own_bell)
		note_coming(server, channel);
	if (gone)
		note_gone(server, channel);
	/* Its descriptors may do for who waits to be taken. */
	if (gone && server->accept.wanted)
		retry_now(&server->accept);
	if (gone || responder->channel.leaving)
		note_going(server, channel, gone ? gone : EPIPE);
	heat(server, channel);
}

void server_channel_woken(struct responder *responder)
{
	struct server_channel *channel = server_channel_of(responder);

	heat(channel->server, channel);
}

void server_channel_destroyed(struct responder *responder)
{
	struct server_channel *channel = server_channel_of(responder);
	struct sluice_server *server = channel->server;

	if (responder->pool_open) {
		server->growths += responder->pool.growths;
		server->retired += responder->pool.retired;
		server->largest = max_u64(server->largest, responder->pool.largest);
	}
	handles_deinit(&channel->actives);
	handles_end(&channel->replies, &server->service->node->void_replies);
	free(channel);
}
