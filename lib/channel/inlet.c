// SPDX-License-Identifier: MIT
/*
 * The receiving half of a channel.
 *
 * An inlet takes messages out of the rings that its peer fills, finds the slices that they
 * name in the peer's segments, and gives numbers back to the peer.  The ring is given with
 * each call, for a channel may have several.
 *
 *	in the ring	inlet_look()	R2	looked at; the peer may still take it back
 *	looked at	inlet_hold()		its slice is checked, and held
 *			ring_claim()	R4	claimed; or it was taken back, and is let go of
 *	claimed		ops->admit()		taken, with its descriptors; or a breach
 *	taken		inlet_drop()		the slice is let go of
 *			inlet_give_back() T1	the peer may use it again
 *
 * The socket brings what a message needs before the message: segments, and descriptors.  A
 * message that names something unknown has the inlet read the socket.  If that takes several
 * turns (wait/budget.c), the message stays in its ring until then.
 *
 * Invariants:
 * (1) Whoever has an address in the peer's memory holds its slice: inlet_hold() is the only
 *     way to one.  So a RETIRE can be handled at any time.
 * (2) The socket was read until it was empty before something unknown counts as a breach.
 * (3) A slice that was held for a message which could not be claimed is let go of.
 *
 * A hostile peer can name any slice.  It is checked against what the peer has shown of its
 * segments, in a copy of the message that the peer cannot change.  It can send descriptors
 * for messages that never come; the plan of the channel bounds how many are kept.
 */
#include "channel/inlet.h"

#include "base/limits.h"
#include "os/fdpass.h"

void inlet_init(struct inlet *inlet, struct channel *channel, const struct payload *payload,
		bool tells_room)
{
	*inlet = (struct inlet){
		.channel = channel,
		.payload = payload,
		.view = {
			.turns = &channel->wait->turns,
			.turn = &channel->turn,
			.locked = channel->plan.residence == RESIDENCE_LOCKED,
			.whole = channel->plan.residence != RESIDENCE_LAZY,
		},
		.tells_room = tells_room,
	};
	inlet->view.recent = inlet->view.segments;
	channel->inlet = inlet;
}

void inlet_deinit(struct inlet *inlet)
{
	attachment_drop_all(&inlet->attachments);
	view_deinit(&inlet->view);
}

/* ---- What comes by the socket ---- */

int inlet_take_segment(struct inlet *inlet, const struct sluice_wire_segment *packet, size_t size,
		       int passed)
{
	if (size != sizeof(*packet) || passed < 0)
		return fail(EPROTO, "the peer sent a SEGMENT of %zu bytes", size);
	return view_accept(&inlet->view, packet, passed);
}

int inlet_take_retire(struct inlet *inlet, const struct sluice_wire_retire *packet, size_t size)
{
	if (size != sizeof(*packet))
		return fail(EPROTO, "the peer sent a RETIRE of %zu bytes", size);
	return view_retire(&inlet->view, packet->number);
}

int inlet_take_attachment(struct inlet *inlet, const struct sluice_wire_fds *packet, size_t size,
			  struct fdpass_extras *extras)
{
	const struct channel_plan *plan = &inlet->channel->plan;
	struct attachment attachment = {
		.request = packet->request,
		.position = packet->position,
		.key = packet->delivery,
		.count = packet->count,
	};

	if (size != sizeof(*packet) || !attachment.count || attachment.count != extras->count ||
	    attachment.count > plan->max_fds || attachment.key >= plan->keys)
		return fail(EPROTO,
			    "the peer sent %u descriptors of key %u in a packet of %zu bytes, and max_fds is %u",
			    extras->count, attachment.key, size, plan->max_fds);
	return attachment_store(&inlet->attachments, &attachment, extras, plan->attachments_each);
}

/* ---- What a message names ---- */

/* Something is missing that the peer has sent before the message.  May it still come? */
static COLD bool may_come(struct inlet *inlet)
{
	struct channel *channel = inlet->channel;

	channel->starved = !channel_drain(channel);
	return channel->starved;
}

void inlet_names_nothing(uint64_t count, uint64_t offset, uint32_t segment)
{
	fail(EPROTO, "the peer named %llu elements at %llu in segment %u, where there are none",
	     (unsigned long long)count, (unsigned long long)offset, segment);
}

int inlet_hold_later(struct inlet *inlet, uint32_t number, uint64_t offset, uint64_t length,
		     uint64_t count, struct view_segment **ret_segment)
{
	bool waits = may_come(inlet);
	struct view_segment *segment = view_hold(&inlet->view, number, offset, length);

	if (segment) {
		*ret_segment = segment;
		return 0;
	}
	if (waits)
		return -EAGAIN;
	inlet_names_nothing(count, offset + inlet->payload->lead, number);
	return -EPROTO;
}

static bool is_there(const struct inlet *inlet, uint32_t key, uint64_t request,
		     uint64_t position)
{
	return attachment_is_there(inlet->attachments, key, request, position);
}

/* A message whose descriptors never come goes without them. */
bool inlet_attachment_may_come(struct inlet *inlet, uint32_t key, uint64_t request,
			       uint64_t position)
{
	return !is_there(inlet, key, request, position) && may_come(inlet) &&
	       !is_there(inlet, key, request, position);
}

struct attachment *inlet_find_attachment(struct inlet *inlet, uint32_t key, uint64_t request,
					 uint64_t position)
{
	struct attachment *attachment = attachment_find(&inlet->attachments, key, request, position);

	/* The message has its turn in the ring. */
	if (attachment)
		turn_refund(&inlet->channel->wait->turns, &inlet->channel->turn, PACKET_PAID_NS);
	return attachment;
}

/* ---- The ring ---- */

int inlet_receive_next(struct inlet *inlet, const struct inlet_ops *ops,
		       struct ring_consumer *ring, struct inlet_message *ret_message)
{
	uint64_t looks = ring->mask + 1;
	int r;

	do {
		r = inlet_look(inlet, ops, ring, &ret_message->in);
		if (r <= 0)
			return r;
		r = inlet_claim(inlet, ops, ring, ret_message);
	} while (!r && --looks);
	return r;
}
