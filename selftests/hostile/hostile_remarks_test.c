// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a server remarks on (sluice_remarks.h) when a peer (hostile.h) breaks the protocol, comes
 * too often, or causes too much work; and that no peer can order more remarks than are promised.
 * behaviour/remarked_test has what the system refuses.
 */
#include "knock.h"
#include "remarked.h"

#include <sys/un.h>

#include "base/limits.h"
#include "os/clock.h"

static struct remarked remarked;

/* As sluice_node_create() with the function in its options. */
static void listen_to(struct sluice_node *node)
{
	remarked = (struct remarked){ 0 };
	node->remarks.tell = remarked_note;
	node->remarks.context = &remarked;
	node->wait.turns.held_back = remark_held_back;
}

/* The server looks what has happened, until this was told. */
#define TOLD(number)							\
	EVENTUALLY(({							\
		(void)!sluice_node_wait(self->server.node, SLUICE_NOWAIT);	\
		(void)!take_blob(&self->server, 2, SLUICE_NOWAIT);	\
		remarked.count[number] > 0;				\
	}))

/* The client says what no client says. */
static void break_protocol(struct __test_metadata *_metadata, FIXTURE_DATA(hostile) *self)
{
	ASSERT_EQ(0, fdpass_send(self->requester->channel.source.fd, "junk", 4, -1));
	drain_all(&self->responder->channel);
}

TEST_F(hostile, a_breach)
{
	listen_to(self->server.node);
	let_in(_metadata, self);
	EXPECT_EQ(0, remarked.told);
	break_protocol(_metadata, self);
	EXPECT_REMARKED_ONLY(1, SLUICE_REMARK_PEER_BROKE_PROTOCOL, &remarked);
	EXPECT_EQ(EPROTO, remarked.error[2]);
	EXPECT_EQ(getpid(), remarked.pid[2]);
	EXPECT_STREQ("test/blobs", remarked.service[2]);
	EXPECT_EQ(sluice_node_id(self->server.node), remarked.node[2]);
	EXPECT_EQ(sluice_server_id(self->server.server), remarked.port[2]);
	EXPECT_EQ(sluice_client_id(self->bad.client), remarked.peer[2]);
	throw_out(_metadata, self, "junk");
	EXPECT_REMARKED_ONLY(1, SLUICE_REMARK_PEER_BROKE_PROTOCOL, &remarked);
}

/* A server that breaks the protocol is remarked on by the client's node. */
TEST_F(hostile, a_breach_of_a_server)
{
	let_in(_metadata, self);
	listen_to(self->bad.node);
	ASSERT_EQ(0, fdpass_send(self->responder->channel.source.fd, "junk", 4, -1));
	drain_all(&self->requester->channel);
	EXPECT_REMARKED_ONLY(1, SLUICE_REMARK_PEER_BROKE_PROTOCOL, &remarked);
	EXPECT_EQ(EPROTO, remarked.error[2]);
	EXPECT_EQ(sluice_client_id(self->bad.client), remarked.port[2]);
	EXPECT_EQ(sluice_server_id(self->server.server), remarked.peer[2]);
	channel_close(&self->responder->channel, EPIPE);
	let_out(self);
}

/* The pause of the first breach is 1 ms: it is made long, for the next connection to be in it. */
TEST_F(hostile, a_breacher_comes_again)
{
	struct breacher *breacher = self->server.server->breachers;
	int i;

	let_in(_metadata, self);
	listen_to(self->server.node);
	break_protocol(_metadata, self);
	throw_out(_metadata, self, "junk");
	EXPECT_EQ(0, remarked.count[SLUICE_REMARK_BREACHER_HELD_BACK]);
	for (i = 0; i < (int)BREACHERS_KEPT; i++)
		if (breacher[i].pause.pause)
			breacher[i].pause.at = clock_now() + LONG;
	ASSERT_EQ(0, open_client(&self->bad, 0, 0));
	ASSERT_TRUE(EVENTUALLY(has_met(&self->bad)));
	ASSERT_TRUE(TOLD(SLUICE_REMARK_BREACHER_HELD_BACK));
	EXPECT_EQ(0, remarked.count[SLUICE_REMARK_PEER_HELD_BACK]);
	EXPECT_STREQ("test/blobs", remarked.service[7]);
	EXPECT_EQ(0, remarked.wrong);
}

/* A process that comes and goes too often, and keeps the protocol, has broken nothing. */
TEST_F(hostile, who_comes_too_often_is_no_breacher)
{
	struct payer *payer = self->server.server->newest->responder.channel.turn.payer;

	ASSERT_NE(NULL, payer);
	listen_to(self->server.node);
	payer->greetings.due = clock_now() + payer->staying + GREETING_DEBT_MAX_NS + LONG;
	ASSERT_EQ(0, open_client(&self->bad, 0, 0));
	ASSERT_TRUE(EVENTUALLY(has_met(&self->bad)));
	ASSERT_TRUE(EVENTUALLY(({
		(void)!sluice_node_wait(self->server.node, SLUICE_NOWAIT);
		remarked.told > 0;
	})));
	EXPECT_REMARKED_ONLY(1, SLUICE_REMARK_PEER_HELD_BACK, &remarked);
	EXPECT_EQ(getpid(), remarked.pid[6]);
	payer->greetings.due = 0;
}

#define MOST	4	/* clients of the service, of which one is good */

TEST_F(hostile, too_many_clients)
{
	struct requester *requesters[MOST];
	struct handshake who[MOST];
	int i;

	listen_to(self->server.node);
	for (i = 0; i < MOST - 1; i++)
		requesters[i] = knock(_metadata, self, &who[i], 1000 + (uint64_t)i);
	ASSERT_TRUE(EVENTUALLY(({
		(void)!take_blob(&self->server, 2, MILLISECOND);
		self->server.server->entry.counters->peers == MOST;
	})));
	EXPECT_EQ(0, remarked.told);
	requesters[i] = knock(_metadata, self, &who[i], 2000);
	ASSERT_TRUE(TOLD(SLUICE_REMARK_CLIENT_LIMIT));
	EXPECT_REMARKED_ONLY(1, SLUICE_REMARK_CLIENT_LIMIT, &remarked);
	EXPECT_STREQ("test/blobs", remarked.service[5]);
	for (i = 0; i < MOST; i++)
		channel_put(&requesters[i]->channel);
}

/* ---- Work ---------------------------------------------------------------------- */

/* Segments that come and go without an end: each is mapped and populated. */
static void order_work(FIXTURE_DATA(hostile) *self, uint64_t size, int passed)
{
	static uint32_t number = 1000;
	static bool retires;
	struct sluice_wire_segment segment = {
		.header = HEADER(SLUICE_WIRE_SEGMENT),
		.size = size, .window = size,
	};
	struct sluice_wire_retire retire = { .header = HEADER(SLUICE_WIRE_RETIRE) };
	int fd = self->requester->channel.source.fd;

	for (;; number++) {
		segment.number = retire.number = number;
		if (!retires && fdpass_send(fd, &segment, sizeof(segment), passed))
			return;
		retires = fdpass_send(fd, &retire, sizeof(retire), -1);
		if (retires)
			return;
	}
}

TEST_F(hostile, work_without_end)
{
	uint64_t size = UINT64_C(32) << 20;
	static const char mebibyte[1 << 20];
	int memory = memfd_create_sealable("hostile");
	uint64_t written;

	for (written = 0; written < size; written += sizeof(mebibyte))
		ASSERT_EQ((ssize_t)sizeof(mebibyte), write(memory, mebibyte, sizeof(mebibyte)));
	ASSERT_EQ(0, memfd_seal(memory, SLUICE_SEGMENT_SEALS));
	let_in(_metadata, self);
	listen_to(self->server.node);
	ASSERT_TRUE(EVENTUALLY(({
		order_work(self, size, memory);
		(void)!sluice_node_wait(self->server.node, SLUICE_NOWAIT);
		remarked.count[SLUICE_REMARK_PEER_HELD_BACK] > 0;
	})));
	EXPECT_EQ(0, remarked.wrong);
	EXPECT_EQ(remarked.told, remarked.count[SLUICE_REMARK_PEER_HELD_BACK]);
	EXPECT_EQ(getpid(), remarked.pid[6]);
	close(memory);
	channel_close(&self->responder->channel, EPIPE);
	let_out(self);
}

/* The rest of a look waits for its turn although nothing is owed: nobody is held back. */
TEST_F(hostile, who_owes_nothing_is_not_held_back)
{
	struct channel *channel;

	let_in(_metadata, self);
	listen_to(self->server.node);
	channel = &self->responder->channel;
	forgive(channel);
	turn_wait(&channel->wait->turns, &channel->turn);
	EXPECT_EQ(0, remarked.told);
	EXPECT_TRUE(turn_begin(&channel->wait->turns, &channel->turn));
	/* Others have used up the time of the node. */
	channel->wait->turns.budget.due = clock_now() + TURNS_DEBT_MAX_NS + LONG;
	turn_wait(&channel->wait->turns, &channel->turn);
	EXPECT_EQ(0, remarked.told);
	turn_forget(&channel->wait->turns, &channel->turn);
	forgive(channel);
	channel->turn.payer->work.due = clock_now() + TURN_DEBT_MAX_NS + LONG;
	turn_wait(&channel->wait->turns, &channel->turn);
	EXPECT_REMARKED_ONLY(1, SLUICE_REMARK_PEER_HELD_BACK, &remarked);
	turn_forget(&channel->wait->turns, &channel->turn);
	forgive(channel);
	let_out(self);
}

/* ---- Letters ------------------------------------------------------------------- */

struct sender {
	int socket;
	struct sockaddr_un to;
	bool stop;
};

static void *send_letters(void *argument)
{
	static const struct sluice_wire_look letter = { .header = HEADER(SLUICE_WIRE_LOOK) };
	struct sender *sender = argument;

	while (!__atomic_load_n(&sender->stop, __ATOMIC_RELAXED))
		(void)!sendto(sender->socket, &letter, sizeof(letter), MSG_DONTWAIT,
			      (struct sockaddr *)&sender->to, sizeof(sender->to));
	return NULL;
}

TEST_F(hostile, letters_without_end)
{
	struct sender sender = {
		.socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0),
		.to = { .sun_family = AF_UNIX },
	};
	char name[NODE_ENTRY_NAME_SIZE];
	pthread_t thread;

	node_entry_name(name, sluice_node_id(self->server.node), ".sock");
	ASSERT_GT((int)sizeof(sender.to.sun_path),
		  snprintf(sender.to.sun_path, sizeof(sender.to.sun_path), "%s/default/nodes/%s",
			   self->root.path, name));
	listen_to(self->server.node);
	ASSERT_EQ(0, pthread_create(&thread, NULL, send_letters, &sender));
	EXPECT_TRUE(TOLD(SLUICE_REMARK_LETTERS_HELD_BACK));
	__atomic_store_n(&sender.stop, true, __ATOMIC_RELAXED);
	ASSERT_EQ(0, pthread_join(thread, NULL));
	close(sender.socket);
	EXPECT_EQ(remarked.told, remarked.count[SLUICE_REMARK_LETTERS_HELD_BACK]);
	EXPECT_EQ(0, remarked.wrong);
	EXPECT_EQ(sluice_node_id(self->server.node), remarked.node[9]);
}

/* ---- A bound -------------------------------------------------------------------- */

/* So many breaches, each by a client of its own. */
static void breaches(struct __test_metadata *_metadata, FIXTURE_DATA(hostile) *self, int count)
{
	while (count--) {
		let_in(_metadata, self);
		break_protocol(_metadata, self);
		throw_out(_metadata, self, "junk");
	}
}

static void sleep_until(int64_t time)
{
	while (now() < time)
		pause_briefly();
}

/* One, then three at the end of its second, then many at the beginning of the next one. */
TEST_F(hostile, no_more_in_any_second)
{
	int64_t begun = now();

	listen_to(self->server.node);
	breaches(_metadata, self, 1);
	sleep_until(begun + 9 * SECOND / 10);
	breaches(_metadata, self, 3);
	sleep_until(begun + SECOND + SECOND / 20);
	breaches(_metadata, self, 8);
	EXPECT_EQ(0, remarked.wrong);
	EXPECT_LE(4, remarked.count[SLUICE_REMARK_PEER_BROKE_PROTOCOL]);
	sleep_until(now() + SECOND + SECOND / 10);
	breaches(_metadata, self, 1);
	EXPECT_EQ(13, remarked.count[SLUICE_REMARK_PEER_BROKE_PROTOCOL] +
		      (int)remarked.left_out);
	EXPECT_EQ(0, remarked.wrong);
}

/* What was left out is told in the end, if nothing else is. */
TEST_F(hostile, the_count_is_told)
{
	listen_to(self->server.node);
	breaches(_metadata, self, 12);
	leave(&self->bad, 0, 0);
	leave(&self->good, 0, 0);
	leave(&self->server, 0, 0);
	EXPECT_EQ(12, remarked.count[SLUICE_REMARK_PEER_BROKE_PROTOCOL] +
		      (int)remarked.left_out);
	EXPECT_GE(1, remarked.count[SLUICE_REMARK_LEFT_OUT]);
	EXPECT_EQ(0, remarked.wrong);
}

/* One kind of remark leaves room for another. */
TEST_F(hostile, each_number_has_its_own_bound)
{
	listen_to(self->server.node);
	breaches(_metadata, self, 6);
	remark(self->server.node, SLUICE_REMARK_REGISTRY_RENEWED, NULL, 0);
	EXPECT_EQ(1, remarked.count[SLUICE_REMARK_REGISTRY_RENEWED]);
	EXPECT_EQ(6, remarked.count[SLUICE_REMARK_PEER_BROKE_PROTOCOL] +
		     (int)remarked.left_out);
}

TEST_HARNESS_MAIN
