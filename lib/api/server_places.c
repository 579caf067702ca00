// SPDX-License-Identifier: MIT
/*
 * How many clients a server has at a time.
 *
 * max_clients limits the names of clients (registry/port_entry.c), and a hostile client needs
 * none to connect.  So a server counts its channels, from the HELLO on:
 *
 *	present		welcomed, and has not left: at most max_clients
 *	departed	has left: it said QUIT or GOODBYE, or hung up; and there are requests of
 *			it to be received: at most max_clients, too
 *	held		likewise, and the program holds requests of it: any number, since it
 *			is the program that makes them many
 *	done		has left, but not hung up, and there is nothing to do for it: it is hung
 *			up on before others are taken
 *
 * A client that is destroyed while messages of it are held says QUIT and goes on reading.
 * The name of a client that has left is free, and another may have it; so those that have
 * left take no place of those that are present.  Who has left can send no more than its ring
 * held then (exchange/responder_request.c).  The server keeps no account: the list of
 * channels is the truth, and is walked at each HELLO and once before connections are taken.
 *
 *	max_clients are present		a further HELLO is answered by REJECT with EUSERS, and
 *					the client tries again (api/client_want.c)
 *	max_clients have departed	nobody is taken: they wait in the queue of the
 *					listener, where they lose nothing
 *
 * A client that dies gives up its name a moment before its socket, and whoever takes the name
 * over must not be refused in that moment.  So a server that is full takes nobody for
 * FULL_GRACE_NS, and refuses only then.
 *
 * A client has one channel to a server.  The process that comes again with the same port has
 * given up the old channel, or lost it, and the server closes that.  It takes nobody's word
 * for that but the kernel's: the port is the client's word, and another process that names
 * it gets a channel of its own and throws nobody out.
 *
 * A hostile process that may use the service can hold all places, and others then try again
 * once a second until one becomes free.  It could have taken all the names likewise.  Who
 * must be served whatever others do needs a service that others may not use.
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

/* Is this the channel that the client has now connected in place of? */
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
	return fail(EUSERS, "%u clients are connected and %u have left requests behind, and the service has max_clients %u",
		    places.present, places.departed, most);
}

/* A client can still read what it was sent. */
static void close_done(struct sluice_server *server)
{
	struct server_channel *channel;

	for (channel = server->newest; channel; channel = channel->older) {
		if (channel->responder.channel.gone || !responder_has_left(&channel->responder) ||
		    channel->responder.active || responder_polls(&channel->responder))
			continue;
		channel_say_goodbye(&channel->responder.channel);
		channel_end(&channel->responder.channel);
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
