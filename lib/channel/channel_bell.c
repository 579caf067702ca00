// SPDX-License-Identifier: MIT
/*
 * The doorbells of a channel: how one end sleeps on it, and rings the other.
 *
 *	hot	the end polls the rings, the peer need not ring
 *	armed	the bell says that we sleep, or soon will; a wait for it is queued
 *		(wait/wait.c), or the peer sends a byte
 *
 * An end is armed by channel_arm() and hot again with the first sign that it was rung:
 * the end of its wait, or the byte.  That sign comes for every ring, since a peer that
 * dies between changing the bell and waking us hangs up; so nobody has to look at the
 * bells of channels that were not named.
 *
 * The wait of a channel that became hot for another reason stays queued.  Its end may
 * then come late and wake a channel that is armed anew: that costs a look at the rings.
 *
 * Each wake is counted, until the peer is seen to have done something that it may have
 * rung for (channel_heard()).  That is, at either end: a message of the peer is taken, or
 * was withdrawn; a message of ours comes back; there is room where there was none.  An end
 * that is woken for one thing while it waits for another need not look at all of that each
 * time.  When the count is high, it does, in the function woken of its struct channel_events.
 *
 * A hostile peer can fail to ring, and so delay its own messages.  One that rings for
 * nothing VAIN_RINGS_MAX times in a row is not armed any more until it does something:
 * then we sleep for a short time only, and look, so that its rings wake nobody.  A byte on
 * the socket wakes us in any case; one that was not asked for, by an arming, is a breach.
 */
#include "channel/channel.h"
#include "os/clock.h"
#include "os/socket.h"
#include "trace/probes.h"

void channel_wake_peer(struct channel *channel, enum doorbell_wake wake)
{
	bool by_futex = wake == DOORBELL_FUTEX;

	if (channel->gone && !by_futex)
		return;
	probe(doorbell_ring, channel->port, channel->peer, by_futex ? 1 : 2);
	if (by_futex)
		wait_wake(channel->wait, &channel->peer_bell->word);
	else
		socket_nudge(channel->source.fd);
}

int channel_arm(struct channel *channel, uint32_t events)
{
	int r;

	if (channel->gone || !channel->own_bell || channel->armed == events)
		return 0;
	if (unlikely(channel_rings_in_vain(channel))) {
		wait_look_again(channel->wait, clock_now() + VAIN_PAUSE_NS);
		return 0;
	}
	channel->armed = events;
	probe(doorbell_arm, channel->port, channel->peer, events);
	if (!wait_by_futex(channel->wait)) {
		events |= SLUICE_DOORBELL_SOCKET;
		channel->bytes_due++;
	}
	r = wait_on_word(channel->wait, &channel->source, &channel->own_bell->word,
			 doorbell_arm(channel->own_bell, events));
	if (r < 0)
		channel_disarm(channel);
	return r;
}

void channel_disarm(struct channel *channel)
{
	if (!channel->armed)
		return;
	doorbell_disarm(channel->own_bell);
	channel->armed = 0;
}

void channel_wake(struct channel *channel)
{
	if (!channel->armed)
		return;
	probe(doorbell_wake, channel->port, channel->peer);
	channel_disarm(channel);
	channel->vain++;
	channel->events->woken(channel);
}

void channel_woken(struct wait_source *source)
{
	channel_wake(container_of(source, struct channel, source));
}
