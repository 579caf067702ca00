// SPDX-License-Identifier: MIT
/*
 * Clients that have to wait before their HELLO is read: they have broken the protocol, or
 * the HELLOs of their process have used up its budget.
 *
 * A HELLO costs the server far more than a byte that breaks the protocol costs the client:
 * the channel's memory is mapped, sealed, populated and unmapped.  So after a breach a
 * connection of the same process is taken, but not read before a pause has passed.  The
 * pause grows with each breach up to RETRY_LONGEST_NS (wait/retry.c).
 *
 *	a breach		-> the process has an account, with a pause
 *	it connects meanwhile	-> the channel waits for its turn until the pause has passed
 *				   (wait/budget.c), as one of the strangers (server_strangers.c)
 *
 * A process may start another process for each breach.  So the first breach of a process
 * counts for its user too, and delays processes of that user that have no channel here, by
 * NEWCOMER_PAUSE_NS at most.  A process in another pid namespace, which has no number here,
 * has only the account of its user.
 *
 * A process that keeps the protocol, and comes and goes without an end, has a budget for that
 * (wait/payer.c).  When it is spent, the next connections of the process wait in the same way
 * until enough of it is paid.  They may have said HELLO, so none of them is sent away
 * meanwhile, unless there are too many of them (api/server_strangers.c).  They have broken
 * nothing, and the program is told another remark of them than of a breacher.
 *
 * The server keeps BREACHERS_KEPT accounts of breaches.  A new one replaces the account whose
 * pause ends first.
 *
 * No process is refused because of another one.  An honest newcomer of the same user is
 * served at most NEWCOMER_PAUSE_NS later, or tries again, if more than STRANGERS_PER_USER
 * connections wait.  A process that has the number of one that broke the protocol and has
 * ended waits for the rest of that pause, once.
 */
#include "api/server.h"

#include "base/limits.h"
#include "os/clock.h"
#include "wait/payer.h"

/* pid 0: the account of the user. */
static struct breacher *find(struct sluice_server *server, uid_t uid, pid_t pid)
{
	struct breacher *breacher;

	for (breacher = server->breachers; breacher < server->breachers + BREACHERS_KEPT;
	     breacher++)
		if (breacher->pause.pause && breacher->uid == uid && breacher->pid == pid)
			return breacher;
	return NULL;
}

static struct breacher *replace_oldest(struct sluice_server *server, uid_t uid, pid_t pid)
{
	struct breacher *oldest = server->breachers;
	uint32_t i;

	for (i = 1; i < BREACHERS_KEPT; i++)
		if (server->breachers[i].pause.at < oldest->pause.at)
			oldest = &server->breachers[i];
	*oldest = (struct breacher){ .uid = uid, .pid = pid };
	return oldest;
}

static void lengthen_pause(struct sluice_server *server, uid_t uid, pid_t pid)
{
	struct breacher *breacher = find(server, uid, pid);

	if (!breacher)
		breacher = replace_oldest(server, uid, pid);
	if (retry_is_due(&breacher->pause))
		retry_stop(&breacher->pause);
	retry_later(&breacher->pause);
}

void server_note_breach(struct sluice_server *server, const struct server_channel *channel)
{
	const struct ucred *user = &channel->responder.channel.user;

	if (!user->pid || !find(server, user->uid, user->pid))
		lengthen_pause(server, user->uid, 0);
	if (user->pid)
		lengthen_pause(server, user->uid, user->pid);
}

/* Has its process another channel here, without a breach? */
static bool is_known(const struct sluice_server *server, const struct ucred *user)
{
	const struct server_channel *other;

	for (other = server->newest; other; other = other->older)
		if (other->responder.channel.own_bell && !other->responder.channel.gone &&
		    is_of_process(other, user))
			return true;
	return false;
}

/* How long a connection of the process is left unread; that time may have passed. */
static int64_t end_of_pause(struct sluice_server *server, const struct ucred *user)
{
	struct breacher *breacher = user->pid ? find(server, user->uid, user->pid) : NULL;

	if (breacher)
		return breacher->pause.at;
	breacher = find(server, user->uid, 0);
	if (!breacher || is_known(server, user))
		return 0;
	return min_i64(breacher->pause.at, clock_now() + NEWCOMER_PAUSE_NS);
}

bool server_keeps_waiting(struct sluice_server *server, struct server_channel *channel)
{
	struct channel *common = &channel->responder.channel;
	int64_t until = end_of_pause(server, &common->user), now = clock_now();
	int64_t greeting = turn_greeting_at(&common->turn);
	bool breached = until > now;

	if (breached) {
		channel->unread_until = until;
		channel->stranger_end = until + STRANGER_PATIENCE_NS;
	}
	if (!breached && greeting <= now)
		return false;
	channel_pause(common, max_i64(until, greeting));
	if (breached)
		remark(server->service->node, SLUICE_REMARK_BREACHER_HELD_BACK,
		       server->service->contract.name, 0);
	else
		remark_held_back(&server->service->node->wait.turns, &common->turn);
	return true;
}
