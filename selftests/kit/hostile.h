/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A hostile peer has the rings, the memory and the socket of a channel, and writes there
 * what it likes.  It loses the channel with EPROTO, and nothing else happens: what the
 * application holds stays as it was, no descriptor is lost, and all other peers are served
 * as before.
 *
 * The peer is the library itself, with which these tests are linked: the tests make its
 * client say what no client says.  All ends are in one thread, so the order of events is
 * exact.
 */
#ifndef SELFTESTS_HOSTILE_H
#define SELFTESTS_HOSTILE_H

#include <poll.h>

/* The library has another struct of this name, within itself. */
#define root	library_root
#include "wait/payer.h"
#include "api/client.h"
#include "api/server.h"
#include "os/fdpass.h"
#include "os/memfd.h"
#undef root

#include "steps.h"

/* The beginning of a packet. */
#define HEADER(kind)	{ SLUICE_WIRE_MAGIC, SLUICE_PROTOCOL_VERSION, kind }

FIXTURE(hostile)
{
	struct root root;
	struct side server, good, bad;
	struct responder *responder;	/* the server's end of what is bad's */
	struct requester *requester;	/* bad's end */
	uint64_t violations;		/* that the server has counted before */
};

static const struct sluice_service_opts service = SLUICE_SERVICE_OPTS(
	.max_clients = 4, .max_loaned_replies_per_request = 4);
static const struct sluice_server_opts roomy = SLUICE_SERVER_OPTS(
	.port = { .initial_max_slice_len = 1 << 20 });

helper void receive_any(struct __test_metadata *_metadata, struct side *server)
{
	struct sluice_active_request *active;

	active = sluice_server_receive(server->server, LONG);
	EXPECT_NE(NULL, active) TH_LOG("%s", sluice_strerror());
	EXPECT_EQ(0, sluice_active_request_release(active));
}

FIXTURE_SETUP(hostile)
{
	root_make(_metadata, &self->root);
	ASSERT_EQ(0, open_service(&self->server, PTR(&blobs), PTR(&service)));
	ASSERT_EQ(0, open_server(&self->server, PTR(&roomy), 0));
	open_client_side(_metadata, &self->good, &blobs, NULL, 1);
	ASSERT_EQ(0, open_service(&self->bad, PTR(&blobs), 0));
	ASSERT_EQ(1, ask_blob(&self->good, 0, 10));
	ASSERT_EQ(10, take_blob(&self->server, 0, LONG));
	ASSERT_EQ(0, answer_blob(&self->server, 0, 10));
	ASSERT_EQ(0, done(&self->server, 0, 0));
	ASSERT_EQ(10, hear_blob(&self->good, 0, LONG));
	ASSERT_EQ(-EPIPE, hear_blob(&self->good, 0, LONG));
	ASSERT_EQ(0, cancel(&self->good, 0, 0));
}

FIXTURE_TEARDOWN(hostile)
{
	if (_metadata->exit_code == KSFT_PASS) {
		leave(&self->bad, 0, 0);
		leave(&self->good, 0, 0);
		leave(&self->server, 0, 0);
	}
	TEARDOWN_CHECKS(&self->root);
}

/* The next peer is in the same process, and must not wait because of earlier breaches. */
helper void forget_breaches(FIXTURE_DATA(hostile) *self)
{
	memset(self->server.server->breachers, 0, sizeof(self->server.server->breachers));
}

/* The good client asks for a number of bytes and has them; the server uses this slot. */
helper void serve_good(struct __test_metadata *_metadata, FIXTURE_DATA(hostile) *self,
		       long slot)
{
	EXPECT_EQ(1, ask_blob(&self->good, 0, 100));
	EXPECT_EQ(100, take_blob(&self->server, slot, LONG));
	EXPECT_EQ(0, answer_blob(&self->server, slot, 200));
	EXPECT_EQ(0, done(&self->server, slot, 0));
	EXPECT_EQ(200, hear_blob(&self->good, 0, LONG));
	EXPECT_EQ(0, cancel(&self->good, 0, 0));
}

/* Sockets of closed channels that peers have read or closed meanwhile (wait/flight.c). */
helper void close_read_ones(struct side *side)
{
	struct flights *flights = side->node ? &side->node->wait.flights : NULL;

	if (flights && flights->left_count)
		flights->turn.take(&flights->turn);
}

helper void settle(FIXTURE_DATA(hostile) *self)
{
	close_read_ones(&self->server);
	close_read_ones(&self->good);
	close_read_ones(&self->bad);
}

helper int settled_fds(FIXTURE_DATA(hostile) *self)
{
	settle(self);
	return count_fds();
}

/* A new hostile client, of which the server holds a request in slots 0 and 1. */
helper void let_in(struct __test_metadata *_metadata, FIXTURE_DATA(hostile) *self)
{
	forget_breaches(self);
	ASSERT_EQ(0, open_client(&self->bad, 0, 0));
	ASSERT_EQ(1, wait_servers(&self->bad, 1, LONG));
	ASSERT_EQ(1, ask_blob(&self->bad, 0, 10));
	ASSERT_EQ(1, ask_blob(&self->bad, 1, 11));
	ASSERT_EQ(10, take_blob(&self->server, 0, LONG));
	ASSERT_EQ(11, take_blob(&self->server, 1, LONG));
	self->responder = &self->server.server->current->responder;
	self->requester = &self->bad.client->channels[0]->requester;
	channel_get(&self->responder->channel);
	self->violations = self->server.server->entry.counters->violations;
}

/* Both ends release what let_in() has left, and the hostile client goes. */
helper void let_out(FIXTURE_DATA(hostile) *self)
{
	done(&self->server, 0, 0);
	done(&self->server, 1, 0);
	channel_put(&self->responder->channel);
	cancel(&self->bad, 0, 0);
	cancel(&self->bad, 1, 0);
	close_client(&self->bad, 0, 0);
}

/* The channel has ended with EPROTO, and the other client notices nothing. */
helper void throw_out(struct __test_metadata *_metadata, FIXTURE_DATA(hostile) *self,
		      const char *what)
{
	EXPECT_EQ(EPROTO, self->responder->channel.gone) TH_LOG("%s", what);
	EXPECT_EQ(self->violations + 1, self->server.server->entry.counters->violations)
		TH_LOG("%s", what);
	done(&self->server, 0, 0);
	done(&self->server, 1, 0);
	EXPECT_EQ(-EAGAIN, take_blob(&self->server, 2, SLUICE_NOWAIT))
		TH_LOG("%s", what);
	EXPECT_EQ(1, ask_blob(&self->good, 0, 100));
	EXPECT_EQ(100, take_blob(&self->server, 2, LONG)) TH_LOG("%s", what);
	EXPECT_EQ(0, answer_blob(&self->server, 2, 200));
	EXPECT_EQ(0, done(&self->server, 2, 0));
	EXPECT_EQ(200, hear_blob(&self->good, 0, LONG));
	EXPECT_EQ(-EPIPE, hear_blob(&self->good, 0, LONG));
	EXPECT_EQ(0, cancel(&self->good, 0, 0));
	let_out(self);
}

/* The budgets of a channel are as they were before anything was charged. */
helper void forgive(struct channel *channel)
{
	channel->turn.budget.due = 0;
	if (channel->turn.payer)
		channel->turn.payer->work.due = 0;
	channel->turn.at = 0;
	channel->wait->turns.budget.due = 0;
}

/* Reads all that is there, whatever it costs: these tests have no time to wait for turns. */
helper void drain_all(struct channel *channel)
{
	do {
		forgive(channel);
	} while (!channel_drain(channel));
}

/* A request that would be in order, with 10 bytes in the client's segment. */
helper struct ring_message honest(const struct requester *requester)
{
	return (struct ring_message){
		.request = 1000,
		.count = 10,
		.segment = requester->requests.pool->segments[0].number,
		.slice = requester->layout->deliveries - 1,
	};
}

/*
 * Has the client met a server?  It looks, without any pause but that of a process that comes and
 * goes more than a client has time for.
 */
helper bool has_met(struct side *side)
{
	client_look_for_servers(side->client);
	return side->client->count &&
	       !side->client->channels[side->client->count - 1]->requester.channel.gone;
}

/*
 * The connection that the client has made, taken in place of the server.  It comes behind those
 * that clients have made and given up before: a client looks for servers again on its own.
 */
helper int take_connection(FIXTURE_DATA(hostile) *self)
{
	struct pollfd polled;
	int fd;

	for (;;) {
		fd = accept4(self->server.server->listener.fd, NULL, NULL, SOCK_CLOEXEC);
		polled = (struct pollfd){ .fd = fd, .events = POLLRDHUP };
		if (fd < 0 || poll(&polled, 1, 0) <= 0)
			return fd;
		close(fd);
	}
}

/* The HELLO of a client, which the test receives in place of a server.  The memory of the channel. */
helper int receive_hello(struct __test_metadata *_metadata, int socket,
			 struct sluice_wire_hello *ret_hello)
{
	FDPASS_EXTRAS(extras);
	int memory;

	EXPECT_EQ(sizeof(*ret_hello), fdpass_receive(socket, ret_hello, sizeof(*ret_hello),
						     &extras));
	EXPECT_EQ(1, extras.count);
	memory = fcntl(extras.fds[0], F_DUPFD_CLOEXEC, 3);
	EXPECT_LE(0, memory);
	fdpass_close(&extras);
	return memory;
}

/* What is passed instead of a memfd that is in order; the last one is in order. */
enum { NOTHING, PIPE, ZERO, UNSEALED, HOLE, SHORT, LONGER, SEALED };

/*
 * A descriptor of this kind.  A memfd has so many bytes, and all but an unsealed one have
 * these seals.  -1 for NOTHING, and if the descriptor cannot be had.
 */
helper int passed_fd(int kind, size_t size, unsigned int seals)
{
	static const char bytes[4 * 4096];
	int fd, ends[2];

	if (kind == NOTHING)
		return -1;
	if (kind == ZERO)
		return open("/dev/zero", O_RDWR | O_CLOEXEC);
	if (kind == PIPE) {
		if (pipe2(ends, O_CLOEXEC))
			return -1;
		close(ends[1]);
		return ends[0];
	}
	fd = memfd_create_sealable("hostile");
	if (fd < 0 || size > sizeof(bytes) ||
	    (kind == HOLE ? ftruncate(fd, (off_t)size) :
			    write(fd, bytes, size) != (ssize_t)size))
		return -1;
	if (kind != UNSEALED && fcntl(fd, F_ADD_SEALS, (int)seals))
		return -1;
	return fd;
}

#endif /* SELFTESTS_HOSTILE_H */
