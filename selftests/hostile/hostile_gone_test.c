// SPDX-License-Identifier: GPL-2.0-only
/*
 * A hostile peer (hostile.h) ends its channel at every moment that there is: before it says
 * HELLO, while the server takes its request, looks, goes to sleep, replies, or holds what it
 * has sent.  A hundred do so one after another, and the auditor (audit.h) finds nothing of
 * them, at the server and at the client.
 */
#include "hostile.h"

#include "holdings.h"

#include <sys/resource.h>

#include "registry/server_socket.h"
#include "os/fd.h"

#define PEERS	100

/* With what the tests have open, a server that keeps one descriptor of each has too few. */
#define FEW_PEERS	80
#define FEW_FDS		128

/* A client that was welcomed, of which nothing is held. */
static void come_in(struct __test_metadata *_metadata, FIXTURE_DATA(hostile) *self)
{
	forget_breaches(self);
	ASSERT_EQ(0, open_client(&self->bad, 0, 0));
	ASSERT_EQ(1, ask_blob(&self->bad, 0, 10));
	ASSERT_EQ(10, take_blob(&self->server, 0, LONG));
	ASSERT_EQ(0, done(&self->server, 0, 0));
	self->responder = &self->server.server->newest->responder;
	self->requester = &self->bad.client->channels[0]->requester;
}

/* The same, and the server holds a request of it in slot 1. */
static void come_in_and_ask(struct __test_metadata *_metadata, FIXTURE_DATA(hostile) *self)
{
	come_in(_metadata, self);
	ASSERT_EQ(1, ask_blob(&self->bad, 1, 11));
	ASSERT_EQ(11, take_blob(&self->server, 1, LONG));
}

/* Its process has gone too. */
static void go(FIXTURE_DATA(hostile) *self)
{
	cancel(&self->bad, 0, 0);
	cancel(&self->bad, 1, 0);
	cancel(&self->bad, 2, 0);
	close_client(&self->bad, 0, 0);
}

/* A request with a slice that there is not; one that is late is passed over unseen. */
static void send_forged(struct __test_metadata *_metadata, FIXTURE_DATA(hostile) *self,
			bool late)
{
	struct ring_message message = honest(self->requester);

	message.segment = 77;
	message.deadline = late;
	ASSERT_EQ(0, ring_push(&self->requester->request_ring, &message));
}

/* The server goes to sleep, and wakes for nothing. */
static void sleep_briefly(struct __test_metadata *_metadata, FIXTURE_DATA(hostile) *self)
{
	EXPECT_EQ(-ETIMEDOUT, take_blob(&self->server, 2, 2 * MILLISECOND));
}

static void no_hello(struct __test_metadata *_metadata, FIXTURE_DATA(hostile) *self)
{
	int fd = server_socket_connect(&self->server.service->dir,
				       self->server.server->entry.id);

	ASSERT_LE(0, fd);
	sleep_briefly(_metadata, self);
	fd_close(fd);
}

static void no_hello_but_nonsense(struct __test_metadata *_metadata, FIXTURE_DATA(hostile) *self)
{
	int fd = server_socket_connect(&self->server.service->dir,
				       self->server.server->entry.id);

	forget_breaches(self);
	ASSERT_LE(0, fd);
	/* A user has a limit of descriptors in flight, and those of other tests count. */
	ASSERT_TRUE(EVENTUALLY(fdpass_send(fd, "nonsense", 8, fd) != -EAGAIN));
	sleep_briefly(_metadata, self);
	fd_close(fd);
}

static void hangs_up(struct __test_metadata *_metadata, FIXTURE_DATA(hostile) *self)
{
	come_in(_metadata, self);
	channel_close(&self->requester->channel, EPIPE);
	go(self);
}

static void hangs_up_on_a_sleeper(struct __test_metadata *_metadata, FIXTURE_DATA(hostile) *self)
{
	come_in(_metadata, self);
	sleep_briefly(_metadata, self);
	channel_close(&self->requester->channel, EPIPE);
	sleep_briefly(_metadata, self);
	go(self);
}

static void breach_while_it_is_taken(struct __test_metadata *_metadata,
				     FIXTURE_DATA(hostile) *self)
{
	come_in(_metadata, self);
	send_forged(_metadata, self, false);
	EXPECT_EQ(-EAGAIN, take_blob(&self->server, 2, SLUICE_NOWAIT));
	go(self);
}

static void breach_while_it_is_looked_for(struct __test_metadata *_metadata,
					  FIXTURE_DATA(hostile) *self)
{
	come_in(_metadata, self);
	send_forged(_metadata, self, true);
	EXPECT_EQ(0, sluice_server_has_request(self->server.server));
	go(self);
}

/* The server finds, when it arms, what has come after its last attempt to receive. */
static void breach_before_sleep(struct __test_metadata *_metadata, FIXTURE_DATA(hostile) *self)
{
	struct port *port = &self->server.server->port;

	come_in(_metadata, self);
	send_forged(_metadata, self, true);
	EXPECT_EQ(0, port->ops->arm(port));
	EXPECT_EQ(EPROTO, self->responder->channel.gone);
	go(self);
}

/* The same with another channel that is polled, behind it in the circle and before it. */
static void breach_before_sleep_twice(struct __test_metadata *_metadata,
				      FIXTURE_DATA(hostile) *self)
{
	struct port *port = &self->server.server->port;

	come_in(_metadata, self);
	send_forged(_metadata, self, true);
	EXPECT_EQ(1, ask_blob(&self->good, 0, 10));
	EXPECT_EQ(10, take_blob(&self->server, 0, LONG));
	EXPECT_EQ(0, port->ops->arm(port));
	EXPECT_EQ(0, port->ops->arm(port));
	EXPECT_EQ(0, done(&self->server, 0, 0));
	EXPECT_EQ(0, cancel(&self->good, 0, 0));
	go(self);
}

static void breach_while_a_reply_is_sent(struct __test_metadata *_metadata,
					 FIXTURE_DATA(hostile) *self)
{
	come_in_and_ask(_metadata, self);
	returns_push(&self->requester->responses.returns, 5);
	EXPECT_GT(0, answer_blob(&self->server, 1, 16));
	EXPECT_EQ(EPROTO, self->responder->channel.gone);
	EXPECT_EQ(0, done(&self->server, 1, 0));
	go(self);
}

static void breach_while_requests_are_held(struct __test_metadata *_metadata,
					   FIXTURE_DATA(hostile) *self)
{
	come_in_and_ask(_metadata, self);
	ASSERT_EQ(1, ask_blob(&self->bad, 2, 12));
	ASSERT_EQ(12, take_blob(&self->server, 2, LONG));
	send_forged(_metadata, self, false);
	EXPECT_EQ(-ETIMEDOUT, take_blob(&self->server, 3, 2 * MILLISECOND));
	EXPECT_EQ(EPROTO, self->responder->channel.gone);
	go(self);
	EXPECT_EQ(0, done(&self->server, 1, 0));
	sleep_briefly(_metadata, self);
	EXPECT_EQ(0, done(&self->server, 2, 0));
}

static void leaves_requests_behind(struct __test_metadata *_metadata, FIXTURE_DATA(hostile) *self)
{
	come_in(_metadata, self);
	ASSERT_EQ(1, ask_blob(&self->bad, 1, 11));
	send_forged(_metadata, self, true);
	channel_close(&self->requester->channel, EPIPE);
	ASSERT_EQ(11, take_blob(&self->server, 1, LONG));
	EXPECT_EQ(0, done(&self->server, 1, 0));
	sleep_briefly(_metadata, self);
	go(self);
}

static const struct {
	const char *what;
	void (*end)(struct __test_metadata *_metadata, FIXTURE_DATA(hostile) *self);
} ways[] = {
	{ "no HELLO", no_hello },
	{ "nonsense for a HELLO", no_hello_but_nonsense },
	{ "hangs up", hangs_up },
	{ "hangs up on a sleeper", hangs_up_on_a_sleeper },
	{ "breach while it is taken", breach_while_it_is_taken },
	{ "breach while it is looked for", breach_while_it_is_looked_for },
	{ "breach before sleep", breach_before_sleep },
	{ "breach before sleep, twice", breach_before_sleep_twice },
	{ "breach while a reply is sent", breach_while_a_reply_is_sent },
	{ "breach while requests are held", breach_while_requests_are_held },
	{ "leaves requests behind", leaves_requests_behind },
};

static uint32_t count_listed(const struct sluice_server *server)
{
	const struct server_channel *channel;
	uint32_t count = 0;

	for (channel = server->newest; channel; channel = channel->older)
		count++;
	return count;
}

/*
 * Has the server so many channels, after a look?  What is to be done for one may wait for its
 * turn, so it looks more than once until it has.
 */
static bool lists(struct __test_metadata *_metadata, FIXTURE_DATA(hostile) *self,
		  uint32_t channels)
{
	EXPECT_EQ(-EAGAIN, take_blob(&self->server, 3, SLUICE_NOWAIT));
	return count_listed(self->server.server) == channels;
}

TEST_F_TIMEOUT(hostile, channels_that_have_gone_at_a_server, 120)
{
	struct audit before;
	size_t i;
	int n;

	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		/* Tables that grow do so with the first. */
		ways[i].end(_metadata, self);
		EXPECT_EQ(-EAGAIN, take_blob(&self->server, 3, SLUICE_NOWAIT));
		settle(self);
		before = audit_take();
		for (n = 0; n < PEERS; n++)
			ways[i].end(_metadata, self);
		EXPECT_TRUE(EVENTUALLY(lists(_metadata, self, 1))) TH_LOG("%s", ways[i].what);
		settle(self);
		audit_check(_metadata, &before, ways[i].what);
	}
}

/* All of them at once: none is forgotten, whatever circle it was in. */
TEST_F_TIMEOUT(hostile, channels_that_have_gone_together, 120)
{
	struct audit before = audit_take();
	int sockets[PEERS], i;

	for (i = 0; i < PEERS; i++) {
		sockets[i] = server_socket_connect(&self->server.service->dir,
						   self->server.server->entry.id);
		ASSERT_LE(0, sockets[i]);
	}
	/* The server keeps this many silent connections of a process; the others have ended. */
	EXPECT_TRUE(EVENTUALLY(lists(_metadata, self, STRANGERS_PER_PROCESS + 1)));
	for (i = 0; i < PEERS; i++)
		fd_close(sockets[i]);
	EXPECT_TRUE(EVENTUALLY(lists(_metadata, self, 1)));
	audit_check(_metadata, &before, "together");
}

/* All gone again, they have left a server that has descriptors for an honest client. */
TEST_F_TIMEOUT(hostile, few_descriptors_after_many_peers, 120)
{
	struct rlimit before, few;
	size_t i;
	int n;

	ASSERT_EQ(0, getrlimit(RLIMIT_NOFILE, &before));
	few = before;
	few.rlim_cur = FEW_FDS;
	ASSERT_GT(FEW_FDS, count_fds() + 20);
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &few));
	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		for (n = 0; n < FEW_PEERS; n++)
			ways[i].end(_metadata, self);
	}
	forget_breaches(self);
	EXPECT_EQ(0, open_client(&self->bad, 0, 0));
	EXPECT_EQ(1, ask_blob(&self->bad, 0, 20));
	EXPECT_EQ(20, take_blob(&self->server, 0, LONG));
	EXPECT_EQ(0, answer_blob(&self->server, 0, 30));
	EXPECT_EQ(0, done(&self->server, 0, 0));
	EXPECT_EQ(30, hear_blob(&self->bad, 0, LONG));
	go(self);
	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &before));
}

/* ---- A hostile server ------------------------------------------------------ */

/* It comes back, as another server would. */
static void connect_again(struct __test_metadata *_metadata, FIXTURE_DATA(hostile) *self)
{
	ASSERT_TRUE(EVENTUALLY(has_met(&self->bad)));
	ASSERT_EQ(1, ask_blob(&self->bad, 0, 10));
	ASSERT_EQ(10, take_blob(&self->server, 0, LONG));
	self->responder = &self->server.server->newest->responder;
	self->requester = &self->bad.client->channels[self->bad.client->count - 1]->requester;
	ASSERT_EQ(0, self->requester->channel.gone);
}

enum { HANG_UP, NONSENSE, RETURN, RESPONSE, HELD, SERVER_WAYS };

static const char *const server_ways[] = {
	[HANG_UP] = "hangs up", [NONSENSE] = "nonsense", [RETURN] = "a return",
	[RESPONSE] = "a response", [HELD] = "while a response is held",
};

static void end_as_server(struct __test_metadata *_metadata, FIXTURE_DATA(hostile) *self, int way)
{
	struct channel *channel = &self->responder->channel;

	switch (way) {
	case HANG_UP:
		channel_close(channel, EPIPE);
		break;
	case NONSENSE:
		ASSERT_EQ(0, fdpass_send(channel->source.fd, "nonsense", 8, -1));
		break;
	case RETURN:
		returns_push(&self->responder->requests.returns, 12345);
		/* A client reads returns before it loans a slice that is longer than a page. */
		ASSERT_EQ(0, ask_blob(&self->bad, 1, 8192));
		ASSERT_EQ(0, cancel(&self->bad, 1, 0));
		break;
	case RESPONSE:
		ASSERT_EQ(0, answer_blob(&self->server, 0, 10));
		container_of(self->server.active[0], struct active_request, head)->position = 0;
		ASSERT_EQ(0, answer_blob(&self->server, 0, 11));
		EXPECT_EQ(10, hear_blob(&self->bad, 0, LONG));
		break;
	case HELD:
		ASSERT_EQ(0, answer_blob(&self->server, 0, 10));
		self->bad.response[0] = sluice_pending_response_receive(self->bad.pending[0],
									LONG);
		ASSERT_NE(NULL, self->bad.response[0]);
		ASSERT_EQ(0, fdpass_send(channel->source.fd, "nonsense", 8, -1));
		break;
	}
}

TEST_F_TIMEOUT(hostile, channels_that_have_gone_at_a_client, 120)
{
	struct audit before = { 0 };
	int way, n;

	ASSERT_EQ(0, open_client(&self->bad, 0, 0));
	for (way = 0; way < SERVER_WAYS; way++) {
		for (n = 0; n <= PEERS; n++) {
			connect_again(_metadata, self);
			end_as_server(_metadata, self, way);
			EXPECT_GT(0, hear_blob(&self->bad, 0, LONG)) TH_LOG("%s", server_ways[way]);
			EXPECT_EQ(0, cancel(&self->bad, 0, 0));
			if (way == HELD)
				EXPECT_EQ(0, drop_response(&self->bad, 0, 0));
			EXPECT_EQ(0, done(&self->server, 0, 0));
			EXPECT_EQ(-EAGAIN, take_blob(&self->server, 1, SLUICE_NOWAIT));
			settle(self);
			if (!n)
				before = audit_take();
		}
		EXPECT_GE(1, self->bad.client->count) TH_LOG("%s", server_ways[way]);
		audit_check(_metadata, &before, server_ways[way]);
	}
	close_client(&self->bad, 0, 0);
}

TEST_HARNESS_MAIN
