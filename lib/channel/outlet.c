// SPDX-License-Identifier: MIT
/*
 * The sending half of a channel.
 *
 * An outlet sends slices of one pool to one peer.  It borrows the pool: several outlets may
 * send from the same one, as those of a client that has several servers do.  The outlet
 * remembers what its peer has been told of the segments of the pool, and reads the returns
 * of its peer.  The ring is given with each message, for a channel may have several.
 *
 *	outlet_send()	the peer has left, or is gone		-> -EPIPE, or why
 *			the ring is full, and no overflow	-> -ENOBUFS
 *			the segment is not known, or has grown	-> SEGMENT, by the socket
 *			there are descriptors			-> FDS, by the socket
 *			the ring is full			-> the oldest is taken back,
 *								   ops->took_back()
 *			ops->sending()				the probe
 *			the message enters the ring		R1
 *			the peer is rung			B2
 *	outlet_reap()	a number has come back (T2)		-> ops->returned()
 *
 * A pattern says by its ops what a number stands for: a slice of the pool, or an entry of a
 * table of its own.  It counts who holds a slice.
 *
 * Invariants:
 * (1) A message that names a segment, or a size of it, enters a ring only after the SEGMENT
 *     packet that tells of it was sent.
 * (2) RETIRE is sent for a segment only after it was destroyed, which is after the last of
 *     its slices came home; and before the next message.
 * (3) The descriptors of a message are sent before the message.
 *
 * A hostile peer can give back any number, and write anything into the stamps of a ring.
 * The pattern checks each number against what is out.  A false return, or a broken ring,
 * closes the channel.  What is in the rings of other channels does not change.
 */
#include "channel/outlet.h"

#include "trace/probes.h"

void outlet_init(struct outlet *outlet, struct channel *channel, struct pool *pool, bool overflows)
{
	*outlet = (struct outlet){
		.channel = channel,
		.pool = pool,
		.overflows = overflows,
	};
}

static int send_retire(struct channel *channel, uint32_t number)
{
	struct sluice_wire_retire packet = {
		.header = {
			.magic = SLUICE_WIRE_MAGIC,
			.version = SLUICE_PROTOCOL_VERSION,
			.type = SLUICE_WIRE_RETIRE,
		},
		.number = number,
	};

	return channel_send(channel, &packet, sizeof(packet), -1);
}

static int send_segment(struct outlet *outlet, uint32_t index)
{
	const struct segment *segment = &outlet->pool->segments[index];
	struct sluice_wire_segment packet = {
		.header = {
			.magic = SLUICE_WIRE_MAGIC,
			.version = SLUICE_PROTOCOL_VERSION,
			.type = SLUICE_WIRE_SEGMENT,
		},
		.number = segment->number,
		.size = segment->size,
		.window = segment->mapping.length,
	};
	int r;

	r = channel_send(outlet->channel, &packet, sizeof(packet), segment->fd);
	if (!r)
		outlet->told[index] = (struct outlet_told){
			.number = packet.number,
			.size = packet.size,
		};
	return r;
}

/* Tells of the segments that have been destroyed since the last time. */
static int tell_retired(struct outlet *outlet)
{
	const struct pool *pool = outlet->pool;
	struct outlet_told *told;
	uint32_t i;
	int r;

	for (i = 0; i < SLUICE_SEGMENTS_ALIVE; i++) {
		told = &outlet->told[i];
		if (!told->number || told->number == pool->segments[i].number)
			continue;
		r = send_retire(outlet->channel, told->number);
		if (r < 0)
			return r;
		*told = (struct outlet_told){ 0 };
	}
	outlet->told_frees = pool->frees;
	return 0;
}

/* Does the peer know all of a segment? */
static bool knows(const struct outlet *outlet, uint32_t index)
{
	const struct segment *segment = &outlet->pool->segments[index];
	const struct outlet_told *told = &outlet->told[index];

	return told->number == segment->number && told->size == segment->size;
}

/* Of a segment that has grown the peer may have been told enough before. */
static bool knows_slice(const struct outlet *outlet, const struct pool_slice *slice)
{
	const struct outlet_told *told = &outlet->told[slice->segment];

	return told->number == slice->segment_number &&
	       told->size >= slice->offset + slice->length;
}

/* If nothing is left to be told, no message has to look again before the pool changes. */
int outlet_tell_segments(struct outlet *outlet, const struct pool_slice *slice)
{
	const struct pool *pool = outlet->pool;
	uint32_t i;
	int r = 0;

	if (outlet->told_frees != pool->frees)
		r = tell_retired(outlet);
	if (!r && !knows_slice(outlet, slice))
		r = send_segment(outlet, slice->segment);
	if (r < 0)
		return r;
	for (i = 0; i < SLUICE_SEGMENTS_ALIVE; i++)
		if (pool->segments[i].number && !knows(outlet, i))
			return 0;
	outlet->told_changes = pool->changes;
	return 0;
}

int outlet_announce_all(struct outlet *outlet)
{
	const struct segment *segment = outlet->pool->segments;
	uint32_t i;
	int r = 0;

	for (i = 0; i < SLUICE_SEGMENTS_ALIVE && !r; i++, segment++)
		if (segment->number && !segment->retired && !outlet->told[i].number)
			r = send_segment(outlet, i);
	return r;
}

int outlet_send_attachment(struct outlet *outlet, struct attachment *attachment, uint32_t key,
			   uint64_t request, uint64_t position)
{
	attachment->key = key;
	attachment->request = request;
	attachment->position = position;
	return channel_send_attachment(outlet->channel, attachment);
}

/* Takes the oldest back.  0, -ENOBUFS or -EPROTO. */
static int take_oldest_back(struct outlet *outlet, const struct outlet_ops *ops,
			    struct ring_producer *ring, uint64_t request)
{
	uint32_t oldest;
	int r = ring_take_back(ring, &oldest);

	if (r > 0) {
		if (!ops->took_back(outlet, oldest, request))
			return -EPROTO;
		counter_add(&outlet->channel->counters->overflows, 1);
		/* What was bound to it may have shown a breach: then nobody gives this one back. */
		if (outlet->channel->gone)
			return -EPROTO;
	}
	return r < 0 ? r : ring_room(ring);
}

int outlet_make_room(struct outlet *outlet, const struct outlet_ops *ops,
		     struct ring_producer *ring, uint64_t request, int room)
{
	int r = room;

	if (r == -ENOBUFS && outlet->overflows)
		r = take_oldest_back(outlet, ops, ring, request);
	if (!r)
		return 0;
	ops->broken(outlet);
	return -EPROTO;
}

/* Before the peer can see it, so that whoever watches both ends sees it sent first. */
void outlet_tell_sent(const struct outlet *outlet, const struct ring_producer *ring,
		      uint64_t request, uint32_t slice, uint64_t bytes,
		      void (*tell)(uint64_t port, uint64_t peer, uint64_t request,
				    uint64_t slice, uint64_t bytes, uint64_t depth))
{
	const struct payload *payload = &outlet->pool->config.payload;

	tell(outlet->channel->port, outlet->channel->peer, request,
	     probe_address(pool_address(outlet->pool, slice) + payload->lead), bytes,
	     min_u64(ring_depth(ring) + 1, ring->capacity));
}
