// SPDX-License-Identifier: MIT
/*
 * Packets that come in on the socket of a channel (channel/channel.c).
 *
 * A packet is looked at by its type, with the descriptors that came with it.  Their owner
 * is a struct fdpass_extras: it closes what nobody has taken, on every way out.  SEGMENT,
 * RETIRE and FDS are for the inlet (channel/inlet.c).  The packets of the handshake, and
 * those that only one of the ends sends, are for the pattern (struct channel_events).
 *
 * All of it is the peer's word.  What is not as agreed, in kind, length or number of
 * descriptors, is a breach; a peer may say that it leaves, once.  Where something is lacking
 * here to take a packet, the channel cannot go on, for what the packet brought is lost; the
 * peer is told so before this end hangs up.
 *
 * The time that packets take is charged to the peer (wait/budget.c), and so is populating
 * the segments that it has told of.  When its budget is spent, and after a number of
 * packets, the socket is left alone until the channel has its next turn.  So packets
 * without an end are read, at the pace that the peer is entitled to; then its socket is
 * full.  A ring that the peer was asked for is not charged.
 */
#include "channel/inlet.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "os/clock.h"
#include "os/fdpass.h"
#include "wait/payer.h"

/* The largest packet there is; all others are shorter. */
union packet {
	struct sluice_wire_header header;
	struct sluice_wire_hello hello;
	struct sluice_wire_segment segment;
	struct sluice_wire_retire retire;
	struct sluice_wire_fds fds;
	struct sluice_wire_status status;
};

/* Something went wrong with what the peer has sent; a breach has a fresh sentence. */
static void close_for(struct channel *channel, int error)
{
	if (error == EPROTO)
		channel_breach(channel, error_sentence());
	else
		channel_give_up(channel, error);
}

/* A ring of the doorbell; one comes for each arming at most. */
static int take_ring(struct channel *channel)
{
	if (!channel->bytes_due)
		return fail(EPROTO, "the peer rang by the socket, and was not asked to");
	channel->bytes_due--;
	return 0;
}

static int take_goodbye(struct channel *channel, size_t size)
{
	if (size != sizeof(struct sluice_wire_goodbye))
		return fail(EPROTO, "the peer sent a GOODBYE of %zu bytes", size);
	if (channel->leaving)
		return fail(EPROTO, "the peer said GOODBYE twice");
	channel->leaving = true;
	channel->over = true;
	channel->events->leaving(channel);
	return 0;
}

static int take_packet(struct channel *channel, const union packet *packet, size_t size,
		       struct fdpass_extras *extras)
{
	int passed = fdpass_first(extras);

	if (extras->has_sender)
		channel->user = extras->sender;
	if (size == 1 && !extras->count)
		return take_ring(channel);
	if (size < sizeof(packet->header) || packet->header.magic != SLUICE_WIRE_MAGIC)
		return fail(EPROTO, "the peer sent a packet of %zu bytes that is none of ours",
			    size);
	/* Only a HELLO is understood in another version, and answered by a REJECT. */
	if (packet->header.type != SLUICE_WIRE_HELLO &&
	    (packet->header.version != SLUICE_PROTOCOL_VERSION || !channel->memory.base))
		return fail(EPROTO, "the peer sent a packet of type %u and version %u where it cannot be",
			    packet->header.type, packet->header.version);
	if (packet->header.type == SLUICE_WIRE_FDS && channel->inlet)
		return inlet_take_attachment(channel->inlet, &packet->fds, size, extras);
	if (extras->count > 1)
		return fail(EPROTO, "the peer sent %u descriptors with a packet of type %u",
			    extras->count, packet->header.type);
	if (packet->header.type == SLUICE_WIRE_SEGMENT && channel->inlet)
		return inlet_take_segment(channel->inlet, &packet->segment, size, passed);
	if (packet->header.type == SLUICE_WIRE_RETIRE && channel->inlet)
		return inlet_take_retire(channel->inlet, &packet->retire, size);
	if (packet->header.type == SLUICE_WIRE_GOODBYE)
		return take_goodbye(channel, size);
	return channel->events->packet(channel, packet, size, passed);
}

/*
 * The cost of a HELLO depends on the configuration of this end more than on the peer, and
 * the peer should not have to wait for it afterwards.  So it counts for all peers together,
 * and for further greetings of the process, if this peer does not stay (wait/payer.c).
 */
static int take_charged(struct channel *channel, const union packet *packet, size_t size,
			struct fdpass_extras *extras)
{
	struct turn *turn = channel->memory.base ? &channel->turn : NULL;
	int64_t begun, used;
	int r;

	if (size == 1)
		return take_packet(channel, packet, size, extras);
	begun = clock_thread();
	r = take_packet(channel, packet, size, extras);
	used = clock_thread() - begun + PACKET_NS;
	channel->spent = !turn_charge(&channel->wait->turns, turn, used);
	if (!turn)
		turn_charge_greeting(&channel->turn, used);
	return r;
}

/* One packet.  False when there is nothing more to read. */
static bool drain_one(struct channel *channel)
{
	FDPASS_EXTRAS(extras);
	union packet packet;
	int n, r;

	n = fdpass_receive(channel->source.fd, &packet, sizeof(packet), &extras);
	if (n == -EAGAIN)
		return false;
	/* The peer closed without having read everything; what it sent comes next. */
	if (n == -ECONNRESET)
		return true;
	if (n == 0) {
		channel_close(channel, channel->leaving ? EPIPE : ECONNRESET);
		return false;
	}
	if (n < 0) {
		close_for(channel, -n);
		return false;
	}
	r = take_charged(channel, &packet, (size_t)n, &extras);
	if (r < 0)
		close_for(channel, -r);
	return r >= 0;
}

/*
 * Is there something left to populate?  Where messages wait for that, a turn has all of its
 * steps, and the next turn comes so much later.
 */
static bool populate(struct channel *channel)
{
	struct view *view = channel->inlet ? &channel->inlet->view : NULL;
	unsigned int steps = 0;
	int64_t begun;
	int r = view != NULL;

	while (r > 0 && (!channel->spent || view->whole) && steps++ < POPULATE_TURNS_MAX) {
		begun = clock_thread();
		r = view_populate(view);
		if (r)
			channel->spent = !turn_charge(&channel->wait->turns, &channel->turn,
						      clock_thread() - begun);
	}
	if (r < 0)
		close_for(channel, -r);
	return r > 0;
}

/* Packets, as many as there may be in one turn.  Is the socket empty, or was it closed? */
static bool drain_some(struct channel *channel, unsigned int *ret_packets)
{
	unsigned int packets = 0;
	bool more = true;

	channel->spent = false;
	while (!channel->gone && !channel->spent && packets < DRAIN_PACKETS_MAX) {
		more = drain_one(channel);
		if (!more)
			break;
		packets++;
	}
	*ret_packets = packets;
	return channel->gone || !more;
}

/* The rest, if there is one, waits. */
static void end_turn(struct channel *channel, bool done)
{
	if (channel->gone)
		return;
	if (!done)
		turn_wait(&channel->wait->turns, &channel->turn);
	if (channel->muted == !done)
		return;
	channel->muted = !done;
	if (channel->muted)
		wait_mute(channel->wait, &channel->source);
	else
		wait_unmute(channel->wait, &channel->source);
}

bool channel_drain(struct channel *channel)
{
	bool starved = channel->starved, empty, done;
	unsigned int packets;

	if (channel->gone)
		return true;
	if (!turn_begin(&channel->wait->turns, &channel->turn))
		return false;
	channel_get(channel);
	channel->starved = false;
	empty = drain_some(channel, &packets);
	channel->last += channel->ended ? packets : 0;
	if (channel->ended && (empty || channel->last > DRAIN_LAST_MAX))
		channel_close(channel, channel->leaving ? EPIPE : ECONNRESET);
	done = channel->gone || (empty && !populate(channel)) || channel->gone;
	end_turn(channel, done);
	/* Any packet may stand for a ring that found the socket full. */
	if ((packets || starved) && !channel->gone)
		channel_wake(channel);
	channel_put(channel);
	return done;
}

void channel_pause(struct channel *channel, int64_t until)
{
	turn_wait_until(&channel->wait->turns, &channel->turn, until);
	channel->muted = true;
	wait_mute(channel->wait, &channel->source);
}

void channel_drain_last(struct channel *channel)
{
	channel->ended = true;
	(void)channel_drain(channel);
}
