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
 * A stranger is a debtor if it waits since its process has come and gone too often
 * (wait/payer.c).  It may have said HELLO, too.  There are max_clients of them at most: one
 * more is sent away.  When others need descriptors, debtors go after all other strangers that
 * can.
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
#include "wait/payer.h"

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

static bool is_debtor(const struct server_channel *channel)
{
	const struct turn *turn = &channel->responder.channel.turn;

	return channel->stranger && turn->waiting && turn_greeting_at(turn) > clock_now();
}

static bool is_silent(const struct server_channel *channel)
{
	return channel->stranger && !may_have_greeted(channel);
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
		if (!is_silent(channel) || !is_of(channel, user))
			continue;
		count++;
		oldest = channel;
	}
	if (count > most)
		server_send_stranger_away(server, oldest);
}

static uint32_t count_debtors(const struct sluice_server *server)
{
	const struct server_channel *channel;
	uint32_t count = 0;

	for (channel = server->newest; channel; channel = channel->older)
		count += is_debtor(channel);
	return count;
}

void server_thin_out_strangers(struct sluice_server *server, struct server_channel *channel)
{
	struct ucred user;

	if (is_debtor(channel) && count_debtors(server) > server->config.settings->max_clients) {
		server_send_stranger_away(server, channel);
		return;
	}
	if (!is_silent(channel))
		return;
	user = channel->responder.channel.user;
	thin_out(server, &user, STRANGERS_PER_PROCESS, is_of_process);
	thin_out(server, &user, STRANGERS_PER_USER, is_same_user);
}

static struct server_channel *oldest_of(const struct sluice_server *server,
					bool (*is)(const struct server_channel *channel))
{
	struct server_channel *channel, *oldest = NULL;

	for (channel = server->newest; channel; channel = channel->older)
		if (is(channel))
			oldest = channel;
	return oldest;
}

bool server_send_oldest_stranger_away(struct sluice_server *server)
{
	struct server_channel *oldest = NULL;

	if (server->strangers)
		oldest = oldest_of(server, is_silent);
	if (server->strangers && !oldest)
		oldest = oldest_of(server, is_debtor);
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
