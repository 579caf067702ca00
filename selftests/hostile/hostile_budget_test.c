// SPDX-License-Identifier: GPL-2.0-only
/*
 * How much work a hostile peer (hostile.h) can order at once by packets: segments that are
 * mapped, populated and unmapped, and packets themselves.  What is more than its budget
 * waits, and so do its own messages that need it.
 */
#include "hostile.h"

#include "base/limits.h"
#include "os/clock.h"

#define MIB	(UINT64_C(1) << 20)

/* A segment's memory, all of it written; the same can be announced again and again. */
static int make_memory(uint64_t size)
{
	static const char page[4096] = "hostile";
	int fd = memfd_create_sealable("hostile");
	uint64_t offset;

	for (offset = 0; offset < size; offset += sizeof(page))
		if (write(fd, page, sizeof(page)) != sizeof(page))
			return -1;
	return memfd_seal(fd, SLUICE_SEGMENT_SEALS) < 0 ? -1 : fd;
}

static int send_segment(int fd, uint32_t number, uint64_t size, int passed)
{
	struct sluice_wire_segment packet = {
		.header = HEADER(SLUICE_WIRE_SEGMENT),
		.number = number,
		.size = size,
		.window = size,
	};

	return fdpass_send(fd, &packet, sizeof(packet), passed);
}

static int send_retire(int fd, uint32_t number)
{
	struct sluice_wire_retire packet = {
		.header = HEADER(SLUICE_WIRE_RETIRE),
		.number = number,
	};

	return fdpass_send(fd, &packet, sizeof(packet), -1);
}

/* As many pairs as its socket takes, from a number on. */
static uint32_t send_pairs(int fd, uint32_t first, uint64_t size, int passed)
{
	uint32_t number = first;

	while (!send_segment(fd, number, size, passed) && !send_retire(fd, number))
		number++;
	return number - first;
}

static uint64_t populated(const struct channel *channel)
{
	uint64_t sum = 0;
	uint32_t i;

	for (i = 0; i < SLUICE_SEGMENTS_ALIVE; i++)
		sum += channel->inlet->view.segments[i].number ? channel->inlet->view.segments[i].populated : 0;
	return sum;
}

/* Packets that are still in a socket, which nobody needs any more. */
static unsigned int count_unread(const struct channel *channel)
{
	unsigned int count = 0;
	char bytes[1024];

	while (recv(channel->source.fd, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		count++;
	return count;
}

/* The peer has had so much of the victim's time that it waits for half a second or more. */
static void use_up_turn(struct channel *channel)
{
	int i;

	for (i = 0; i < 5; i++)
		(void)!turn_charge(&channel->wait->turns, &channel->turn, TURN_CHARGE_MAX_NS);
}

static void end(FIXTURE_DATA(hostile) *self)
{
	channel_close(&self->responder->channel, EPIPE);
	let_out(self);
}

/* ---- One look ----------------------------------------------------------------- */

TEST_F(hostile, one_look_populates_a_bounded_part)
{
	struct channel *channel;
	int memory = make_memory(256 * MIB);
	uint64_t before, last;
	int looks;

	ASSERT_LE(0, memory);
	let_in(_metadata, self);
	channel = &self->responder->channel;
	before = populated(channel);
	ASSERT_EQ(0, send_segment(self->requester->channel.source.fd, 1000, 256 * MIB, memory));
	for (looks = 0; populated(channel) < 256 * MIB && looks < 1000; looks++) {
		forgive(channel);
		last = populated(channel);
		(void)channel_drain(channel);
		EXPECT_GE(POPULATE_TURNS_MAX * POPULATE_TURN, populated(channel) - last);
	}
	EXPECT_LE(256 / 64, looks);
	EXPECT_LE(before + 256 * MIB, populated(channel));
	close(memory);
	end(self);
}

/* The victim reads nothing of a peer that has used up its budget, until that is paid for. */
TEST_F(hostile, packets_wait_when_the_budget_is_spent)
{
	struct channel *channel;
	unsigned int unread;
	uint32_t pairs;
	int memory = make_memory(64 * MIB);

	ASSERT_LE(0, memory);
	let_in(_metadata, self);
	channel = &self->responder->channel;
	pairs = send_pairs(self->requester->channel.source.fd, 1000, 64 * MIB, memory);
	ASSERT_LT(20, pairs);
	use_up_turn(channel);
	EXPECT_FALSE(channel_drain(channel));
	EXPECT_EQ(0, channel->gone);
	EXPECT_TRUE(channel->turn.waiting);
	EXPECT_FALSE(channel_drain(channel));
	/* One packet was read before it was found to be too much. */
	unread = count_unread(channel);
	EXPECT_LE(2 * pairs - 2, unread);
	close(memory);
	end(self);
}

TEST_F(hostile, one_look_reads_a_bounded_number_of_packets)
{
	struct channel *channel;
	uint32_t number = 1000;
	int i, memory = make_memory(4096);

	ASSERT_LE(0, memory);
	let_in(_metadata, self);
	channel = &self->responder->channel;
	/* In one thread no more is there than a socket holds, which is less than the bound. */
	for (i = 0; i < 50; i++) {
		number += send_pairs(self->requester->channel.source.fd, number, 4096, memory);
		drain_all(channel);
		ASSERT_EQ(0, channel->gone);
	}
	EXPECT_LT(1000 + DRAIN_PACKETS_MAX, number);
	close(memory);
	end(self);
}

/* ---- Messages that need what waits ------------------------------------------------ */

/* The peer names segment 999 when it has used up its turn.  The memory of the segment. */
static int name_after_turn(struct __test_metadata *_metadata, const struct channel *peer,
			   struct channel *victim)
{
	int memory = make_memory(4096);

	ASSERT_LE(0, memory);
	use_up_turn(victim);
	ASSERT_EQ(0, send_segment(peer->source.fd, 999, 4096, memory));
	return memory;
}

TEST_F(hostile, a_message_waits_for_its_segment)
{
	struct channel *channel;
	struct ring_message message;
	int memory;

	let_in(_metadata, self);
	channel = &self->responder->channel;
	memory = name_after_turn(_metadata, &self->requester->channel, channel);
	ASSERT_EQ(0, send_segment(self->requester->channel.source.fd, 1000, 4096, memory));
	message = honest(self->requester);
	message.segment = 1000;
	ASSERT_EQ(0, ring_push(&self->requester->request_ring, &message));
	EXPECT_EQ(-EAGAIN, take_blob(&self->server, 2, SLUICE_NOWAIT));
	EXPECT_EQ(0, channel->gone);
	/* Other clients do not wait for it, and it is not lost. */
	EXPECT_EQ(1, ask_blob(&self->good, 0, 100));
	EXPECT_EQ(100, take_blob(&self->server, 3, LONG));
	EXPECT_EQ(0, done(&self->server, 3, 0));
	EXPECT_EQ(0, cancel(&self->good, 0, 0));
	self->server.active[2] = sluice_server_receive(self->server.server, LONG);
	EXPECT_NE(NULL, self->server.active[2]) TH_LOG("%s", sluice_strerror());
	EXPECT_EQ(10, self->server.active[2] ? self->server.active[2]->size : 0);
	EXPECT_EQ(0, channel->gone);
	EXPECT_EQ(0, done(&self->server, 2, 0));
	close(memory);
	end(self);
}

/* The same at a client, whose server has used up its budget. */
TEST_F(hostile, a_response_waits_for_its_segment)
{
	struct channel *channel;

	let_in(_metadata, self);
	channel = &self->requester->channel;
	EXPECT_EQ(-EAGAIN, hear_blob(&self->bad, 0, SLUICE_NOWAIT));
	/* One packet is read before it is found to be too much. */
	close(name_after_turn(_metadata, &self->responder->channel, channel));
	EXPECT_EQ(0, answer_blob(&self->server, 0, 1 << 20));
	EXPECT_EQ(0, answer_blob(&self->server, 0, 2 << 20));
	EXPECT_EQ(0, done(&self->server, 0, 0));
	EXPECT_EQ(-EAGAIN, hear_blob(&self->bad, 0, SLUICE_NOWAIT));
	EXPECT_EQ(0, channel->gone);
	EXPECT_EQ(1 << 20, hear_blob(&self->bad, 0, LONG)) TH_LOG("%s", sluice_strerror());
	EXPECT_EQ(2 << 20, hear_blob(&self->bad, 0, LONG)) TH_LOG("%s", sluice_strerror());
	EXPECT_EQ(-EPIPE, hear_blob(&self->bad, 0, LONG));
	end(self);
}

TEST_F(hostile, a_status_waits_for_its_text)
{
	struct sluice_status status = SLUICE_STATUS();
	struct channel *channel;

	let_in(_metadata, self);
	channel = &self->requester->channel;
	close(name_after_turn(_metadata, &self->responder->channel, channel));
	EXPECT_EQ(0, sluice_active_request_end(self->server.active[0], 7, "no"));
	self->server.active[0] = NULL;
	EXPECT_EQ(-EAGAIN, hear_blob(&self->bad, 0, SLUICE_NOWAIT));
	EXPECT_EQ(-EREMOTEIO, hear_blob(&self->bad, 0, LONG));
	EXPECT_EQ(1, sluice_pending_response_status(self->bad.pending[0], &status));
	EXPECT_EQ(7, status.code);
	EXPECT_STREQ("no", status.text);
	end(self);
}

/* The server is told afterwards of an end that came meanwhile; earlier messages count. */
TEST_F(hostile, an_end_waits_for_what_was_sent_before)
{
	struct channel *channel;
	int memory = make_memory(4096);

	let_in(_metadata, self);
	channel = &self->responder->channel;
	use_up_turn(channel);
	ASSERT_EQ(0, send_segment(self->requester->channel.source.fd, 999, 4096, memory));
	close(memory);
	(void)channel_drain(channel);
	ASSERT_TRUE(channel->turn.waiting);
	channel_say_goodbye(&self->requester->channel);
	channel_close(&self->requester->channel, EPIPE);
	EXPECT_EQ(-EAGAIN, take_blob(&self->server, 2, SLUICE_NOWAIT));
	EXPECT_EQ(0, channel->gone);
	EXPECT_EQ(-ETIMEDOUT, take_blob(&self->server, 2, 2 * SECOND));
	EXPECT_EQ(EPIPE, channel->gone);
	end(self);
}

/* ---- A process that comes again ------------------------------------------------------ */

#define CHARGES	20

static int64_t left_to_pay(const struct budget *budget)
{
	return budget->due - clock_now();
}

TEST_F(hostile, a_process_that_comes_again_has_the_same_budget)
{
	struct channel *channel;
	int i;

	let_in(_metadata, self);
	channel = &self->responder->channel;
	for (i = 0; i < 5 * CHARGES; i++)
		(void)!turn_charge(&channel->wait->turns, &channel->turn, TURN_CHARGE_MAX_NS);
	channel->wait->turns.budget.due = 0;
	end(self);
	let_in(_metadata, self);
	channel = &self->responder->channel;
	EXPECT_LT(SECOND, left_to_pay(&channel->turn.payer->work));
	end(self);
}

TEST_F(hostile, unmapping_is_charged_to_the_process)
{
	int memory = make_memory(64 * MIB);
	struct channel *channel;
	struct turn *waits;

	ASSERT_LE(0, memory);
	let_in(_metadata, self);
	channel = &self->responder->channel;
	ASSERT_EQ(0, send_segment(self->requester->channel.source.fd, 1000, 64 * MIB, memory));
	drain_all(channel);
	EXPECT_LE(64 * MIB, populated(channel));
	ASSERT_EQ(0, send_retire(self->requester->channel.source.fd, 1000));
	drain_all(channel);
	waits = channel->wait->turns.first;
	ASSERT_NE(NULL, waits);
	EXPECT_NE(NULL, waits->payer);
	EXPECT_EQ(channel->turn.payer, waits->payer);
	close(memory);
	end(self);
}

/* ---- Beside others ------------------------------------------------------------------ */

static bool enough;

struct attack {
	int fd;
	int memory;
	uint64_t size;
	uint64_t sent;
};

static void *attack(void *context)
{
	struct attack *attack = context;
	uint32_t number = 1000;

	while (!__atomic_load_n(&enough, __ATOMIC_RELAXED)) {
		if (send_segment(attack->fd, number, attack->size, attack->memory)) {
			pause_briefly();
			continue;
		}
		while (send_retire(attack->fd, number) &&
		       !__atomic_load_n(&enough, __ATOMIC_RELAXED))
			pause_briefly();
		number++;
		attack->sent++;
	}
	return NULL;
}

/* The longest time that the server has worked, and not slept, before it had a request. */
static int64_t worked;

static void *serve_all(void *context)
{
	struct side *server = context;
	struct sluice_active_request *active;
	struct sluice_reply *reply;
	int64_t begun;

	worked = 0;
	sluice_node_adopt(server->node);
	while (!__atomic_load_n(&enough, __ATOMIC_RELAXED)) {
		begun = clock_thread();
		active = sluice_server_receive(server->server, 10 * MILLISECOND);
		worked = max_i64(worked, clock_thread() - begun);
		if (!active)
			continue;
		reply = sluice_active_request_loan(active, 8);
		if (reply)
			(void)!sluice_reply_send(reply);
		sluice_active_request_release(active);
	}
	return NULL;
}

struct times {
	int64_t longest, median;
	long count;
};

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

#define ROUNDS	100000

/* Round trips of the honest client, for a time. */
static struct times measure(struct __test_metadata *_metadata, struct side *client, int64_t time)
{
	static int64_t took[ROUNDS];
	struct sluice_pending_response *pending;
	struct sluice_response *response;
	struct sluice_request *request;
	struct times times = { 0 };
	int64_t begun = now(), start;

	while (now() - begun < time && times.count < ROUNDS) {
		start = now();
		request = sluice_client_loan(client->client, 8);
		pending = request ? sluice_request_send(request) : NULL;
		response = pending ? sluice_pending_response_receive(pending, LONG) : NULL;
		EXPECT_NE(NULL, response) TH_LOG("%s", sluice_strerror());
		sluice_response_release(response);
		sluice_pending_response_release(pending);
		if (!response)
			return times;
		took[times.count++] = now() - start;
	}
	qsort(took, (size_t)times.count, sizeof(took[0]), compare);
	times.median = took[times.count / 2];
	times.longest = took[times.count - 1];
	return times;
}

/* The quiet figures, and those beside somebody who sends segments of this size. */
static void beside(struct __test_metadata *_metadata, FIXTURE_DATA(hostile) *self, uint64_t size)
{
	struct times quiet, loud;
	struct attack attacker = { .size = size, .memory = make_memory(size) };
	pthread_t server, thread;

	ASSERT_LE(0, attacker.memory);
	let_in(_metadata, self);
	attacker.fd = self->requester->channel.source.fd;
	enough = false;
	ASSERT_EQ(0, pthread_create(&server, NULL, serve_all, &self->server));
	quiet = measure(_metadata, &self->good, SECOND);
	ASSERT_EQ(0, pthread_create(&thread, NULL, attack, &attacker));
	loud = measure(_metadata, &self->good, SECOND);
	__atomic_store_n(&enough, true, __ATOMIC_RELAXED);
	ASSERT_EQ(0, pthread_join(thread, NULL));
	ASSERT_EQ(0, pthread_join(server, NULL));
	ASSERT_EQ(0, sluice_node_adopt(self->server.node));
	TH_LOG("the server worked for %ld us at most before it had a request",
	       (long)worked / 1000);
	EXPECT_GT(50 * MILLISECOND, worked);
	TH_LOG("quiet: %ld round trips, median %ld us, longest %ld us; beside %lu segments of %lu MiB: %ld, %ld us, %ld us",
	       quiet.count, (long)quiet.median / 1000, (long)quiet.longest / 1000,
	       (unsigned long)attacker.sent, (unsigned long)(size / MIB), loud.count,
	       (long)loud.median / 1000, (long)loud.longest / 1000);
	EXPECT_EQ(0, self->responder->channel.gone);
	close(attacker.memory);
	end(self);
}

TEST_F(hostile, segments_of_a_page)
{
	beside(_metadata, self, 4096);
}

TEST_F(hostile, segments_of_64_mib)
{
	beside(_metadata, self, 64 * MIB);
}

TEST_F(hostile, segments_of_1_gib)
{
	beside(_metadata, self, 1024 * MIB);
}

TEST_HARNESS_MAIN
