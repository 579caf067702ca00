// SPDX-License-Identifier: MIT
/*
 * Strangers: clients that have connected and have not said HELLO.
 *
 *	accepted	-> greeted	a correct HELLO was found: no stranger any more
 *			-> sent away	its process or user has too many, or it is too old, or
 *					others need its descriptors
 *
 * A client of the library says HELLO before the server can have accepted it.  So a stranger
 * is a process that was stopped just then, or one that wants to keep descriptors busy.  A
 * stranger gets STRANGER_PATIENCE_NS.  A process may have STRANGERS_PER_PROCESS of them, and
 * a user STRANGERS_PER_USER.  If there are more, the oldest is sent away.  A stranger whose
 * packets wait for their turn (wait/budget.c) may have said HELLO, and is left alone.  A
 * stranger that is not read because its process or user has broken the protocol
 * (api/server_breaches.c) counts until it is read.
 *
 * A stranger that is sent away is told that descriptors are lacking, so that a client of the
 * library tries again (api/client_want.c).
 *
 * The kernel names the process that has connected.  Another process may have the socket now.
 * A process in another pid namespace, which has no number here, counts for its user alone.
 *
 * Invariant: server->strangers is the number of channels of which stranger is true.  If there
 * are some, the first is sent away at server->strangers_end at the latest.
 */
#include "api/server.h"

#include <errno.h>

#include "base/limits.h"
#include "os/clock.h"

void server_note_stranger(struct sluice_server *server, struct server_channel *channel)
{
	int64_t end = clock_now() + STRANGER_PATIENCE_NS;

	if (!server->strangers++ || end < server->strangers_end)
		server->strangers_end = end;
	channel->stranger = true;
	channel->stranger_end = end;
}

void server_forget_stranger(struct sluice_server *server, struct server_channel *channel)
{
	server->strangers -= channel->stranger;
	channel->stranger = false;
}

/* Closes it at once with all its descriptors, since nothing else refers to it. */
void server_send_stranger_away(struct sluice_server *server, struct server_channel *channel)
{
	channel_give_up(&channel->responder.channel, EMFILE);
	server_drop_channel(server, channel);
}

/* May it have said HELLO, and is it unread for another reason than a breach? */
static bool may_have_greeted(const struct server_channel *channel)
{
	return channel->responder.channel.turn.waiting && clock_now() >= channel->unread_until;
}

static bool is_same_user(const struct server_channel *channel, const struct ucred *user)
{
	return channel->responder.channel.user.uid == user->uid;
}

/* If a process or user has more than so many, its oldest is sent away. */
static void thin_out(struct sluice_server *server, const struct ucred *user, uint32_t most,
		     bool (*is_of)(const struct server_channel *channel, const struct ucred *user))
{
	struct server_channel *channel, *oldest = NULL;
	uint32_t count = 0;

	for (channel = server->newest; channel; channel = channel->older) {
		if (!channel->stranger || may_have_greeted(channel) || !is_of(channel, user))
			continue;
		count++;
		oldest = channel;
	}
	if (count > most)
		server_send_stranger_away(server, oldest);
}

void server_thin_out_strangers(struct sluice_server *server, struct server_channel *channel)
{
	struct ucred user;

	if (!channel->stranger || may_have_greeted(channel))
		return;
	user = channel->responder.channel.user;
	thin_out(server, &user, STRANGERS_PER_PROCESS, is_of_process);
	thin_out(server, &user, STRANGERS_PER_USER, is_same_user);
}

/* The oldest that does not wait for its turn; or NULL. */
static struct server_channel *oldest_of(const struct sluice_server *server)
{
	struct server_channel *channel, *oldest = NULL;

	for (channel = server->newest; channel; channel = channel->older)
		if (channel->stranger && !may_have_greeted(channel))
			oldest = channel;
	return oldest;
}

bool server_send_oldest_stranger_away(struct sluice_server *server)
{
	struct server_channel *oldest = server->strangers ? oldest_of(server) : NULL;

	if (oldest)
		server_send_stranger_away(server, oldest);
	return oldest;
}

void server_check_strangers(struct sluice_server *server)
{
	int64_t now = clock_now(), first = CLOCK_NEVER;
	struct server_channel *channel, *next;

	if (now < server->strangers_end)
		return;
	for (channel = server->newest; channel; channel = next) {
		next = channel->older;
		if (!channel->stranger)
			continue;
		if (may_have_greeted(channel))
			channel->stranger_end = now + STRANGER_PATIENCE_NS;
		if (now < channel->stranger_end)
			first = min_i64(first, channel->stranger_end);
		else
			server_send_stranger_away(server, channel);
	}
	server->strangers_end = first;
}

int64_t server_strangers_alarm(const struct sluice_server *server)
{
	return likely(!server->strangers) ? CLOCK_NEVER : server->strangers_end;
}
