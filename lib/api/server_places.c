// SPDX-License-Identifier: MIT
/*
 * How many clients a server has at a time.
 *
 * max_clients limits the names of clients (registry/port_entry.c), but a hostile client needs
 * no name to connect.  So a server counts its channels, from the HELLO on:
 *
 *	present		welcomed, and has not left: at most max_clients
 *	departed	has left: it said QUIT or GOODBYE, or hung up; and requests of it can
 *			still be received: at most max_clients, too
 *	held		has left, and the program holds requests of it: any number, since the
 *			program decides how many
 *	done		has left, but not hung up, and there is nothing to do for it: the server
 *			hangs up on it before it takes others
 *
 * A client that is destroyed while messages of it are held says QUIT and goes on reading.
 * The name of a client that has left is free, and another may have it.  So clients that have
 * left take no place of those that are present.  A client that has left can send no more
 * requests than its ring held at that time (exchange/responder_request.c).  The server keeps
 * no count: the list of channels is counted at each HELLO and once before connections are
 * taken.
 *
 *	max_clients are present		a further HELLO is answered by REJECT with EUSERS, and
 *					the client tries again (api/client_want.c)
 *	max_clients have departed	no connection is taken: clients wait in the queue of the
 *					listener, where they lose nothing
 *
 * A client that dies gives up its name a moment before its socket, and the process that takes
 * the name over must not be refused in that moment.  So a server that is full takes no client
 * for FULL_GRACE_NS, and refuses clients only after that.
 *
 * A client has one channel to a server.  A process that connects again with the same port has
 * given up the old channel, or lost it, and the server closes the old one.  The port's id is
 * only the client's word, so the server also compares the processes, as the kernel names
 * them.  Another process that names the port gets a channel of its own, and no channel is
 * closed for it.
 *
 * A hostile process that may use the service can hold all places, and others then try again
 * once a second until one becomes free.  It could also take all names.  If a client must be
 * served in any case, its service must be closed to such processes.
 */
#include "api/server.h"

#include <errno.h>

#include "base/error.h"
#include "base/limits.h"
#include "os/clock.h"

struct places {
	uint32_t present, departed;
};

static struct places count_places(const struct sluice_server *server)
{
	const struct server_channel *channel;
	struct places places = { 0 };

	for (channel = server->newest; channel; channel = channel->older) {
		if (!channel->responder.channel.own_bell)
			continue;
		if (!responder_has_left(&channel->responder))
			places.present++;
		else if (responder_polls(&channel->responder))
			places.departed++;
	}
	return places;
}

/* Does the client's new channel replace this one? */
static bool is_former(const struct server_channel *former, const struct server_channel *channel)
{
	const struct channel *one = &former->responder.channel, *other = &channel->responder.channel;

	return former != channel && one->own_bell && !one->gone && one->peer == other->peer &&
	       one->user.pid == other->user.pid && one->user.uid == other->user.uid;
}

/* Packets that the client sent on its former channel are read first. */
static void close_former(struct sluice_server *server, const struct server_channel *channel)
{
	struct server_channel *former;

	for (former = server->newest; former; former = former->older)
		if (is_former(former, channel))
			channel_end(&former->responder.channel);
}

int server_admit(struct responder *responder)
{
	struct server_channel *channel = server_channel_of(responder);
	struct sluice_server *server = channel->server;
	uint32_t most = server->config.settings->max_clients;
	struct places places;

	close_former(server, channel);
	places = count_places(server);
	if (places.present < most && places.departed < most)
		return 0;
	remark(server->service->node, SLUICE_REMARK_CLIENT_LIMIT,
	       server->service->contract.name, 0);
	return fail(EUSERS, "%u clients are connected and %u have left requests behind, and the service has max_clients %u",
		    places.present, places.departed, most);
}

/* The client can still read what the server has sent. */
static void close_done(struct sluice_server *server)
{
	struct server_channel *channel;

	for (channel = server->newest; channel; channel = channel->older) {
		if (channel->responder.channel.gone || !responder_has_left(&channel->responder) ||
		    channel->responder.active || responder_polls(&channel->responder))
			continue;
		channel_say_goodbye(&channel->responder.channel);
		channel_end_in_order(&channel->responder.channel);
	}
}

uint32_t server_room(struct sluice_server *server)
{
	uint32_t most = server->config.settings->max_clients;
	struct places places;

	close_done(server);
	places = count_places(server);
	if (places.departed >= most)
		return 0;
	if (places.present < most)
		server->full_since = 0;
	else if (!server->full_since)
		server->full_since = clock_now();
	if (server->full_since && clock_now() - server->full_since < FULL_GRACE_NS)
		return 0;
	return most - places.departed;
}
