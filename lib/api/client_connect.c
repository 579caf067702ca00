// SPDX-License-Identifier: MIT
/*
 * The servers that a client is connected to.
 *
 * The client connects inside its own calls: to the servers whose sockets it finds when it is
 * made, and to others when a letter says that the service has changed (api/node.c).  If a
 * connection fails because this process or the server lacks something, the client tries again
 * after a pause.  It does the same if a connection is lost for that reason
 * (api/client_want.c).
 *
 * A client is connected to at most max_servers servers, because a hostile server needs no
 * name in the registry for its socket to be found.  A server that was destroyed has given up
 * its name, but may still hold requests.  It does not count, and the client hangs up on it
 * when it holds none.  A static client has set memory aside for max_servers in all, so it
 * counts each server until that hangs up.  Further servers are connected to when there is a
 * place.  A server that never hangs up costs a static client that place; it could as well
 * have stayed.
 *
 * A server that breaks the protocol costs the client one channel, which is made and
 * destroyed, and it can come again at once under another id.  So after a breach the client
 * does not look for servers when a letter comes, but after a pause that grows up to a second
 * (wait/retry.c).  It then connects to servers that have come meanwhile.
 *
 * A server can also come and leave without an end, and keep the protocol.  Its process then
 * owes the time that the channels have taken (wait/payer.c).  Who has made a socket is known
 * only when it is connected to.  So a client that finds a server of such a process hangs up,
 * and does not look for servers before enough of that is paid.  It does not hang up on other
 * servers that it finds; those that come meanwhile are found at the end of the pause.
 *
 * If a request is sent, or servers are waited for (api/client_wait.c), and there is none, the
 * client connects to the socket on which somebody listens for a server that is not started
 * yet (registry/activation.c).  That starts the server.  It does not do so earlier, so that a client
 * that sends nothing starts nothing, and a server that has left stays away until it is wanted.
 * A server that is started and hangs up before its WELCOME is tried again after a pause, as any
 * other.  The id of such a server is its own word, and only ever told.
 *
 * A channel that has gone stays in the list as long as a pending response still reads from
 * it.  The list is tidied at the beginning of a call, never in the middle of one.  A server
 * that refuses the client, or breaks the protocol, counts as gone.
 */
#include "api/client.h"

#include <errno.h>
#include <stdlib.h>

#include "base/error.h"
#include "os/fd.h"
#include "os/socket.h"
#include "trace/counters.h"
#include "registry/activation.h"
#include "registry/server_socket.h"
#include "wait/payer.h"

/* Does this error say that there is no server, or that the server refuses this client? */
static bool is_final(int error)
{
	switch (error) {
	case ECONNREFUSED:
	case ENOENT:
	case ENOTSOCK:
	case ENAMETOOLONG:
	case EACCES:
	case EPROTO:
	case EPROTOTYPE:
	case EPROTONOSUPPORT:
		return true;
	default:
		return false;
	}
}

/* A server could not be reached. */
static void not_reached(struct sluice_client *client, uint64_t server, int error)
{
	/* The queue is full, or the server has hung up before this client sent anything. */
	bool theirs = error == EAGAIN || error == EPIPE || error == ECONNRESET;

	if (is_final(error))
		return;
	if (!theirs)
		remark(client->service->node, SLUICE_REMARK_SERVER_NOT_REACHED,
		       client->service->contract.name, error);
	client_wants(client, (struct client_want){
		.error = error,
		.theirs = theirs,
		.server = server,
	});
}

/* A server that was reached is lost. */
static void not_kept(struct sluice_client *client, const struct client_channel *channel)
{
	int reason = channel->requester.channel.gone;
	/* A server that hangs up before the WELCOME may have died, and may come again. */
	bool hung_up = reason == ECONNRESET && !channel->requester.welcome;

	if (reason == EPROTO && !client->destroyed)
		client_grow_wary(client);
	if (channel->requester.channel.leaving || is_final(reason) || reason == EPIPE ||
	    (reason == ECONNRESET && !hung_up))
		return;
	client_wants(client, (struct client_want){
		.error = channel->requester.lacked ? channel->requester.lacked : reason,
		.theirs = channel->requester.lacked || hung_up,
		.server = channel->requester.channel.peer,
	});
}

/* Servers that are there, and those that have gone and still hold requests. */
static uint32_t holders(const struct sluice_client *client)
{
	uint32_t i, n = 0;

	for (i = 0; i < client->count; i++)
		n += !client->channels[i]->requester.channel.gone;
	return n;
}

uint32_t client_servers(const struct sluice_client *client)
{
	const struct channel *channel;
	uint32_t i, n = 0;

	for (i = 0; i < client->count; i++) {
		channel = &client->channels[i]->requester.channel;
		n += !channel->gone && !channel->leaving;
	}
	return n;
}

/*
 * Is there no place for a further server?  Then it could hold slices that a static client has
 * not set aside.
 */
static bool is_crowded(const struct sluice_client *client)
{
	uint32_t most = client->service->contract.settings.max_servers;

	return client->pool.config.strategy == POOL_STATIC ? holders(client) >= most :
							     client_servers(client) >= most;
}

/* A server that has left and holds no request hangs up itself, unless it is hostile. */
static void close_done(struct sluice_client *client)
{
	struct client_channel *channel;
	uint32_t i;

	for (i = 0; i < client->count; i++) {
		channel = client->channels[i];
		if (!channel->requester.channel.leaving || channel->requester.channel.gone)
			continue;
		requester_reap(&channel->requester);
		if (!channel->requester.outstanding)
			channel_end_in_order(&channel->requester.channel);
	}
}

/* A server has left, so there is a place for one that was turned down. */
static void look_soon(struct sluice_client *client)
{
	if (client->crowded && !client->destroyed)
		retry_now(&client->retry);
}

static void channel_changed(struct requester *requester)
{
	struct client_channel *channel = client_channel_of(requester);
	struct sluice_client *client = channel->client;
	int gone = requester->channel.gone;
	bool counted = channel->counted;

	if (counted && (requester->channel.leaving || gone)) {
		channel->counted = false;
		counter_sub(&client->entry.counters->peers, 1);
		client->lost = gone ? gone : EPIPE;
		port_peer_went(&client->port, client->lost);
		remark_lost(client->service->node, client->service->contract.name,
			    &requester->channel, client->lost);
	}
	if (gone || requester->channel.leaving)
		look_soon(client);
	if (!gone)
		return;
	client->untidy = true;
	if (counted)
		not_kept(client, channel);
}

static void channel_destroyed(struct requester *requester)
{
	free(client_channel_of(requester));
}

static const struct requester_events events = {
	.changed = channel_changed,
	.destroyed = channel_destroyed,
};

static bool is_known(const struct sluice_client *client, uint64_t server)
{
	const struct client_channel *channel;
	uint32_t i;

	for (i = 0; i < client->count; i++) {
		channel = client->channels[i];
		if (channel->requester.channel.peer == server && !channel->activated &&
		    !channel->requester.channel.gone)
			return true;
	}
	return false;
}

static int make_room(struct sluice_client *client)
{
	uint32_t room = client->room ? 2 * client->room : 4;
	struct client_channel **channels;

	if (client->count < client->room)
		return 0;
	channels = realloc(client->channels, room * sizeof(struct client_channel *));
	if (!channels)
		return -ENOMEM;
	client->channels = channels;
	client->room = room;
	return reside(channels, room * sizeof(struct client_channel *),
		      client->pool.config.residence);
}

/* Takes a socket over and sends HELLO to the server behind it.  NULL with errno after a failure. */
static struct client_channel *make_channel(struct sluice_client *client, uint64_t server, int fd)
{
	struct sluice_service *service = client->service;
	const struct requester_config config = {
		.wait = &service->node->wait,
		.layout = &service->layout,
		.settings = &service->contract.settings,
		.response = &service->response,
		.pool = &client->pool,
		.counters = client->entry.counters,
		.server = server,
		.self = &client->self,
		.events = &events,
	};
	struct client_channel *channel = calloc(1, sizeof(*channel));
	int r;

	if (!channel) {
		fd_close(fd);
		return fail_null(ENOMEM, "no memory for a channel");
	}
	channel->client = client;
	r = reside(channel, sizeof(*channel), client->pool.config.residence);
	if (r < 0) {
		free(channel);
		fd_close(fd);
		return fail_again_null(r);
	}
	return requester_init(&channel->requester, &config, fd) < 0 ? NULL : channel;
}

/*
 * Has the server's process come and gone so often, or left so much unread, that it has to
 * wait?  Then the client does.
 */
static bool is_to_wait(struct sluice_client *client, int fd)
{
	struct wait *wait = &client->service->node->wait;
	struct ucred user;
	int64_t at;

	if (socket_peer(fd, &user) < 0)
		return false;
	at = payer_greeting_at(&wait->turns, user.pid, user.uid);
	if (flight_is_refused(&wait->flights, &user))
		at = clock_now() + FLIGHTS_LOOK_NS;
	if (at <= clock_now())
		return false;
	client_rest(client, at);
	return true;
}

/* Is there a place for a further server?  Notes what is lacking. */
static bool has_place(struct sluice_client *client, uint64_t server)
{
	int r;

	close_done(client);
	if (is_crowded(client)) {
		client->crowded = true;
		return false;
	}
	r = make_room(client);
	if (r < 0)
		not_reached(client, server, -r);
	return !r;
}

/* Makes a channel of a connection, or of the errno in its place.  NULL: there is none. */
static struct client_channel *keep_connection(struct sluice_client *client, uint64_t server, int fd)
{
	struct client_channel *channel;

	if (fd < 0) {
		not_reached(client, server, -fd);
		return NULL;
	}
	if (is_to_wait(client, fd)) {
		fd_close(fd);
		return NULL;
	}
	channel = make_channel(client, server, fd);
	if (!channel) {
		not_reached(client, server, errno);
		return NULL;
	}
	client->channels[client->count++] = channel;
	channel->counted = true;
	counter_add(&client->entry.counters->peers, 1);
	port_peer_came(&client->port);
	requester_announce(&channel->requester);
	if (client->routes)
		requester_find_load(&channel->requester);
	return channel;
}

/* A server that cannot be reached is left out; others may be there. */
static void connect_to(void *context, uint64_t server)
{
	struct sluice_client *client = context;

	if (!is_known(client, server) && has_place(client, server))
		(void)keep_connection(client, server,
				      server_socket_connect(&client->service->dir, server));
}

void client_start_server(struct sluice_client *client)
{
	struct client_channel *channel;

	/* One could not be reached or kept, and is tried again after a pause. */
	if (client->retry.wanted || client_servers(client) || !has_place(client, 0))
		return;
	channel = keep_connection(client, 0, activation_connect(&client->service->dir));
	if (!channel)
		return;
	channel->activated = true;
	channel_forget_life(&channel->requester.channel);
}

void client_meet_servers(struct sluice_client *client, int held)
{
	int r;

	retry_stop(&client->retry);
	client->crowded = false;
	client->wary = false;
	r = server_socket_each(&client->service->dir, held, connect_to, client);
	/* -ENOENT: the directory was removed.  The node looks again when it is written again. */
	if (r < 0 && r != -ENOENT)
		client_wants(client, (struct client_want){ .error = -r });
}

void client_look_for_servers(struct sluice_client *client)
{
	client_meet_servers(client, service_dir_hold(&client->service->dir));
}

void client_tidy(struct sluice_client *client)
{
	struct client_channel *channel;
	uint32_t i = 0;

	client->untidy = false;
	while (i < client->count) {
		channel = client->channels[i];
		if (!channel->requester.channel.gone) {
			i++;
		} else if (channel->requester.channel.references > 1) {
			client->untidy = true;
			i++;
		} else {
			client->channels[i] = client->channels[--client->count];
			channel_put(&channel->requester.channel);
		}
	}
}
