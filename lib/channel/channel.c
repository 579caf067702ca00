// SPDX-License-Identifier: MIT
/*
 * Two processes, connected: the part that both ends have in common.  What one end sends goes
 * through its outlet (channel/outlet.c), what it receives comes through its inlet
 * (channel/inlet.c).  A pattern combines them: exchange/requester.c is the client's end of
 * request-response, exchange/responder.c the server's.  The doorbells are in
 * channel/channel_bell.c.
 *
 * A channel is a socket, and memory that holds the rings and the doorbells.  How large that
 * memory is, where the doorbells lie and what fresh memory begins with, the pattern says in
 * a struct channel_plan.
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
 * (1) The socket is read until it is empty before a hang-up counts.
 * (2) No other channel notices what a peer does to this one.
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
#include "os/page.h"
#include "os/pidfd.h"
#include "os/shortage.h"
#include "trace/probes.h"
#include "wait/payer.h"

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

void channel_end_in_order(struct channel *channel)
{
	flight_ended(&channel->wait->flights, &channel->flight);
	channel_end(channel);
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

void channel_forget_life(struct channel *channel)
{
	wait_forget(channel->wait, &channel->life);
	fd_close(channel->life.fd);
	channel->life.fd = -ENOSYS;
}

void channel_set_bells(struct channel *channel)
{
	channel->own_bell = channel_part(channel, channel->plan.own_bell);
	channel->peer_bell = channel_part(channel, channel->plan.peer_bell);
}

int channel_populate(struct channel *channel, uint64_t end)
{
	uint64_t from = channel->populated;
	int r;

	if (end <= from)
		return 0;
	end = min_u64(page_round(end), channel->memory.length);
	r = mapping_populate(&channel->memory, from, end - from, true);
	if (!r)
		channel->populated = end;
	return r;
}

void *channel_part(const struct channel *channel, uint64_t offset)
{
	return channel->memory.base + offset;
}

void channel_destroy(struct channel *channel)
{
	struct payer *payer = channel->turn.payer;

	/* It is this end that hangs up, and then the peer has time to read. */
	if (!channel->gone)
		flight_ended(&channel->wait->flights, &channel->flight);
	channel_close(channel, EPIPE);
	turn_peer_went(&channel->turn);
	channel->life.fd = fd_close(channel->life.fd);
	mapping_unmap(&channel->memory);
	channel->events->destroy(channel);
	payer_put(payer);
}

void channel_close(struct channel *channel, int reason)
{
	if (channel->gone)
		return;
	channel->gone = reason;
	channel->over = true;
	if (channel->own_bell)
		probe(channel_gone, channel->port, channel->peer, (uint64_t)reason);
	channel->starved = false;
	turn_forget(&channel->wait->turns, &channel->turn);
	turn_peer_went(&channel->turn);
	wait_forget(channel->wait, &channel->source);
	wait_forget(channel->wait, &channel->life);
	/* A poll that is still being cancelled must not keep the socket open. */
	shutdown(channel->source.fd, SHUT_RDWR);
	flight_leave(&channel->wait->flights, &channel->wait->turns, &channel->flight,
		     channel->source.fd, &channel->user);
	channel->source.fd = -1;
	channel->events->gone(channel);
}

void channel_give_up(struct channel *channel, int error)
{
	if (!channel->gone)
		channel->events->give_up(channel, error);
	/* That is not for what the peer has left unread. */
	if (!channel->gone)
		flight_ended(&channel->wait->flights, &channel->flight);
	channel_close(channel, error);
}

void channel_breach(struct channel *channel, const char *how)
{
	/*
	 * A peer that has gone may have left broken things behind.  But if its packets
	 * cannot be read because this end lacks something, that is no breach of the peer.
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
		/* The last packets of the peer tell whether it died. */
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

int channel_pidfd(const struct channel *channel)
{
	if (channel->life.fd < 0)
		return fail(channel->life.fd == -ESRCH ? ESRCH : ENOSYS,
			    "the kernel has no pidfd of the peer's process");
	return fd_disown(fd_duplicate(channel->life.fd));
}
