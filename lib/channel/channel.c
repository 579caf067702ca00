// SPDX-License-Identifier: MIT
/*
 * One client and one server, connected: the part that both ends have in common.
 * exchange/requester.c is the client's end, exchange/responder.c the server's, and
 * channel/channel_bell.c has the doorbells.
 *
 * A channel is a socket, the memory that holds the rings and doorbells, the peer's
 * segments that we have mapped, and what the peer has been told of ours.
 *
 *	state		entered by			what works
 *	greeting	channel_init()			sending, from the client's end
 *	open		handshake (channel/handshake.c)	everything
 *	leaving		GOODBYE from the peer		receiving; returns in both directions
 *	gone		channel_close(), hang-up	receiving what had been sent
 *
 * channel->gone says why: EPIPE the peer left in good order or we did, ECONNRESET it
 * died, EPROTO it broke the protocol, otherwise the reason of its REJECT.  Memory
 * and mappings stay until the last reference is put: messages that the application
 * holds keep one each.
 *
 * Invariants:
 * (1) A descriptor that names a segment, or a size of it, enters a ring only after
 *     the SEGMENT packet that tells of it has been sent.
 * (2) RETIRE is sent for a segment only after the last of its slices came home.
 * (3) The socket is read until it is empty before a descriptor that names something
 *     unknown is taken for a breach of the protocol, and before a hang-up counts.  If that
 *     takes several turns (wait/budget.c), the message stays in its ring until then.
 * (4) No other channel notices what a peer does to this one.
 * (5) Whoever has an address in the peer's memory holds its slice: channel_hold() is the
 *     only way to one.  So a RETIRE can be handled at any time.
 */
#include "channel/channel.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/limits.h"
#include "trace/counters.h"
#include "os/fd.h"
#include "os/fdpass.h"
#include "os/pidfd.h"
#include "os/shortage.h"
#include "trace/probes.h"

static void socket_ready(struct wait_source *source)
{
	(void)channel_drain(container_of(source, struct channel, source));
}

static void take_turn(struct turn *turn)
{
	(void)channel_drain(container_of(turn, struct channel, turn));
}

void channel_end(struct channel *channel)
{
	channel_get(channel);
	(void)channel_drain(channel);
	channel_close(channel, channel->leaving ? EPIPE : ECONNRESET);
	channel_put(channel);
}

/* The peer has died, even if somebody still holds its end of the socket. */
static void peer_ended(struct wait_source *life)
{
	struct channel *channel = container_of(life, struct channel, life);

	wait_forget(channel->wait, life);
	channel_drain_last(channel);
}

int channel_init(struct channel *channel, struct wait *wait, int fd,
		 const struct channel_plan *plan, const struct channel_events *events)
{
	int r;

	memset(channel, 0, sizeof(*channel));
	channel->wait = wait;
	channel->events = events;
	channel->plan = *plan;
	channel->references = 1;
	channel->turn.take = take_turn;
	channel->view.turns = &wait->turns;
	channel->source.ready = socket_ready;
	channel->source.woken = channel_woken;
	channel->source.fd = fd;
	channel->life.ready = peer_ended;
	channel->life.fd = pidfd_of_peer(fd);
	r = is_shortage(-channel->life.fd) ? fail_for_want(-channel->life.fd, "a pidfd of a peer") :
	    wait_watch(wait, &channel->source);
	if (!r && channel->life.fd >= 0)
		r = wait_watch(wait, &channel->life);
	return r;
}

void channel_notice_end(struct channel *channel)
{
	int fd = channel->life.fd;

	if (fd == -ESRCH || (fd >= 0 && pidfd_has_ended(fd)))
		peer_ended(&channel->life);
}

void channel_set_bells(struct channel *channel)
{
	channel->own_bell = channel_part(channel, channel->plan.own_bell);
	channel->peer_bell = channel_part(channel, channel->plan.peer_bell);
}

void *channel_part(const struct channel *channel, uint64_t offset)
{
	return channel->memory.base + offset;
}

struct channel *channel_get(struct channel *channel)
{
	channel->references++;
	return channel;
}

void channel_put(struct channel *channel)
{
	if (--channel->references)
		return;
	channel_close(channel, EPIPE);
	attachment_drop_all(&channel->attachments);
	channel->life.fd = fd_close(channel->life.fd);
	view_deinit(&channel->view);
	mapping_unmap(&channel->memory);
	channel->events->destroy(channel);
}

void channel_close(struct channel *channel, int reason)
{
	if (channel->gone)
		return;
	channel->gone = reason;
	if (channel->own_bell)
		probe(channel_gone, channel->port, channel->peer, (uint64_t)reason);
	channel->starved = false;
	turn_forget(&channel->wait->turns, &channel->turn);
	wait_forget(channel->wait, &channel->source);
	wait_forget(channel->wait, &channel->life);
	flight_ended(&channel->wait->flights, &channel->flight);
	/* A poll that is still being cancelled must not keep the socket open. */
	shutdown(channel->source.fd, SHUT_RDWR);
	channel->source.fd = fd_close(channel->source.fd);
	channel->events->gone(channel);
}

void channel_give_up(struct channel *channel, int error)
{
	if (!channel->gone)
		channel->events->give_up(channel, error);
	channel_close(channel, error);
}

void channel_breach(struct channel *channel, const char *how)
{
	/*
	 * Of one that has gone, what it left behind may be broken.  But what was lacking
	 * here, so that what it sent cannot be read, is no breach of its own.
	 */
	if (!channel->gone || channel->gone == EPIPE || channel->gone == ECONNRESET) {
		counter_add(&channel->counters->violations, 1);
		probe(protocol_violation, channel->port, channel->peer, probe_address(how));
	}
	channel_close(channel, EPROTO);
}

void channel_say_goodbye(struct channel *channel)
{
	struct sluice_wire_goodbye packet = {
		.header = {
			.magic = SLUICE_WIRE_MAGIC,
			.version = SLUICE_PROTOCOL_VERSION,
			.type = SLUICE_WIRE_GOODBYE,
		},
	};

	/* A peer so far behind that it takes no packet will take us for dead. */
	if (!channel->gone)
		(void)!fdpass_send(channel->source.fd, &packet, sizeof(packet), -1);
}

/* ---- What goes out ---- */

static int send_all(struct channel *channel, const void *packet, size_t size, const int *passed,
		    unsigned int count)
{
	int r;

	if (channel->gone)
		return -channel->gone;
	r = flight_check(&channel->wait->flights, &channel->flight, channel->source.fd, count);
	if (!r)
		r = fdpass_send_all(channel->source.fd, packet, size, passed, count);
	if (!r)
		flight_began(&channel->wait->flights, &channel->flight, count);
	if (!r || r == -EAGAIN)
		return r;
	if (r == -EPIPE || r == -ECONNRESET) {
		/* What the peer said before it went tells whether it died. */
		channel_drain_last(channel);
	} else {
		channel_give_up(channel, -r);
	}
	return channel->gone ? -channel->gone : -EAGAIN;
}

int channel_send(struct channel *channel, const void *packet, size_t size, int passed)
{
	return send_all(channel, packet, size, &passed, passed >= 0);
}

int channel_send_attachment(struct channel *channel, const struct attachment *attachment)
{
	struct sluice_wire_fds packet = {
		.header = {
			.magic = SLUICE_WIRE_MAGIC,
			.version = SLUICE_PROTOCOL_VERSION,
			.type = SLUICE_WIRE_FDS,
		},
		.request = attachment->request,
		.position = attachment->position,
		.delivery = attachment->key,
		.count = attachment->count,
	};

	return send_all(channel, &packet, sizeof(packet), attachment->fds, attachment->count);
}

struct attachment *channel_find_attachment(struct channel *channel, uint32_t key,
					   const struct ring_message *message)
{
	struct attachment *attachment;

	if (likely(!(message->flags & SLUICE_RING_FDS)))
		return NULL;
	attachment = attachment_find(&channel->attachments, key, message->request,
				     message->position);
	/* The message has its turn in the ring. */
	if (attachment)
		turn_refund(&channel->wait->turns, &channel->turn, PACKET_PAID_NS);
	return attachment;
}

int channel_pidfd(const struct channel *channel)
{
	if (channel->life.fd < 0)
		return fail(channel->life.fd == -ESRCH ? ESRCH : ENOSYS,
			    "the kernel has no pidfd of the peer's process");
	return fd_disown(fd_duplicate(channel->life.fd));
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

static int send_segment(struct channel *channel, const struct segment *segment,
			struct channel_told *told)
{
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

	r = channel_send(channel, &packet, sizeof(packet), segment->fd);
	if (!r)
		*told = (struct channel_told){ .number = packet.number, .size = packet.size };
	return r;
}

/* Tells of the segments that have been destroyed since the last time. */
static int tell_retired(struct channel *channel, const struct pool *pool)
{
	struct channel_told *told;
	uint32_t i;
	int r;

	for (i = 0; i < SLUICE_SEGMENTS_ALIVE; i++) {
		told = &channel->told[i];
		if (!told->number || told->number == pool->segments[i].number)
			continue;
		r = send_retire(channel, told->number);
		if (r < 0)
			return r;
		*told = (struct channel_told){ 0 };
	}
	channel->told_frees = pool->frees;
	return 0;
}

int channel_announce(struct channel *channel, const struct pool *pool, uint32_t slice)
{
	uint32_t index = pool_slice(pool, slice)->segment;
	const struct segment *segment = &pool->segments[index];
	struct channel_told *told = &channel->told[index];
	int r;

	if (unlikely(channel->told_frees != pool->frees)) {
		r = tell_retired(channel, pool);
		if (r < 0)
			return r;
	}
	if (likely(told->number == segment->number &&
		   told->size >= pool_slice(pool, slice)->offset + pool_slice(pool, slice)->length))
		return 0;
	return send_segment(channel, segment, told);
}

int channel_announce_all(struct channel *channel, const struct pool *pool)
{
	uint32_t i;
	int r = 0;

	for (i = 0; i < SLUICE_SEGMENTS_ALIVE && !r; i++)
		if (pool->segments[i].number && !pool->segments[i].retired &&
		    !channel->told[i].number)
			r = send_segment(channel, &pool->segments[i], &channel->told[i]);
	return r;
}

/* ---- Descriptors ---- */

/* Something is missing that the peer has sent before the message.  May it still come? */
static COLD bool may_come(struct channel *channel)
{
	channel->starved = !channel_drain(channel);
	return channel->starved;
}

/* Descriptors that are said to be with a message; those that never come, it goes without. */
static COLD bool attachment_may_come(struct channel *channel, uint32_t key,
				     const struct ring_message *message)
{
	if (attachment_is_there(channel->attachments, key, message->request,
				message->position))
		return false;
	return may_come(channel) && !attachment_is_there(channel->attachments, key,
							 message->request, message->position);
}

int channel_hold(struct channel *channel, const struct payload *payload, uint32_t key,
		 const struct ring_message *message, struct held_slice *ret_slice)
{
	const unsigned char *begin;
	bool waits = false;
	uint64_t length;
	int r;

	if (!payload_bytes(payload, message->count, &length) ||
	    (!payload->slice && message->count != 1) ||
	    message->offset < payload->lead ||
	    (message->offset - payload->lead) % payload->quantum)
		goto broken;
	r = view_hold(&channel->view, message->segment, message->offset - payload->lead,
		      length, &begin);
	if (r == -ENOENT) {
		waits = may_come(channel);
		r = view_hold(&channel->view, message->segment,
			      message->offset - payload->lead, length, &begin);
	}
	if (r >= 0 && unlikely(message->flags & SLUICE_RING_FDS) &&
	    attachment_may_come(channel, key, message)) {
		view_drop(&channel->view, (uint32_t)r);
		return -EAGAIN;
	}
	if (r < 0 && waits)
		return -EAGAIN;
	if (r < 0)
		goto broken;
	ret_slice->segment = (uint32_t)r;
	ret_slice->data = begin + payload->lead;
	ret_slice->header = payload->header ? begin : NULL;
	ret_slice->size = length - payload->lead;
	return 0;

broken:
	return fail(EPROTO, "the peer named %llu elements at %llu in segment %u, where there are none",
		    (unsigned long long)message->count, (unsigned long long)message->offset,
		    message->segment);
}

void channel_drop(struct channel *channel, uint32_t segment)
{
	view_drop(&channel->view, segment);
}
