// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rules of descriptors that travel with messages.  Each is a memfd that holds a number.
 */
#include "steps.h"

#include <sys/mman.h>

ENDS_FIXTURE(rule_fds);

#define MOST	4

static const struct sluice_service_opts four = SLUICE_SERVICE_OPTS(
	.max_fds_per_message = MOST);

/* ---- Steps ---------------------------------------------------------------- */

static int fd_with(long number)
{
	int fd = memfd_create("number", MFD_CLOEXEC);

	if (fd >= 0 && pwrite(fd, &number, sizeof(number), 0) != sizeof(number)) {
		close(fd);
		return -EIO;
	}
	return fd;
}

static long number_in(int fd)
{
	long number;

	if (fd < 0)
		return fd;
	if (pread(fd, &number, sizeof(number), 0) != sizeof(number))
		number = -EIO;
	close(fd);
	return number;
}

/* attach(slot, number): to the request that is loaned there. */
static long attach(struct side *side, long slot, long number)
{
	int fd = fd_with(number), r;

	r = sluice_request_attach_fd(side->request[slot], fd);
	close(fd);
	return r;
}

static long attach_to_answer(struct side *side, long slot, long number)
{
	int fd = fd_with(number), r;

	r = sluice_reply_attach_fd(side->reply[slot], fd);
	close(fd);
	return r;
}

static long take_number(struct side *side, long slot, long unused)
{
	(void)unused;
	return number_in(sluice_active_request_take_fd(side->active[slot]));
}

static long fds(struct side *side, long a, long b)
{
	(void)side, (void)a, (void)b;
	return count_fds();
}

/* Counts when the WELCOME, which was sent before the answer, has been read. */
static long fds_after_news(struct side *side, long a, long b)
{
	int r = sluice_node_wait(side->node, 0);

	(void)a, (void)b;
	return r < 0 && r != -EAGAIN ? r : count_fds();
}

/* ---- A process ------------------------------------------------------------- */

/* Descriptors of a process with one service and one connection, and of each further one. */
#define FIRST	10
#define FURTHER	2

/*
 * A process has as many more, where a forked child inherits all mappings: what it has in the
 * registry is held by descriptors then.  An emulator is known by an advice that there is not.
 */
static long kept(void)
{
	return madvise(NULL, 0, -1) ? 0 : 2;
}

/* Starts a client in a process of its own.  Returns how many descriptors it had before. */
static long start_counted(struct __test_metadata *_metadata, struct end *client)
{
	long bare;

	end_start(_metadata, client, IN_PROCESS);
	bare = at(client, fds, 0, 0);
	EXPECT_LE(0, bare);
	EXPECT_EQ(0, at(client, open_service, PTR(&calls), 0));
	EXPECT_EQ(0, at(client, open_client, 0, 0));
	EXPECT_EQ(1, at(client, wait_servers, 1, LONG));
	return bare;
}

TEST_F(rule_fds, a_process_has_ten_with_a_connection_and_two_for_a_further_one)
{
	struct end *server = &self->end[0], *client = &self->end[1], *further = &self->end[2];
	long bare, clients;

	if (variant->place != IN_PROCESS)
		SKIP(return, "the descriptors of a process are counted");
	end_start(_metadata, server, IN_PROCESS);
	bare = at(server, fds, 0, 0);
	ASSERT_EQ(0, at(server, open_service, PTR(&calls), 0));
	ASSERT_EQ(0, at(server, open_server, 0, 0));
	clients = start_counted(_metadata, client);
	ASSERT_EQ(1, at(client, ask, 0, 5));
	ASSERT_EQ(5, at(server, take, 0, LONG));
	ASSERT_EQ(0, at(server, loan_answer, 0, 6));
	ASSERT_EQ(0, at(server, send_answer, 0, 0));
	ASSERT_EQ(6, at(client, hear, 0, LONG));
	ASSERT_EQ(0, at(server, done, 0, 0));
	EXPECT_GE(bare + FIRST + kept(), at(server, fds, 0, 0));
	EXPECT_GE(clients + FIRST + kept(), at(client, fds_after_news, 0, 0));

	start_counted(_metadata, further);
	ASSERT_EQ(1, at(further, ask, 0, 7));
	ASSERT_EQ(7, at(server, take, 0, LONG));
	ASSERT_EQ(0, at(server, done, 0, 0));
	EXPECT_GE(bare + FIRST + FURTHER + kept(), at(server, fds, 0, 0));
}

/* ---- With requests --------------------------------------------------------- */

TEST_F(rule_fds, a_request_brings_descriptors_in_order)
{
	struct end *server = &self->end[0];
	long i;

	SET_UP_PAIR(&four);
	ASSERT_EQ(0, loan_question(&self->side, 0, 1));
	for (i = 0; i < MOST; i++) {
		ASSERT_EQ(0, attach(&self->side, 0, 100 + i));
	}
	EXPECT_EQ(-ENOBUFS, attach(&self->side, 0, 0));
	EXPECT_SAYS("max_fds_per_message");
	ASSERT_EQ(1, send_question(&self->side, 0, 0));
	ASSERT_EQ(1, at(server, take, 0, LONG));
	for (i = 0; i < MOST; i++) {
		EXPECT_EQ(100 + i, at(server, take_number, 0, 0));
	}
	EXPECT_EQ(-ENOENT, at(server, take_number, 0, 0));
}

TEST_F(rule_fds, each_server_has_its_own)
{
	struct end *first = &self->end[0], *second = &self->end[1];

	start_server(_metadata, first, variant->place, &calls, &four, NULL);
	start_server(_metadata, second, variant->place, &calls, NULL, NULL);
	open_client_side(_metadata, &self->side, &calls, NULL, 2);
	ASSERT_EQ(0, loan_question(&self->side, 0, 1));
	ASSERT_EQ(0, attach(&self->side, 0, 7));
	ASSERT_EQ(2, send_question(&self->side, 0, 0));
	ASSERT_EQ(1, at(first, take, 0, LONG));
	ASSERT_EQ(1, at(second, take, 0, LONG));
	EXPECT_EQ(7, at(first, take_number, 0, 0));
	EXPECT_EQ(7, at(second, take_number, 0, 0));
}

TEST_F(rule_fds, what_is_not_taken_is_closed)
{
	struct end *server = &self->end[0];
	long before, own = 0, i;

	SET_UP_PAIR(&four);
	ASK_AND_TAKE(&self->side, server, 0, 0);
	ASSERT_EQ(0, at(server, done, 0, 0));
	ASSERT_EQ(0, cancel(&self->side, 0, 0));
	/*
	 * The server sent its WELCOME before it took that, so the packet is here.  When it is
	 * read, a descriptor of the channel's memory goes.  There may be other news before it.
	 */
	while (!sluice_node_wait(self->side.node, 0))
		continue;
	before = at(server, fds, 0, 0);
	own = count_fds();
	for (i = 0; i < 50; i++) {
		ASSERT_EQ(0, loan_question(&self->side, 0, i));
		ASSERT_EQ(0, attach(&self->side, 0, 1));
		ASSERT_EQ(0, attach(&self->side, 0, 2));
		ASSERT_EQ(1, send_question(&self->side, 0, 0));
		ASSERT_EQ(i, at(server, take, 0, LONG));
		EXPECT_EQ(1, at(server, take_number, 0, 0));
		ASSERT_EQ(0, at(server, done, 0, 0));
		ASSERT_EQ(0, cancel(&self->side, 0, 0));
	}
	EXPECT_EQ(before, at(server, fds, 0, 0));
	EXPECT_EQ(own, count_fds());
}

TEST_F(rule_fds, a_request_that_is_not_sent_gives_them_back)
{
	int before;

	SET_UP_PAIR(&four);
	before = count_fds();
	ASSERT_EQ(0, loan_question(&self->side, 0, 1));
	ASSERT_EQ(0, attach(&self->side, 0, 7));
	EXPECT_EQ(before + 1, count_fds());
	ASSERT_EQ(0, drop_question(&self->side, 0, 0));
	EXPECT_EQ(before, count_fds());
}

TEST_F(rule_fds, those_of_requests_that_were_pushed_out_are_closed)
{
	static const struct sluice_service_opts small = SLUICE_SERVICE_OPTS(
		.max_fds_per_message = MOST, .max_active_requests_per_client = 2);
	struct end *server = &self->end[0];
	long before, i;

	SET_UP_PAIR(&small);
	ASK_AND_TAKE(&self->side, server, 0, 0);
	ASSERT_EQ(0, at(server, done, 0, 0));
	ASSERT_EQ(0, cancel(&self->side, 0, 0));
	before = at(server, fds, 0, 0);
	for (i = 0; i < 40; i++) {
		ASSERT_EQ(0, loan_question(&self->side, 0, i));
		ASSERT_EQ(0, attach(&self->side, 0, i));
		ASSERT_EQ(1, send_question(&self->side, 0, 0));
		ASSERT_EQ(0, cancel(&self->side, 0, 0));
	}
	ASSERT_EQ(38, at(server, take, 0, LONG));
	EXPECT_EQ(38, at(server, take_number, 0, 0));
	ASSERT_EQ(39, at(server, take, 1, LONG));
	EXPECT_EQ(39, at(server, take_number, 1, 0));
	ASSERT_EQ(0, at(server, done, 0, 0));
	ASSERT_EQ(0, at(server, done, 1, 0));
	/* One descriptor of a delivery may be left until the delivery is used again. */
	EXPECT_GE(before + 6, at(server, fds, 0, 0));
}

/* ---- With responses -------------------------------------------------------- */

TEST_F(rule_fds, a_response_brings_descriptors)
{
	struct end *server = &self->end[0];
	long i;

	SET_UP_PAIR(&four);
	ASK_AND_TAKE(&self->side, server, 0, 1);
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, at(server, loan_answer, 0, i));
		ASSERT_EQ(0, at(server, attach_to_answer, 0, 20 + i));
		ASSERT_EQ(0, at(server, send_answer, 0, 0));
	}
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(i, hold(&self->side, 0, i));
	}
	for (i = 2; i >= 0; i--) {
		EXPECT_EQ(20 + i, number_in(sluice_response_take_fd(self->side.response[i])));
		EXPECT_EQ(-ENOENT, sluice_response_take_fd(self->side.response[i]));
	}
}

TEST_F(rule_fds, those_of_responses_that_were_pushed_out_are_closed)
{
	static const struct sluice_service_opts small = SLUICE_SERVICE_OPTS(
		.max_fds_per_message = MOST, .max_response_buffer_size = 2);
	struct end *server = &self->end[0];
	int before;
	long i;

	SET_UP_PAIR(&small);
	before = count_fds();
	ASK_AND_TAKE(&self->side, server, 0, 1);
	for (i = 0; i < 30; i++) {
		ASSERT_EQ(0, at(server, loan_answer, 0, i));
		ASSERT_EQ(0, at(server, attach_to_answer, 0, i));
		ASSERT_EQ(0, at(server, send_answer, 0, 0));
	}
	ASSERT_EQ(28, hold(&self->side, 0, 0));
	EXPECT_EQ(28, number_in(sluice_response_take_fd(self->side.response[0])));
	ASSERT_EQ(29, hold(&self->side, 0, 1));
	EXPECT_EQ(29, number_in(sluice_response_take_fd(self->side.response[1])));
	if (variant->place == IN_PROCESS)
		EXPECT_GE(before + 1, count_fds());
}

TEST_F(rule_fds, a_service_without_them_takes_none)
{
	SET_UP_PAIR(NULL);
	ASSERT_EQ(0, loan_question(&self->side, 0, 1));
	EXPECT_EQ(-ENOBUFS, attach(&self->side, 0, 7));
	ASSERT_EQ(1, send_question(&self->side, 0, 0));
	ASSERT_EQ(1, at(&self->end[0], take, 0, LONG));
	EXPECT_EQ(-ENOENT, at(&self->end[0], take_number, 0, 0));
}

TEST_F(rule_fds, one_that_is_none_is_refused)
{
	SET_UP_PAIR(&four);
	ASSERT_EQ(0, loan_question(&self->side, 0, 1));
	EXPECT_FAILS_INT(EBADF, sluice_request_attach_fd(self->side.request[0], -1));
	EXPECT_FAILS_INT(EBADF, sluice_request_attach_fd(self->side.request[0], 100000));
	ASSERT_EQ(1, send_question(&self->side, 0, 0));
	ASSERT_EQ(1, at(&self->end[0], take, 0, LONG));
	EXPECT_EQ(-ENOENT, at(&self->end[0], take_number, 0, 0));
}

TEST_F(rule_fds, they_stay_the_servers_after_the_client_has_died)
{
	struct end *client = &self->end[1], *server = &self->end[0];

	if (variant->place != IN_PROCESS)
		SKIP(return, "a thread cannot be killed");
	start_server(_metadata, server, variant->place, &calls, &four, NULL);
	start_client(_metadata, client, variant->place, &calls, 1);
	ASSERT_EQ(0, at(client, loan_question, 0, 1));
	ASSERT_EQ(0, at(client, attach, 0, 9));
	ASSERT_EQ(1, at(client, send_question, 0, 0));
	end_kill_and_reap(client);
	ASSERT_EQ(1, at(server, take, 0, LONG));
	EXPECT_EQ(1, EVENTUALLY(!at(server, is_connected, 0, 0)));
	EXPECT_EQ(9, at(server, take_number, 0, 0));
	EXPECT_EQ(0, at(server, done, 0, 0));
	sweep(_metadata);
}

/* attach_nothing(slot): what is no descriptor. */
static long attach_nothing(struct side *side, long slot, long unused)
{
	(void)unused;
	return sluice_reply_attach_fd(side->reply[slot], -1);
}

TEST_F(rule_fds, what_could_not_be_attached_leaves_no_trace)
{
	struct end *server = &self->end[0];

	SET_UP_PAIR(&four);
	ASSERT_EQ(0, loan_question(&self->side, 0, 7));
	EXPECT_EQ(-EBADF, sluice_request_attach_fd(self->side.request[0], -1));
	ASSERT_EQ(1, send_question(&self->side, 0, 0));
	ASSERT_EQ(7, at(server, take, 0, LONG)) TH_LOG("%s", server->result.sentence);
	ASSERT_EQ(0, at(server, loan_answer, 0, 8));
	EXPECT_EQ(-EBADF, at(server, attach_nothing, 0, 0));
	ASSERT_EQ(0, at(server, send_answer, 0, 0));
	EXPECT_EQ(8, hear(&self->side, 0, LONG)) TH_LOG("%s", sluice_strerror());
}

TEST_HARNESS_MAIN
