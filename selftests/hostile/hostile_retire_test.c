// SPDX-License-Identifier: GPL-2.0-only
/*
 * A hostile peer (hostile.h) retires a segment of which it has just sent a slice, and says
 * of that message that descriptors come with it, so that the receiver reads its socket while
 * it receives the message.  What was received stays mapped until it is released, at the
 * server and at the client.
 */
#include "hostile.h"

#define LENGTH	(4 * 4096)
#define NUMBER	9
#define BYTE	0x5a

/* Tells of a segment that is full of one byte.  0 or -errno. */
static int send_segment(int socket, uint32_t number)
{
	const struct sluice_wire_segment packet = {
		.header = HEADER(SLUICE_WIRE_SEGMENT),
		.number = number,
		.size = LENGTH,
		.window = LENGTH,
	};
	static char bytes[LENGTH];
	int fd = memfd_create("hostile", MFD_CLOEXEC | MFD_ALLOW_SEALING), r;

	memset(bytes, BYTE, sizeof(bytes));
	if (fd < 0 || write(fd, bytes, LENGTH) != LENGTH ||
	    fcntl(fd, F_ADD_SEALS, (int)SLUICE_SEGMENT_SEALS))
		return -errno;
	r = fdpass_send(socket, &packet, sizeof(packet), fd);
	close(fd);
	return r;
}

static int send_retire(int socket, uint32_t number)
{
	const struct sluice_wire_retire packet = {
		.header = HEADER(SLUICE_WIRE_RETIRE),
		.number = number,
	};

	return fdpass_send(socket, &packet, sizeof(packet), -1);
}

static bool is_mapped(const struct view *view, uint32_t number)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(view->segments); i++)
		if (view->segments[i].number == number)
			return true;
	return false;
}

/* All of it, which ends the process if it is not mapped. */
static void expect_bytes(struct __test_metadata *_metadata, const struct held_slice *slice)
{
	uint64_t i, wrong = 0;

	EXPECT_EQ(LENGTH, slice->size);
	for (i = 0; i < slice->size; i++)
		wrong += slice->data[i] != BYTE;
	EXPECT_EQ(0, wrong);
}

static struct ring_message whole_segment(uint32_t number, uint32_t flags)
{
	return (struct ring_message){
		.request = 1000, .count = LENGTH, .segment = number, .flags = flags,
	};
}

/* ---- One after another ------------------------------------------------------ */

TEST_F(hostile, retired_while_a_request_is_received)
{
	struct ring_message message = whole_segment(NUMBER, SLUICE_RING_FDS);
	struct inlet_message found;
	struct channel *channel;
	int socket;

	let_in(_metadata, self);
	channel = &self->responder->channel;
	socket = self->requester->channel.source.fd;
	message.slice = channel->plan.keys - 1;
	ASSERT_EQ(0, send_segment(socket, NUMBER));
	channel_drain(channel);
	ASSERT_TRUE(is_mapped(&channel->inlet->view, NUMBER));
	ASSERT_EQ(0, ring_push(&self->requester->request_ring, &message));
	ASSERT_EQ(0, send_retire(socket, NUMBER));

	ASSERT_EQ(1, responder_receive(self->responder, &found));
	EXPECT_EQ(NULL, found.attachment);
	expect_bytes(_metadata, &found.slice);
	EXPECT_TRUE(is_mapped(&channel->inlet->view, NUMBER));
	EXPECT_EQ(0, channel->gone);
	inlet_drop(channel->inlet, found.slice.segment);
	EXPECT_FALSE(is_mapped(&channel->inlet->view, NUMBER));
	responder_finish(self->responder, found.in.slice, false, false);

	/* A retired segment cannot be named again. */
	message.request++;
	ASSERT_EQ(0, ring_push(&self->requester->request_ring, &message));
	EXPECT_EQ(-EAGAIN, take_blob(&self->server, 2, SLUICE_NOWAIT));
	throw_out(_metadata, self, "a request in a retired segment");
}

TEST_F(hostile, retired_while_a_response_is_received)
{
	struct ring_message message = whole_segment(NUMBER, SLUICE_RING_FDS);
	struct active_request *active;
	struct response_found found;
	struct request *pending;
	struct channel *channel;
	int socket;

	let_in(_metadata, self);
	channel = &self->requester->channel;
	socket = self->responder->channel.source.fd;
	active = container_of(self->server.active[0], struct active_request, head);
	pending = pending_of(self->bad.pending[0]);
	ASSERT_EQ(0, answer_blob(&self->server, 0, 10));
	ASSERT_EQ(10, hear_blob(&self->bad, 0, LONG));
	message.request = active->message.in.request;
	message.position = 1;
	message.slice = 7;
	ASSERT_EQ(0, send_segment(socket, NUMBER));
	channel_drain(channel);
	ASSERT_TRUE(is_mapped(&channel->inlet->view, NUMBER));
	ASSERT_EQ(0, ring_push(&self->responder->reply_rings[active->message.in.slice], &message));
	ASSERT_EQ(0, send_retire(socket, NUMBER));

	ASSERT_EQ(1, stream_receive(&pending->stream, &found));
	EXPECT_EQ(NULL, found.message.attachment);
	expect_bytes(_metadata, &found.message.slice);
	EXPECT_TRUE(is_mapped(&channel->inlet->view, NUMBER));
	EXPECT_EQ(0, channel->gone);
	inlet_drop(channel->inlet, found.message.slice.segment);
	EXPECT_FALSE(is_mapped(&channel->inlet->view, NUMBER));

	message.position++;
	ASSERT_EQ(0, ring_push(&self->responder->reply_rings[active->message.in.slice], &message));
	EXPECT_EQ(-EPROTO, hear_blob(&self->bad, 0, LONG));
	channel_put(&self->responder->channel);
}

/* ---- At the same time -------------------------------------------------------- */

#define ROUNDS	100

struct attack {
	int socket;
	struct ring_producer *ring;
	uint32_t delivery;
	uint32_t spins;			/* before it, so that it comes at any moment */
	bool retire_first;
};

static void *attack_now(void *argument)
{
	struct attack *attack = argument;
	struct ring_message message = whole_segment(NUMBER, SLUICE_RING_FDS);
	uint32_t i;

	message.slice = attack->delivery;
	for (i = 0; i < attack->spins; i++)
		__asm__ __volatile__("");
	if (attack->retire_first)
		(void)!send_retire(attack->socket, NUMBER);
	(void)!ring_push(attack->ring, &message);
	if (!attack->retire_first)
		(void)!send_retire(attack->socket, NUMBER);
	return NULL;
}

/* Receives what is in order, and reads it, until the client has sent all. */
static void serve_attack(struct __test_metadata *_metadata, FIXTURE_DATA(hostile) *self,
			 struct attack *attack)
{
	struct sluice_active_request *active;
	pthread_t thread;
	int looks;

	ASSERT_EQ(0, pthread_create(&thread, NULL, attack_now, attack));
	for (looks = 0; looks < 200 && !self->responder->channel.gone; looks++) {
		active = sluice_server_receive(self->server.server, SLUICE_NOWAIT);
		if (!active)
			continue;
		EXPECT_TRUE(active->size == LENGTH && *(const uint8_t *)active->data == BYTE &&
			    ((const uint8_t *)active->data)[LENGTH - 1] == BYTE);
		EXPECT_EQ(0, sluice_active_request_release(active));
	}
	ASSERT_EQ(0, pthread_join(thread, NULL));
}

/* The server receives after the end what was sent before it. */
static void receive_left(FIXTURE_DATA(hostile) *self)
{
	struct sluice_active_request *active;

	while ((active = sluice_server_receive(self->server.server, SLUICE_NOWAIT)))
		sluice_active_request_release(active);
}

TEST_F(hostile, retired_at_any_moment)
{
	struct attack attack;
	int fds = count_fds(), i;

	for (i = 0; i < ROUNDS; i++) {
		let_in(_metadata, self);
		attack = (struct attack){
			.socket = self->requester->channel.source.fd,
			.ring = &self->requester->request_ring,
			.delivery = self->responder->config->layout->deliveries - 1,
			.spins = (uint32_t)i * 100,
			.retire_first = i % 2,
		};
		ASSERT_EQ(0, send_segment(attack.socket, NUMBER));
		channel_drain(&self->responder->channel);
		serve_attack(_metadata, self, &attack);
		channel_close(&self->requester->channel, EPIPE);
		receive_left(self);
		let_out(self);
		receive_left(self);
	}
	EXPECT_EQ(fds, settled_fds(self));
}

TEST_HARNESS_MAIN
