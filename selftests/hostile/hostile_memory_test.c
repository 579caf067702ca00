// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a hostile peer (hostile.h) can do to the memory of a channel, of which both ends
 * have a descriptor: take pages out of it, which would be charged to its victim again and
 * would not be resident any more.  From WELCOME on it cannot; before, it costs faults.
 */
#include <sys/mman.h>
#include <sys/resource.h>

#include "hostile.h"
#include "locking.h"

#include "registry/server_socket.h"

#define PAGE	4096u

/* The memory that came in a HELLO, and what a peer can do with it. */
struct memory {
	struct sluice_wire_hello hello;
	int socket;			/* on which it came */
	int fd;
	unsigned char *mapped;		/* for writing, before anything was sealed */
};

static off_t blocks(int fd)
{
	struct stat st;

	return fstat(fd, &st) ? -1 : st.st_blocks;
}

/* Faults of this thread while it reads all pages; those of a sanitizer's shadow are not meant. */
__attribute__((no_sanitize("address")))
static long faults_of(const unsigned char *base, uint64_t size)
{
	struct rusage before, after;
	uint64_t i;

	getrusage(RUSAGE_THREAD, &before);
	for (i = 0; i < size; i += PAGE)
		(void)((const volatile unsigned char *)base)[i];
	getrusage(RUSAGE_THREAD, &after);
	return after.ru_minflt - before.ru_minflt + after.ru_majflt - before.ru_majflt;
}

/* A client connects; what it says is taken in place of the server. */
static void intercept(struct __test_metadata *_metadata, FIXTURE_DATA(hostile) *self,
		      struct memory *memory)
{
	ASSERT_EQ(0, open_client(&self->bad, 0, 0));
	ASSERT_EQ(1, ask_blob(&self->bad, 0, 10));
	memory->socket = take_connection(self);
	ASSERT_LE(0, memory->socket);
	memory->fd = receive_hello(_metadata, memory->socket, &memory->hello);
	ASSERT_LE(0, memory->fd);
	memory->mapped = mmap(NULL, memory->hello.channel_size, PROT_READ | PROT_WRITE,
			      MAP_SHARED, memory->fd, 0);
	ASSERT_NE(MAP_FAILED, memory->mapped);
}

static void let_go(FIXTURE_DATA(hostile) *self, struct memory *memory)
{
	munmap(memory->mapped, memory->hello.channel_size);
	close(memory->fd);
	if (memory->socket >= 0)
		close(memory->socket);
	cancel(&self->bad, 0, 0);
	close_client(&self->bad, 0, 0);
}

/* ---- Ways to take pages away ------------------------------------------------------ */

static int punch(int fd)
{
	return fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, PAGE);
}

static bool is_refused(bool failed)
{
	return failed && (errno == EPERM || errno == EACCES);
}

/* Through the same file, opened anew; where there is no /proc there is no such way. */
static bool reopened_is_refused(int fd)
{
	char path[64];
	int again;
	bool refused;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = open(path, O_RDWR | O_CLOEXEC);
	if (again < 0)
		return true;
	refused = is_refused(punch(again) < 0) &&
		  is_refused(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, again, 0) ==
			     MAP_FAILED);
	close(again);
	again = open(path, O_RDWR | O_TRUNC | O_CLOEXEC);
	if (again < 0)
		return refused;
	close(again);
	return false;
}

static bool new_mapping_is_refused(int fd)
{
	void *page = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	bool refused;

	if (page == MAP_FAILED)
		return false;
	refused = is_refused(mprotect(page, PAGE, PROT_READ | PROT_WRITE) < 0);
	munmap(page, PAGE);
	return refused && is_refused(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
					  0) == MAP_FAILED);
}

/* So much of the memory the client has allocated. */
static uint64_t allocated(const FIXTURE_DATA(hostile) *self)
{
	return self->bad.client->channels[0]->requester.channel.populated;
}

/* Nothing is taken from the victim's mapping, and it never faults where it is populated. */
static void try_all(struct __test_metadata *_metadata, const FIXTURE_DATA(hostile) *self,
		    const struct memory *memory, const struct channel *victim)
{
	uint64_t size = memory->hello.channel_size;
	off_t before = blocks(memory->fd);

	/* So that what is counted with can be there before. */
	faults_of(victim->memory.base, 0);
	EXPECT_EQ((off_t)(allocated(self) / 512), before);
	EXPECT_TRUE(is_refused(punch(memory->fd) < 0));
	EXPECT_TRUE(is_refused(madvise(memory->mapped, size, MADV_REMOVE) < 0));
	EXPECT_TRUE(is_refused(ftruncate(memory->fd, 0) < 0));
	EXPECT_TRUE(is_refused(ftruncate(memory->fd, (off_t)size + PAGE) < 0));
	EXPECT_TRUE(is_refused(write(memory->fd, "", 1) < 0));
	EXPECT_TRUE(is_refused(fcntl(memory->fd, F_ADD_SEALS, F_SEAL_WRITE) < 0));
	EXPECT_TRUE(new_mapping_is_refused(memory->fd));
	EXPECT_TRUE(reopened_is_refused(memory->fd));
	EXPECT_EQ(before, blocks(memory->fd));
	EXPECT_EQ(0, faults_of(victim->memory.base, victim->populated));
}

/* ---- A server is the victim --------------------------------------------------------- */

/* The server reads what is sent to it; what it answers: a type, or 0. */
static unsigned int say_hello(struct __test_metadata *_metadata, FIXTURE_DATA(hostile) *self,
			      struct memory *memory, int passed)
{
	FDPASS_EXTRAS(extras);
	struct sluice_wire_welcome welcome = { 0 };
	int n;

	close(memory->socket);
	forget_breaches(self);
	memory->socket = server_socket_connect(&self->bad.service->dir,
					       self->bad.client->channels[0]->requester.channel.peer);
	EXPECT_LE(0, memory->socket);
	EXPECT_EQ(0, fdpass_send(memory->socket, &memory->hello, sizeof(memory->hello), passed));
	EXPECT_EQ(-EAGAIN, take_blob(&self->server, 2, SLUICE_NOWAIT));
	n = fdpass_receive(memory->socket, &welcome, sizeof(welcome), &extras);
	if (n <= 0)
		return 0;
	fdpass_close(&extras);
	return welcome.header.type;
}

TEST_F(hostile, holes_in_the_memory_of_a_server)
{
	int fds = count_fds();
	struct memory memory;

	intercept(_metadata, self, &memory);
	ASSERT_EQ(SLUICE_WIRE_WELCOME, say_hello(_metadata, self, &memory, memory.fd));
	try_all(_metadata, self, &memory, &self->server.server->newest->responder.channel);
	let_go(self, &memory);
	EXPECT_EQ(-EAGAIN, take_blob(&self->server, 2, SLUICE_NOWAIT));
	EXPECT_EQ(fds, settled_fds(self));
}

/* The server does not take memory that has a hole, or that it cannot seal. */
TEST_F(hostile, memory_that_a_server_refuses)
{
	static const unsigned int seals[] = {
		0, SLUICE_SEAL_SEAL, SLUICE_SEAL_FUTURE_WRITE, SLUICE_CHANNEL_SEALS_MAPPED,
	};
	int fds = count_fds(), readable;
	struct memory memory;
	char path[64];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(seals); i++) {
		intercept(_metadata, self, &memory);
		ASSERT_EQ(0, seals[i] ? fcntl(memory.fd, F_ADD_SEALS, (int)seals[i]) :
					punch(memory.fd));
		EXPECT_EQ(SLUICE_WIRE_REJECT, say_hello(_metadata, self, &memory, memory.fd))
			TH_LOG("%zu", i);
		let_go(self, &memory);
	}

	intercept(_metadata, self, &memory);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", memory.fd);
	readable = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, readable);
	EXPECT_EQ(SLUICE_WIRE_REJECT, say_hello(_metadata, self, &memory, readable));
	close(readable);
	let_go(self, &memory);
	EXPECT_EQ(fds, settled_fds(self));
}

/*
 * A client sends a request whose response ring has no memory and no stamps.  The server has
 * memory for it before its program sees the request, and finds the ring broken.
 */
TEST_F(hostile, memory_that_a_client_leaves_out)
{
	struct requester *requester;
	struct responder *responder;

	ASSERT_EQ(0, open_client(&self->bad, 0, 0));
	requester = &self->bad.client->channels[0]->requester;
	ASSERT_EQ(0, delivery_make_table(requester));
	memset(requester->deliveries, 0,
	       requester->layout->deliveries * sizeof(*requester->deliveries));
	requester->fresh = requester->layout->deliveries - 1;
	requester->rings = requester->layout->deliveries;
	ASSERT_EQ(1, ask_blob(&self->bad, 0, 10));
	EXPECT_EQ(requester->layout->head, requester->channel.populated);
	ASSERT_EQ(10, take_blob(&self->server, 0, LONG));
	responder = &self->server.server->newest->responder;
	EXPECT_EQ(requester->layout->deliveries, responder->rings);
	EXPECT_EQ(requester->layout->size, responder->channel.populated);
	EXPECT_EQ(0, responder->channel.gone);
	/* The first slot of a ring without stamps is as it should be. */
	EXPECT_EQ(0, answer_blob(&self->server, 0, 10)) TH_LOG("%s", sluice_strerror());
	EXPECT_GT(0, answer_blob(&self->server, 0, 10));
	EXPECT_EQ(EPROTO, responder->channel.gone);
	done(&self->server, 0, 0);
	cancel(&self->bad, 0, 0);
	close_client(&self->bad, 0, 0);
	serve_good(_metadata, self, 0);
}

/* One memory is for one channel. */
TEST_F(hostile, memory_that_is_sent_twice)
{
	struct memory memory;
	int first;

	intercept(_metadata, self, &memory);
	ASSERT_EQ(SLUICE_WIRE_WELCOME, say_hello(_metadata, self, &memory, memory.fd));
	first = memory.socket;
	memory.socket = -1;
	EXPECT_EQ(SLUICE_WIRE_REJECT, say_hello(_metadata, self, &memory, memory.fd));
	close(first);
	let_go(self, &memory);
	EXPECT_EQ(-EAGAIN, take_blob(&self->server, 2, SLUICE_NOWAIT));
}

/* ---- A client is the victim ----------------------------------------------------------- */

static void say_welcome(struct __test_metadata *_metadata, FIXTURE_DATA(hostile) *self,
			const struct memory *memory)
{
	struct sluice_wire_welcome welcome = { .header = HEADER(SLUICE_WIRE_WELCOME) };

	ASSERT_EQ(0, fdpass_send(memory->socket, &welcome, sizeof(welcome),
				 self->server.server->self.load_fd));
}

TEST_F(hostile, holes_in_the_memory_of_a_client)
{
	const struct channel *victim;
	struct memory memory;
	uint64_t size;

	intercept(_metadata, self, &memory);
	victim = &self->bad.client->channels[0]->requester.channel;

	/* Before WELCOME it can be done, and costs the client a fault for each page. */
	size = allocated(self);
	faults_of(victim->memory.base, 0);
#ifndef WITH_THREAD_CHECK	/* It has faults of its own. */
	EXPECT_EQ(0, faults_of(victim->memory.base, size));
#endif
	ASSERT_EQ(0, madvise(memory.mapped + size - PAGE, PAGE, MADV_REMOVE));
	EXPECT_EQ((off_t)(size - PAGE) / 512, blocks(memory.fd));

	ASSERT_EQ(0, fcntl(memory.fd, F_ADD_SEALS, (int)SLUICE_CHANNEL_SEALS_MAPPED));
	say_welcome(_metadata, self, &memory);
	EXPECT_EQ(-ETIMEDOUT, hear_blob(&self->bad, 0, MILLISECOND));
	EXPECT_TRUE(self->bad.client->channels[0]->requester.welcome);
	try_all(_metadata, self, &memory, victim);
	let_go(self, &memory);
}

/* It does not help to remove all of it: a ring without stamps is a broken one. */
TEST_F(hostile, memory_that_is_emptied_before_the_welcome)
{
	int fds = count_fds();
	struct memory memory;

	intercept(_metadata, self, &memory);
	ASSERT_EQ(0, madvise(memory.mapped, memory.hello.channel_size, MADV_REMOVE));
	EXPECT_EQ(0, blocks(memory.fd));
	ask_blob(&self->bad, 1, 10);
	EXPECT_EQ(-EPROTO, hear_blob(&self->bad, 0, LONG)) TH_LOG("%s", sluice_strerror());
	EXPECT_EQ(0, cancel(&self->bad, 1, 0));
	let_go(self, &memory);
	EXPECT_EQ(fds, settled_fds(self));
}

/* A server that could still make holes has no client. */
TEST_F(hostile, a_welcome_without_a_seal)
{
	static const unsigned int seals[] = {
		0, SLUICE_SEAL_SEAL, SLUICE_SEAL_FUTURE_WRITE,
	};
	int fds = count_fds();
	struct memory memory;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(seals); i++) {
		intercept(_metadata, self, &memory);
		ASSERT_EQ(0, fcntl(memory.fd, F_ADD_SEALS, (int)seals[i]));
		say_welcome(_metadata, self, &memory);
		EXPECT_EQ(-EPROTO, hear_blob(&self->bad, 0, LONG))
			TH_LOG("%zu: %s", i, sluice_strerror());
		let_go(self, &memory);
		EXPECT_EQ(fds, settled_fds(self));
	}
}

/* The client needs its descriptor until WELCOME, and no longer. */
TEST_F(hostile, a_client_keeps_no_descriptor_of_the_memory)
{
	ASSERT_EQ(0, open_client(&self->bad, 0, 0));
	ASSERT_EQ(1, ask_blob(&self->bad, 0, 10));
	EXPECT_LE(0, self->bad.client->channels[0]->requester.memory_fd);
	EXPECT_EQ(10, take_blob(&self->server, 0, LONG));
	EXPECT_EQ(0, answer_blob(&self->server, 0, 10));
	EXPECT_EQ(10, hear_blob(&self->bad, 0, LONG));
	EXPECT_EQ(-1, self->bad.client->channels[0]->requester.memory_fd);
	EXPECT_EQ(0, done(&self->server, 0, 0));
	EXPECT_EQ(0, cancel(&self->bad, 0, 0));
	close_client(&self->bad, 0, 0);
}

TEST_HARNESS_MAIN
