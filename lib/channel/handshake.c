// SPDX-License-Identifier: MIT
/*
 * The exchange that turns a connected socket into a channel.
 *
 *	client					server
 *	------					------
 *	connect
 *	whose socket is it?
 *	HELLO, with the channel's memory
 *	requests may enter the ring		accept
 *						whose client is it?
 *						version, contract, a place, seals, size
 *						map, seal, look for holes;
 *						allocate what is wanted at once;
 *						WELCOME, with the page that says how
 *						busy the server is, or REJECT and hang up
 *	has it sealed the memory?
 *
 * The client does not wait: what it sends before the server has come round lies in
 * the ring and is served then, or ends with the reason of the REJECT.  A server that never
 * comes round costs the client a place in a ring for each request, as does one that says
 * WELCOME and takes nothing; max_servers limits both.
 *
 * A server that lacks descriptors or memory for the client says so by a REJECT, before
 * the WELCOME or at any time after it, and hangs up.  That is no verdict on the client,
 * which connects again after a pause.  So does one that has no place for a further client
 * (api/server_places.c), which it knows before it maps the memory; and one that cannot send
 * the WELCOME, since too many descriptors that its user has sent are not received yet
 * (wait/flight.c), or does not, since the client's process has not received what it was sent
 * on earlier channels.  If it cannot send the REJECT either, it serves the client without a
 * WELCOME, since a hang-up would say that it has died.
 *
 * A server believes of a HELLO only what it has compared with its own contract.  How the
 * memory is laid out the pattern says (struct channel_plan), and it follows from that
 * contract and not from the client.
 *
 * The memory is sealed in two steps.  The client seals its size, so that nobody can cut
 * it short.  Who has a descriptor could still make holes in it, which cost a fault and are
 * charged to who touches them next; F_SEAL_FUTURE_WRITE prevents that, but also that the
 * server maps the memory for writing.  So the server adds it, with F_SEAL_SEAL, once it has
 * mapped the memory, and looks for holes after that.  The client keeps a descriptor until
 * WELCOME, looks at the seals then, and populates the memory again.  Before, a hostile
 * server can have the client's accesses fault; each page was charged to the client already.
 *
 * The memory has a head, which is there from the start.  The rest is for responses, and a
 * client that sends no request does without.  The client populates it before it sends the
 * first request that needs it.  The server populates it too, before it uses it, so that a
 * shortage of memory is a failure of that call and not a fault.  If a hostile client has left
 * it out, it is charged to the server: at most the rest of one channel.
 *
 * A client refuses the server of another user, root excepted, unless it was told to trust
 * any.  It asks twice: whose socket it is, before it says anything; and who has sent
 * WELCOME, which may be another process.  A server does the same, unless the mode of the
 * service lets others in: then the kernel has looked at the mode of the socket when they
 * connected (registry/access.c).
 */
#include "channel/handshake.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <sluice/segment.h>

#include "base/error.h"
#include "base/limits.h"
#include "os/clock.h"
#include "os/fd.h"
#include "os/fdpass.h"
#include "os/memfd.h"
#include "os/socket.h"
#include "wait/payer.h"

static struct sluice_wire_header header_of(uint16_t type)
{
	return (struct sluice_wire_header){
		.magic = SLUICE_WIRE_MAGIC,
		.version = SLUICE_PROTOCOL_VERSION,
		.type = type,
	};
}

static int check_user(const struct channel *channel, const struct handshake *self,
		      const char *who)
{
	uid_t user = channel->user.uid;

	if (self->any_user)
		return 0;
	if (user != geteuid() && user != 0)
		return fail(EACCES, "the %s belongs to user %u, not to %u", who, user, geteuid());
	return 0;
}

/* So much of the memory is there from the start. */
static uint64_t at_first(const struct channel *channel)
{
	const struct channel_plan *plan = &channel->plan;

	return plan->residence == RESIDENCE_LAZY ? plan->head : plan->size;
}

/*
 * The file has its size, and memory for the part that is there from the start.  Where memory
 * cannot be allocated through a mapping later, all of it is.
 */
static int allocate(const struct channel *channel, int fd)
{
	uint64_t size = channel->plan.size;
	int r;

	if (!mapping_can_allocate())
		return memfd_allocate(fd, 0, size);
	r = memfd_allocate(fd, 0, at_first(channel));
	return r < 0 ? r : memfd_set_size(fd, size);
}

/* A descriptor of the channel's memory, which is mapped, formatted and sealed in size. */
static int make_memory(struct channel *channel)
{
	int fd, r;

	fd = memfd_create_sealable("sluice-channel");
	if (fd < 0)
		return fd;
	r = allocate(channel, fd);
	if (!r)
		r = mapping_map(&channel->memory, fd, channel->plan.size, true);
	if (!r)
		r = memfd_seal(fd, SLUICE_CHANNEL_SEALS);
	channel->memory.locked |= channel->plan.residence == RESIDENCE_LOCKED;
	if (!r)
		r = channel_populate(channel, at_first(channel));
	if (r < 0) {
		fd_close(fd);
		return r;
	}
	channel->plan.format(channel->memory.base, channel->plan.context);
	return fd;
}

static int say_hello(struct channel *channel, const struct handshake *self)
{
	struct sluice_wire_hello hello = {
		.header = header_of(SLUICE_WIRE_HELLO),
		.port = self->port,
		.node = self->node,
		.channel_size = channel->plan.size,
		.contract = *self->contract,
	};
	int fd, r;

	/* As of the time when it began to listen; the answer tells who it is then. */
	r = socket_peer(channel->source.fd, &channel->user);
	if (!r)
		turn_set_payer(&channel->wait->turns, &channel->turn, channel->user.pid,
			       channel->user.uid);
	if (!r)
		r = check_user(channel, self, "server");
	if (!r)
		r = socket_tell_sender(channel->source.fd, true);
	if (r < 0)
		return r;
	fd = make_memory(channel);
	if (fd < 0)
		return fd;
	r = fdpass_send(channel->source.fd, &hello, sizeof(hello), fd);
	/* Fresh as it is, the socket is not full. */
	if (r == -EAGAIN)
		r = -ENOBUFS;
	if (r < 0) {
		fd_close(fd);
		return fail(-r, "cannot greet a server: %s", strerror(-r));
	}
	flight_began(&channel->wait->flights, &channel->flight, 1);
	channel_set_bells(channel);
	return fd;
}

int handshake_hello(struct channel *channel, const struct handshake *self)
{
	int64_t begun = clock_thread();
	int fd = say_hello(channel, self);

	turn_charge_greeting(&channel->turn, clock_thread() - begun);
	return fd;
}

int handshake_check_sealed(const struct channel *channel, int memory)
{
	uint64_t size, inode;
	int r;

	r = memfd_verify(memory, SLUICE_CHANNEL_SEALS | SLUICE_CHANNEL_SEALS_MAPPED, &size,
			 &inode);
	if (r == -EPROTO)
		return fail(EPROTO, "a server said WELCOME and has not sealed the channel's memory");
	return r < 0 ? r : mapping_populate(&channel->memory, 0, channel->populated, true);
}

/* Maps memory, which has the right size, and sees to it that it stays as it is. */
static int map_and_seal(struct channel *channel, int passed, uint64_t size)
{
	int r;

	if (!memfd_is_writable(passed))
		return fail(EPROTO, "a client sent its channel's memory for reading only");
	r = mapping_map(&channel->memory, passed, size, true);
	if (!r)
		r = memfd_seal(passed, SLUICE_CHANNEL_SEALS_MAPPED);
	/* It has other seals. */
	if (r == -EPERM)
		return fail(EPROTO, "a client's channel cannot be mapped for writing and then sealed: %s",
			    strerror(-r));
	/* Only now: before, the client could make holes. */
	return r < 0 ? r : memfd_verify_populated(passed, 0, channel->plan.head);
}

int handshake_accept(struct channel *channel, const void *packet, int passed)
{
	const struct sluice_wire_hello *hello = packet;
	uint64_t size, inode;
	int r;

	r = memfd_verify(passed, SLUICE_CHANNEL_SEALS, &size, &inode);
	if (r < 0)
		return r;
	if (size != channel->plan.size || hello->channel_size != size)
		return fail(EPROTO, "a client's channel has %llu bytes, not %llu",
			    (unsigned long long)size, (unsigned long long)channel->plan.size);
	r = map_and_seal(channel, passed, size);
	channel->memory.locked |= channel->plan.residence == RESIDENCE_LOCKED;
	return r < 0 ? r : channel_populate(channel, at_first(channel));
}

int handshake_check(struct channel *channel, const struct handshake *self,
		    const void *packet, size_t size, int passed)
{
	const struct sluice_wire_hello *hello = packet;
	int r;

	if (hello->header.type != SLUICE_WIRE_HELLO || channel->memory.base)
		return fail(EPROTO, "a client sent a packet of type %u where it cannot be",
			    hello->header.type);
	if (hello->header.version != SLUICE_PROTOCOL_VERSION)
		return fail(EPROTONOSUPPORT, "a client speaks protocol version %u, not %u",
			    hello->header.version, SLUICE_PROTOCOL_VERSION);
	if (size != sizeof(*hello) || passed < 0)
		return fail(EPROTO, "a client sent a HELLO of %zu bytes", size);
	/* It is the client's word, and only ever told. */
	channel->peer = hello->port;
	channel->peer_node = hello->node;
	if (memcmp(&hello->contract, self->contract, sizeof(*self->contract)))
		return fail(EPROTOTYPE, "a client has another contract of service %s",
			    self->contract->name);
	r = socket_peer(channel->source.fd, &channel->user);
	if (!r)
		r = check_user(channel, self, "client");
	if (!r && flight_is_refused(&channel->wait->flights, &channel->user))
		r = fail(EMFILE, "a client cannot be welcomed: its process has not received what it was sent before");
	return r;
}

/* The shortage at the server, as far as a REJECT tells it. */
static bool is_want(uint32_t reason)
{
	return reason == ENOMEM || reason == EMFILE || reason == ENFILE || reason == EUSERS;
}

/* The errno that the program gets for it: a place has an errno of its own. */
static int told_for(uint32_t reason)
{
	return is_want(reason) && reason != EUSERS ? ECONNABORTED : (int)reason;
}

/* The errno of a REJECT, unless it would mean something else to the caller. */
static bool is_reason(uint32_t reason)
{
	return reason == EACCES || reason == EPROTO || reason == EPROTOTYPE ||
	       reason == EPROTONOSUPPORT || is_want(reason);
}

int handshake_welcome(struct channel *channel, const struct handshake *self)
{
	struct sluice_wire_welcome welcome = {
		.header = header_of(SLUICE_WIRE_WELCOME),
		.port = self->port,
		.node = self->node,
	};

	int r = fdpass_send(channel->source.fd, &welcome, sizeof(welcome), self->load_fd);

	/* Fresh as it is, the socket is not full. */
	if (r == -EAGAIN)
		return fail(EMFILE, "a client cannot be welcomed: too many descriptors of this user are on their way");
	/* The client may be gone already; what it sent before is served all the same. */
	if (!r)
		flight_began(&channel->wait->flights, &channel->flight, 1);
	return 0;
}

int handshake_reject(int fd, int error)
{
	uint32_t reason = (uint32_t)error;
	struct sluice_wire_reject reject = {
		.header = header_of(SLUICE_WIRE_REJECT),
		.reason = is_reason(reason) ? reason : ENOMEM,
	};

	return fdpass_send(fd, &reject, sizeof(reject), -1);
}

void handshake_turn_away(int fd)
{
	struct sluice_wire_goodbye goodbye = { .header = header_of(SLUICE_WIRE_GOODBYE) };

	(void)!fdpass_send(fd, &goodbye, sizeof(goodbye), -1);
}

int handshake_answer(struct channel *channel, const struct handshake *self,
		     const void *packet, size_t size, struct handshake_refusal *ret_refusal)
{
	const struct sluice_wire_header *header = packet;
	const struct sluice_wire_welcome *welcome = packet;
	const struct sluice_wire_reject *reject = packet;
	int r;

	if (header->type == SLUICE_WIRE_WELCOME && size == sizeof(*welcome)) {
		*ret_refusal = (struct handshake_refusal){ 0 };
		channel->peer_node = welcome->node;
		if (!channel->peer)
			channel->peer = welcome->port;
		r = check_user(channel, self, "server");
		return r < 0 ? r : socket_tell_sender(channel->source.fd, false);
	}
	if (header->type == SLUICE_WIRE_REJECT && size == sizeof(*reject) &&
	    is_reason(reject->reason)) {
		*ret_refusal = (struct handshake_refusal){
			.reason = told_for(reject->reason),
			.lacked = is_want(reject->reason) ? (int)reject->reason : 0,
		};
		return 0;
	}
	return fail(EPROTO, "a server sent a packet of type %u where it cannot be", header->type);
}
