// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a hostile peer (hostile.h) can say: returns and requests that are not what they
 * should be, packets that nobody sends, and a server's reasons.
 */
#include <sys/mman.h>

#include "hostile.h"

/* ---- Returns ------------------------------------------------------------- */

/* For a slice that is longer than a page the returns are read first. */
static void read_returns(struct sluice_active_request *active)
{
	sluice_reply_release(sluice_active_request_loan(active, 8192));
}

/* A reply to a client that has broken the protocol stays loaned until it is released. */
static void expect_loaned(struct __test_metadata *_metadata, struct sluice_reply *loan)
{
	int i;

	for (i = 0; i < 3; i++)
		EXPECT_FAILS_INT(EPROTO, sluice_reply_send(loan));
	EXPECT_SAYS("broken the protocol");
	memset(loan->data, 2, 16);
	EXPECT_EQ(0, sluice_reply_release(loan));
	EXPECT_FAILS_INT(EINVAL, sluice_reply_release(loan));
	EXPECT_FAILS_INT(EINVAL, sluice_reply_send(loan));
}

/* The application fills a reply slowly; its segment is about to be retired. */
TEST_F(hostile, return_of_a_reply_that_is_loaned)
{
	struct sluice_reply *loan;
	uint32_t number;
	int i;

	let_in(_metadata, self);
	loan = sluice_active_request_loan(self->server.active[0], 16);
	ASSERT_NE(NULL, loan);
	number = container_of(loan, struct reply, head)->slice;
	for (i = 0; i < 600; i++) {
		ASSERT_EQ(0, sluice_reply_release(sluice_active_request_loan(
				self->server.active[1], 16)));
	}
	ASSERT_LT(0, self->responder->pool.retired);
	returns_push(&self->requester->responses.returns, number);
	read_returns(self->server.active[1]);
	memset(loan->data, 1, 16);
	expect_loaned(_metadata, loan);
	throw_out(_metadata, self, "a reply that was loaned");
}

TEST_F(hostile, return_of_a_reply_twice)
{
	struct sluice_reply *loan;
	uint32_t number;

	let_in(_metadata, self);
	ASSERT_EQ(0, answer_blob(&self->server, 0, 16));
	self->bad.response[0] =
		sluice_pending_response_receive(self->bad.pending[0], LONG);
	ASSERT_NE(NULL, self->bad.response[0]);
	number = container_of(self->bad.response[0], struct response, head)->found.message.in.slice;
	inlet_give_back(&self->requester->responses, number, false);

	/* The first is in order; the second meets whoever has the number now. */
	read_returns(self->server.active[1]);
	loan = sluice_active_request_loan(self->server.active[0], 16);
	ASSERT_NE(NULL, loan);
	EXPECT_EQ(0, self->responder->channel.gone);
	EXPECT_EQ(number, container_of(loan, struct reply, head)->slice);
	EXPECT_EQ(0, drop_response(&self->bad, 0, 0));
	read_returns(self->server.active[1]);
	expect_loaned(_metadata, loan);
	throw_out(_metadata, self, "a reply that was returned before");
}

/* With the receive in the same call the request is released, and the reply is void. */
TEST_F(hostile, return_before_a_reply_and_the_next_receive)
{
	struct sluice_reply *loan;
	int sent = 0;

	let_in(_metadata, self);
	loan = sluice_active_request_loan(self->server.active[0], 16);
	ASSERT_NE(NULL, loan);
	returns_push(&self->requester->responses.returns,
		     container_of(loan, struct reply, head)->slice);
	read_returns(self->server.active[1]);
	EXPECT_FAILS(EAGAIN, sluice_reply_send_and_receive(loan, SLUICE_NOWAIT, &sent));
	EXPECT_EQ(-EPROTO, sent);
	EXPECT_FAILS_INT(EINVAL, sluice_active_request_release(self->server.active[0]));
	self->server.active[0] = NULL;
	EXPECT_FAILS_INT(EINVAL, sluice_reply_release(loan));
	throw_out(_metadata, self, "a reply that was loaned");
	EXPECT_FAILS_INT(EINVAL, sluice_reply_release(loan));
}

/* ---- Requests ------------------------------------------------------------ */

enum { HONEST, OFFSET, COUNT, REQUEST, SEGMENT, DELIVERY };

static const struct forgery {
	int part;
	uint64_t value;
} forgeries[] = {
	{ OFFSET, 1 }, { OFFSET, 4095 }, { OFFSET, 1 << 30 },
	{ OFFSET, UINT64_C(1) << 40 }, { OFFSET, UINT64_MAX - 63 },
	{ OFFSET, UINT64_MAX },
	{ COUNT, 1 << 30 }, { COUNT, UINT64_C(1) << 40 },
	{ COUNT, UINT64_C(1) << 63 }, { COUNT, UINT64_MAX },
	{ REQUEST, 0 }, { REQUEST, SLUICE_CHANNEL_REQUEST + 1 }, { REQUEST, UINT64_MAX },
	{ SEGMENT, 0 }, { SEGMENT, 77 }, { SEGMENT, UINT32_MAX },
	{ DELIVERY, 0 },		/* is held, for the first request */
	{ DELIVERY, 1 << 20 }, { DELIVERY, UINT32_MAX },
};

static struct ring_message forge(struct ring_message message,
				 const struct forgery *forgery)
{
	switch (forgery->part) {
	case OFFSET:
		message.offset = forgery->value;
		break;
	case COUNT:
		message.count = forgery->value;
		break;
	case REQUEST:
		message.request = forgery->value;
		break;
	case SEGMENT:
		message.segment = (uint32_t)forgery->value;
		break;
	case DELIVERY:
		message.slice = (uint32_t)forgery->value;
		break;
	}
	return message;
}

TEST_F(hostile, requests)
{
	struct ring_message message;
	char what[64];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(forgeries); i++) {
		let_in(_metadata, self);

		/* One in order is received, so it is not for anything else. */
		message = honest(self->requester);
		ASSERT_EQ(0, ring_push(&self->requester->request_ring, &message));
		receive_any(_metadata, &self->server);

		message = forge(honest(self->requester), &forgeries[i]);
		ASSERT_EQ(0, ring_push(&self->requester->request_ring, &message));
		EXPECT_EQ(-EAGAIN, take_blob(&self->server, 2, SLUICE_NOWAIT));
		snprintf(what, sizeof(what), "forgery %zu", i);
		throw_out(_metadata, self, what);
	}
}

/* It has hung up, and fills its ring again whenever something was taken. */
TEST_F(hostile, requests_without_end)
{
	uint64_t i, received = 0, slots;
	struct sluice_active_request *active;
	struct ring_message message;

	let_in(_metadata, self);
	slots = self->responder->config->layout->request_slots;
	message = honest(self->requester);
	ASSERT_EQ(0, ring_push(&self->requester->request_ring, &message));
	channel_close(&self->requester->channel, EPIPE);
	drain_all(&self->responder->channel);
	ASSERT_EQ(ECONNRESET, self->responder->channel.gone);
	for (i = 0; i < 100 * slots; i++) {
		active = sluice_server_receive(self->server.server, SLUICE_NOWAIT);
		received += active != NULL;
		sluice_active_request_release(active);
		message.request++;
		(void)!ring_push(&self->requester->request_ring, &message);
	}
	EXPECT_LE(1, received);
	EXPECT_GE(slots, received);
	self->responder->channel.gone = EPROTO;
	throw_out(_metadata, self, "requests without end");
}

/* ---- Packets ------------------------------------------------------------- */

#define LENGTH		(4 * 4096)

static const struct packet {
	const char *what;
	size_t size;
	int passed;
	struct sluice_wire_segment data;
} packets[] = {
	{ "short", 7, NOTHING, { .header = HEADER(SLUICE_WIRE_GOODBYE) } },
	{ "magic", 8, NOTHING, { .header = { 1, 1, SLUICE_WIRE_GOODBYE } } },
	{ "version", 8, NOTHING, { .header = { SLUICE_WIRE_MAGIC,
		SLUICE_PROTOCOL_VERSION + 1, SLUICE_WIRE_GOODBYE } } },
	{ "no type", 8, NOTHING, { .header = HEADER(99) } },
	{ "a second HELLO", 32, NOTHING, { .header = HEADER(SLUICE_WIRE_HELLO) } },
	{ "WELCOME", 24, NOTHING, { .header = HEADER(SLUICE_WIRE_WELCOME) } },
	{ "long GOODBYE", 16, NOTHING, { .header = HEADER(SLUICE_WIRE_GOODBYE) } },
	{ "RETIRE", 16, NOTHING, { HEADER(SLUICE_WIRE_RETIRE), .number = 9 } },
#define SEGMENT_OF(number, size, window) \
	sizeof(struct sluice_wire_segment), SEALED, \
	{ HEADER(SLUICE_WIRE_SEGMENT), number, 0, size, window }
	{ "number 0", SEGMENT_OF(0, LENGTH, LENGTH) },
	{ "no bytes", SEGMENT_OF(9, 0, LENGTH) },
	{ "half a page", SEGMENT_OF(9, 2048, LENGTH) },
	{ "longer than it is", SEGMENT_OF(9, 2 * LENGTH, 2 * LENGTH) },
	{ "longer than its window", SEGMENT_OF(9, LENGTH, 4096) },
	{ "window", SEGMENT_OF(9, LENGTH, UINT64_C(1) << 60) },
#define SEGMENT_BY(descriptor) \
	sizeof(struct sluice_wire_segment), descriptor, \
	{ HEADER(SLUICE_WIRE_SEGMENT), 9, 0, LENGTH, LENGTH }
	{ "no descriptor", SEGMENT_BY(NOTHING) },
	{ "unsealed", SEGMENT_BY(UNSEALED) },
	{ "hole", SEGMENT_BY(HOLE) },
	{ "pipe", SEGMENT_BY(PIPE) },
	{ "/dev/zero", SEGMENT_BY(ZERO) },
};

static const struct packet in_order = { "in order", SEGMENT_BY(SEALED) };

static void send_packet(struct __test_metadata *_metadata,
			FIXTURE_DATA(hostile) *self, const struct packet *packet)
{
	int fd = passed_fd(packet->passed, LENGTH, SLUICE_SEGMENT_SEALS);

	ASSERT_EQ(packet->passed == NOTHING, fd < 0);
	ASSERT_EQ(0, fdpass_send(self->requester->channel.source.fd, &packet->data,
				 packet->size, fd));
	if (fd >= 0)
		close(fd);
	drain_all(&self->responder->channel);
}

TEST_F(hostile, packets)
{
	int fds = count_fds();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(packets); i++) {
		let_in(_metadata, self);
		if (packets[i].passed == SEALED)
			ASSERT_EQ(0, self->responder->channel.gone);
		send_packet(_metadata, self, &packets[i]);
		throw_out(_metadata, self, packets[i].what);
		EXPECT_EQ(fds, settled_fds(self)) TH_LOG("%s", packets[i].what);
	}
	let_in(_metadata, self);
	send_packet(_metadata, self, &in_order);
	EXPECT_EQ(0, self->responder->channel.gone);
	send_packet(_metadata, self, &packets[0]);
	throw_out(_metadata, self, "nothing but the end");
	EXPECT_EQ(fds, settled_fds(self));
}

/* ---- A hostile server ---------------------------------------------------- */

/* A reason that would mean something else to the caller is none. */
TEST_F(hostile, reasons_of_a_reject)
{
	static const struct { uint32_t reason; long told; } rejects[] = {
		{ EACCES, -EACCES }, { EPROTOTYPE, -EPROTOTYPE },
		{ 0, -EPROTO }, { EAGAIN, -EPROTO }, { EPIPE, -EPROTO },
		{ ETIMEDOUT, -EPROTO }, { 5000, -EPROTO },
		{ INT32_MAX, -EPROTO }, { 1u << 31, -EPROTO },
		{ UINT32_MAX, -EPROTO },
	};
	struct sluice_wire_reject reject = { .header = HEADER(SLUICE_WIRE_REJECT) };
	size_t i;
	int fd;

	for (i = 0; i < ARRAY_SIZE(rejects); i++) {
		ASSERT_EQ(0, open_client(&self->bad, 0, 0));
		ASSERT_EQ(1, ask_blob(&self->bad, 0, 10));
		fd = take_connection(self);
		ASSERT_LE(0, fd);
		reject.reason = rejects[i].reason;
		ASSERT_EQ(0, fdpass_send(fd, &reject, sizeof(reject), -1));
		close(fd);
		EXPECT_EQ(rejects[i].told, hear_blob(&self->bad, 0, LONG))
			TH_LOG("%u: %s", reject.reason, sluice_strerror());
		EXPECT_EQ(0, cancel(&self->bad, 0, 0));
		close_client(&self->bad, 0, 0);
	}
}

TEST_HARNESS_MAIN
