// SPDX-License-Identifier: GPL-2.0-only
/*
 * Somebody (hostile.h) who may enter the root writes letters to nodes without end: in order,
 * or garbage, or as another user.  Each node reads so many of them in a time and no more, its
 * round trips go on, and a server that comes meanwhile is found.
 */
#include "hostile.h"

#include <sys/un.h>

#include "base/limits.h"

static const struct sluice_wire_look in_order = { .header = HEADER(SLUICE_WIRE_LOOK) };

struct sender {
	pthread_t thread;
	int socket;
	struct sockaddr_un to[2];
	bool garbage;
	bool stop;
	uint64_t sent;			/* that were taken by one of the mailboxes */
};

static void address_of(struct __test_metadata *_metadata, FIXTURE_DATA(hostile) *self,
		       const struct side *side, struct sockaddr_un *ret_address)
{
	char name[NODE_ENTRY_NAME_SIZE], directory[128];

	node_entry_name(name, sluice_node_id(side->node), ".sock");
	snprintf(directory, sizeof(directory), "%s/default/nodes", self->root.path);
	*ret_address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	ASSERT_GT((int)sizeof(ret_address->sun_path),
		  snprintf(ret_address->sun_path, sizeof(ret_address->sun_path), "%s/%s",
			   directory, name));
}

static bool send_letter(struct sender *sender, int to)
{
	size_t size = sender->garbage ? 3 : sizeof(in_order);

	return sendto(sender->socket, &in_order, size, MSG_DONTWAIT,
		      (struct sockaddr *)&sender->to[to], sizeof(sender->to[to])) >= 0;
}

static void *send_letters(void *argument)
{
	struct sender *sender = argument;
	unsigned int turn;

	for (turn = 0; !__atomic_load_n(&sender->stop, __ATOMIC_RELAXED); turn++)
		sender->sent += send_letter(sender, turn % 2);
	return NULL;
}

static void sender_init(struct __test_metadata *_metadata, FIXTURE_DATA(hostile) *self,
			struct sender *sender, bool garbage)
{
	*sender = (struct sender){
		.socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0),
		.garbage = garbage,
	};
	ASSERT_LE(0, sender->socket);
	address_of(_metadata, self, &self->good, &sender->to[0]);
	address_of(_metadata, self, &self->server, &sender->to[1]);
}

static void sender_stop(struct __test_metadata *_metadata, struct sender *sender)
{
	__atomic_store_n(&sender->stop, true, __ATOMIC_RELAXED);
	ASSERT_EQ(0, pthread_join(sender->thread, NULL));
	close(sender->socket);
}

/* How long this thread has been running; others that run meanwhile do not count. */
static int64_t busy(void)
{
	struct timespec time;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
	return time.tv_sec * SECOND + time.tv_nsec;
}

struct longest {
	int64_t round_trip;
	int64_t busy;			/* of the two nodes' thread, in one round trip */
};

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* The longest of a time, which is long enough for many turns of the senders. */
static struct longest longest_round_trip(struct __test_metadata *_metadata,
					 FIXTURE_DATA(hostile) *self)
{
	struct longest longest = { 0 };
	int64_t end = now() + SECOND, begun, ran;

	do {
		begun = now();
		ran = busy();
		serve_good(_metadata, self, 0);
		longest.busy = later(longest.busy, busy() - ran);
		longest.round_trip = later(longest.round_trip, now() - begun);
	} while (now() < end);
	return longest;
}

static void flood(struct __test_metadata *_metadata, FIXTURE_DATA(hostile) *self, bool garbage)
{
	struct sender senders[2];
	struct longest quiet, flooded;
	uint64_t sent, windows;
	int64_t begun;
	size_t i;

	quiet = longest_round_trip(_metadata, self);
	begun = now();
	for (i = 0; i < 2; i++) {
		sender_init(_metadata, self, &senders[i], garbage);
		ASSERT_EQ(0, pthread_create(&senders[i].thread, NULL, send_letters, &senders[i]));
	}
	flooded = longest_round_trip(_metadata, self);
	for (i = 0; i < 2; i++)
		sender_stop(_metadata, &senders[i]);
	sent = senders[0].sent + senders[1].sent;
	TH_LOG("longest round trip %lld us, busy for %lld us; with %s %lld us, %lld us; %llu letters taken",
	       (long long)quiet.round_trip / 1000, (long long)quiet.busy / 1000,
	       garbage ? "garbage" : "letters", (long long)flooded.round_trip / 1000,
	       (long long)flooded.busy / 1000, (unsigned long long)sent);
	windows = (uint64_t)((now() - begun) / LETTERS_WINDOW_NS) + 1;
	/* Pauses keep it far below the bound of each window; and two mailboxes are full. */
	EXPECT_GE(2 * (windows * LETTERS_AT_ONCE / 4 + 600), sent);
}

TEST_F(hostile, letters_without_end)
{
	flood(_metadata, self, false);
}

TEST_F(hostile, garbage_without_end)
{
	flood(_metadata, self, true);
}

/* How many packets a mailbox takes, of which nobody reads one. */
static unsigned int fill(struct sender *sender)
{
	unsigned int sent = 0;

	while (sent < 10000 && send_letter(sender, 0))
		sent++;
	return sent;
}

/* A node reads a bounded number at once, also if no other peer is faster. */
TEST_F(hostile, a_full_mailbox)
{
	struct node_letters *letters = &self->good.node->letters;
	struct sender sender;
	unsigned int sent;

	sender_init(_metadata, self, &sender, true);
	sent = fill(&sender);
	ASSERT_LT(0, sent);
	while (sent < 2 * LETTERS_AT_ONCE) {
		/* A short queue is filled again as soon as there is room. */
		letters->mailbox.ready(&letters->mailbox);
		ASSERT_GE(LETTERS_AT_ONCE, letters->read);
		sent += fill(&sender);
		if (letters->rest.wanted && !letters->mailbox.watched)
			break;
	}
	letters->mailbox.ready(&letters->mailbox);
	EXPECT_GE(LETTERS_AT_ONCE, letters->read);
	close(sender.socket);
	serve_good(_metadata, self, 0);
}

/* The letter of a server that comes while the mailbox is full does not get in. */
TEST_F(hostile, a_server_comes_while_the_mailbox_is_full)
{
	struct side second = { .server = NULL };
	struct sender sender;

	sender_init(_metadata, self, &sender, true);
	EXPECT_EQ(-ETIMEDOUT, wait_servers(&self->good, 2, MILLISECOND));
	ASSERT_LT(0, fill(&sender));
	ASSERT_EQ(0, open_service(&second, PTR(&blobs), PTR(&service)));
	ASSERT_EQ(0, open_server(&second, 0, 0));
	EXPECT_EQ(2, wait_servers(&self->good, 2, LONG)) TH_LOG("%s", sluice_strerror());
	leave(&second, 0, 0);
	close(sender.socket);
}

/* A client that takes servers of its own user only heeds no letters of others. */
TEST_F(hostile, letters_of_another_user)
{
	struct node_letters *letters = &self->good.node->letters;
	union {
		char bytes[CMSG_SPACE(sizeof(struct ucred))];
		struct cmsghdr align;
	} control = { .bytes = { 0 } };
	const struct ucred other = { .pid = getpid(), .uid = 65534, .gid = 65534 };
	struct iovec iov = { (void *)(uintptr_t)&in_order, sizeof(in_order) };
	struct sender sender;
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
		.msg_name = &sender.to[0], .msg_namelen = sizeof(sender.to[0]),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	if (geteuid() != 0)
		SKIP(return, "only root can speak for another user");
	sender_init(_metadata, self, &sender, false);
	ASSERT_TRUE(send_letter(&sender, 0));
	letters->mailbox.ready(&letters->mailbox);
	EXPECT_FALSE(letters->rest.wanted);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_CREDENTIALS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(other));
	memcpy(CMSG_DATA(cmsg), &other, sizeof(other));
	ASSERT_LE(0, sendmsg(sender.socket, &msg, MSG_DONTWAIT));
	letters->mailbox.ready(&letters->mailbox);
	EXPECT_TRUE(letters->rest.wanted);
	EXPECT_TRUE(letters->mailbox.watched);
	retry_stop(&letters->rest);

	/* A client that takes servers of any user does. */
	self->good.client->self.any_user = true;
	ASSERT_LE(0, sendmsg(sender.socket, &msg, MSG_DONTWAIT));
	letters->mailbox.ready(&letters->mailbox);
	EXPECT_FALSE(letters->rest.wanted);
	close(sender.socket);
}

/* Descriptors in a letter are closed. */
TEST_F(hostile, letters_with_descriptors)
{
	struct node_letters *letters = &self->good.node->letters;
	int fds = count_fds(), round;
	struct sender sender;

	sender_init(_metadata, self, &sender, false);
	for (round = 0; round < 100; round++) {
		ASSERT_EQ(0, connect(sender.socket, (struct sockaddr *)&sender.to[0],
				     sizeof(sender.to[0])));
		(void)!fdpass_send(sender.socket, &in_order, round % 2 ? sizeof(in_order) : 0,
				   sender.socket);
		letters->mailbox.ready(&letters->mailbox);
		pause_briefly();
	}
	serve_good(_metadata, self, 0);
	close(sender.socket);
	EXPECT_EQ(fds, count_fds());
}

TEST_HARNESS_MAIN
