// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a hostile peer (hostile.h) can say of ends of streams and of descriptors: a server's
 * word closed and its STATUS, responses behind the last, and packets with descriptors that
 * were not agreed, or that come without end.
 */
#include <sys/mman.h>

#include "hostile.h"

/* ---- A hostile server ------------------------------------------------------ */

/* The delivery of the client's first request, which the server holds. */
static uint32_t delivery_of(FIXTURE_DATA(hostile) *self)
{
	return container_of(self->server.active[0], struct active_request, head)->message.in.slice;
}

static uint64_t number_of(FIXTURE_DATA(hostile) *self)
{
	return container_of(self->server.active[0], struct active_request, head)->message.in.request;
}

/* The client has thrown the server out, and only on this channel. */
static void expect_breach(struct __test_metadata *_metadata, FIXTURE_DATA(hostile) *self)
{
	EXPECT_EQ(-EPROTO, hear_blob(&self->bad, 0, LONG));
	EXPECT_EQ(EPROTO, self->requester->channel.gone);
	EXPECT_EQ(1, self->bad.client->entry.counters->violations);
	channel_put(&self->responder->channel);
}

TEST_F(hostile, response_behind_the_last)
{
	struct sluice_response *response;
	struct sluice_reply *reply;

	let_in(_metadata, self);
	reply = sluice_active_request_loan(self->server.active[0], 10);
	ASSERT_NE(NULL, reply);
	ASSERT_EQ(0, sluice_reply_set_last(reply));
	ASSERT_EQ(0, sluice_reply_send(reply));
	container_of(self->server.active[0], struct active_request, head)->ended = false;
	ASSERT_EQ(0, answer_blob(&self->server, 0, 10));
	response = sluice_pending_response_receive(self->bad.pending[0], LONG);
	ASSERT_NE(NULL, response);
	EXPECT_EQ(0, sluice_response_release(response));
	expect_breach(_metadata, self);
}

static void send_status(struct __test_metadata *_metadata, FIXTURE_DATA(hostile) *self,
			size_t size, uint32_t delivery, uint64_t request)
{
	struct sluice_wire_status status = {
		.header = HEADER(SLUICE_WIRE_STATUS),
		.request = request,
		.delivery = delivery,
	};

	memset(status.text, 't', sizeof(status.text));
	ASSERT_EQ(0, fdpass_send(self->responder->channel.source.fd, &status, size, -1));
	drain_all(&self->requester->channel);
}

TEST_F(hostile, status_of_no_delivery)
{
	let_in(_metadata, self);
	send_status(_metadata, self, sizeof(struct sluice_wire_status), UINT32_MAX, 1);
	expect_breach(_metadata, self);
}

TEST_F(hostile, status_that_is_short)
{
	let_in(_metadata, self);
	send_status(_metadata, self, 100, delivery_of(self), number_of(self));
	expect_breach(_metadata, self);
}

/* The server sends ends of one request over and over; the last end is kept. */
TEST_F(hostile, status_without_end)
{
	struct sluice_status status = SLUICE_STATUS();
	uint64_t *closed;
	int i;

	let_in(_metadata, self);
	closed = &self->responder->words.closed[delivery_of(self)];
	for (i = 0; i < 1000; i++) {
		send_status(_metadata, self, sizeof(struct sluice_wire_status),
			    delivery_of(self), number_of(self) + (i % 2));
	}
	EXPECT_EQ(0, self->requester->channel.gone);
	EXPECT_EQ(-EAGAIN, hear_blob(&self->bad, 0, SLUICE_NOWAIT));
	__atomic_store_n(closed, number_of(self) | SLUICE_CHANNEL_TEXT |
			 UINT64_C(5) << SLUICE_CHANNEL_STATUS_SHIFT, __ATOMIC_SEQ_CST);
	EXPECT_EQ(-EREMOTEIO, hear_blob(&self->bad, 0, SLUICE_NOWAIT));
	EXPECT_EQ(1, sluice_pending_response_status(self->bad.pending[0], &status));
	EXPECT_EQ(5, status.code);
	EXPECT_EQ(SLUICE_STATUS_TEXT_MAX, strlen(status.text));
	channel_put(&self->responder->channel);
}

/* The word says that there is a text, or a status, and there is none. */
TEST_F(hostile, words_that_promise_too_much)
{
	struct sluice_status status = SLUICE_STATUS();
	uint64_t *closed;

	let_in(_metadata, self);
	closed = self->responder->words.closed;
	__atomic_store_n(&closed[delivery_of(self)], number_of(self) | SLUICE_CHANNEL_TEXT,
			 __ATOMIC_SEQ_CST);
	EXPECT_EQ(-EREMOTEIO, hear_blob(&self->bad, 0, LONG));
	EXPECT_EQ(1, sluice_pending_response_status(self->bad.pending[0], &status));
	EXPECT_EQ(EREMOTEIO, status.code);
	EXPECT_STREQ("", status.text);

	/* Nonsense is nothing, whatever bits it has. */
	__atomic_store_n(&closed[container_of(self->server.active[1], struct active_request,
					      head)->message.in.slice], UINT64_MAX, __ATOMIC_SEQ_CST);
	EXPECT_EQ(-EAGAIN, hear_blob(&self->bad, 1, SLUICE_NOWAIT));
	channel_put(&self->responder->channel);
}

/* ---- Descriptors ----------------------------------------------------------- */

static void send_fds(struct __test_metadata *_metadata, struct channel *from,
		     struct channel *to, const struct sluice_wire_fds *packet,
		     unsigned int count)
{
	int fds[SLUICE_WIRE_FDS_MAX];
	unsigned int i;

	for (i = 0; i < count; i++)
		fds[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	ASSERT_EQ(0, fdpass_send_all(from->source.fd, packet, sizeof(*packet), fds, count));
	for (i = 0; i < count; i++)
		close(fds[i]);
	drain_all(to);
}

TEST_F(hostile, descriptors_that_were_not_agreed)
{
	static const struct {
		const char *what;
		uint32_t delivery, count;
		unsigned int fds;
	} wrong[] = {
		{ "of a service without them", 5, 1, 1 },
		{ "none", 5, 0, 0 },
		{ "fewer than it says", 5, 2, 1 },
		{ "of no delivery", UINT32_MAX, 1, 1 },
		{ "as many as there can be", 5, SLUICE_WIRE_FDS_MAX, SLUICE_WIRE_FDS_MAX },
	};
	struct sluice_wire_fds packet = { .header = HEADER(SLUICE_WIRE_FDS), .request = 9 };
	int fds = count_fds();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		let_in(_metadata, self);
		/* But for the first, it would take two. */
		self->responder->channel.plan.max_fds = i ? 2 : 0;
		packet.delivery = wrong[i].delivery;
		packet.count = wrong[i].count;
		send_fds(_metadata, &self->requester->channel, &self->responder->channel,
			 &packet, wrong[i].fds);
		throw_out(_metadata, self, wrong[i].what);
		EXPECT_EQ(fds, settled_fds(self)) TH_LOG("%s", wrong[i].what);
	}
}

TEST_F(hostile, descriptors_with_a_packet_of_another_kind)
{
	struct sluice_wire_goodbye goodbye = { .header = HEADER(SLUICE_WIRE_GOODBYE) };
	int fds = count_fds(), passed[2];

	let_in(_metadata, self);
	passed[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	passed[1] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	ASSERT_EQ(0, fdpass_send_all(self->requester->channel.source.fd, &goodbye,
				     sizeof(goodbye), passed, 2));
	close(passed[0]);
	close(passed[1]);
	drain_all(&self->responder->channel);
	throw_out(_metadata, self, "descriptors with a GOODBYE");
	EXPECT_EQ(fds, settled_fds(self));
}

/* For messages that never come: of each delivery those of one message are kept. */
TEST_F(hostile, descriptors_without_end)
{
	struct sluice_wire_fds packet = {
		.header = HEADER(SLUICE_WIRE_FDS), .count = 2,
	};
	uint32_t deliveries;
	int before, fds = count_fds();

	let_in(_metadata, self);
	self->responder->channel.plan.max_fds = 2;
	deliveries = self->responder->config->layout->deliveries;
	before = count_fds();
	for (packet.request = 0; packet.request < 1000; packet.request++) {
		packet.delivery = (uint32_t)(packet.request % deliveries);
		send_fds(_metadata, &self->requester->channel, &self->responder->channel,
			 &packet, 2);
	}
	EXPECT_EQ(0, self->responder->channel.gone);
	EXPECT_EQ(before + 2 * (int)deliveries, count_fds());
	packet.count = 3;
	send_fds(_metadata, &self->requester->channel, &self->responder->channel, &packet, 3);
	throw_out(_metadata, self, "descriptors without end");
	EXPECT_EQ(fds, settled_fds(self));
}

TEST_HARNESS_MAIN
