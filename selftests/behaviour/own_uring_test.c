// SPDX-License-Identifier: GPL-2.0-only
/*
 * Slices are memory like any other for a program's own io_uring: a file is read and a
 * socket received straight into a loaned one, and both are written out of a received
 * one, which the process could not write.
 */
#include "steps.h"

#include <liburing.h>

#define SIZE	(3 * 65536 + 17)

static const struct sluice_service_opts aligned = SLUICE_SERVICE_OPTS(
	.request_alignment = 4096,
	.response_alignment = 4096);

FIXTURE(own_uring)
{
	struct root root;
	struct side side;
	struct io_uring ring;
	unsigned char *bytes;
};

FIXTURE_SETUP(own_uring)
{
	int r = io_uring_queue_init(4, &self->ring, 0);

	if (r == -EPERM || r == -ENOSYS)
		SKIP(return, "the system does not allow io_uring");
	ASSERT_EQ(0, r);
	root_make(_metadata, &self->root);
	ASSERT_EQ(0, open_service(&self->side, PTR(&blobs), PTR(&aligned)));
	ASSERT_EQ(0, open_server(&self->side, 0, 0));
	ASSERT_EQ(0, open_client(&self->side, 0, 0));
	self->bytes = malloc(SIZE);
	ASSERT_NE(NULL, self->bytes);
	pattern_fill(self->bytes, SIZE, 5);
}

FIXTURE_TEARDOWN(own_uring)
{
	leave(&self->side, 0, 0);
	free(self->bytes);
	TEARDOWN_CHECKS(&self->root);
	io_uring_queue_exit(&self->ring);
}

/* Waits for one operation, which was prepared; what it returns. */
static int done_by(struct io_uring *ring)
{
	struct io_uring_cqe *cqe;
	int result;

	do {
		result = io_uring_submit_and_wait(ring, 1);
	} while (result == -EINTR);
	if (result < 0 || io_uring_wait_cqe(ring, &cqe) < 0)
		return -EIO;
	result = cqe->res;
	io_uring_cqe_seen(ring, cqe);
	return result;
}

/* A file on a disk, if /var/tmp is on one, that is read past the page cache, if it can be. */
static int file_with(const unsigned char *bytes)
{
	char name[] = "/var/tmp/sluice-test.XXXXXX", path[64];
	int fd = mkstemp(name), direct;

	if (fd < 0)
		return -errno;
	unlink(name);
	if (write(fd, bytes, SIZE) != SIZE || fsync(fd))
		return -errno;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	direct = open(path, O_RDWR | O_DIRECT | O_CLOEXEC);
	if (direct < 0)
		return fd;
	close(fd);
	return direct;
}

/* Sends what is loaned and takes it at the other end. */
static struct sluice_active_request *pass_on(struct side *side, struct sluice_request *request)
{
	side->pending[0] = sluice_request_send(request);
	return sluice_server_receive(side->server, LONG);
}

TEST_F(own_uring, a_file_is_read_into_a_request_and_written_out_of_it)
{
	size_t whole = (SIZE + 4095) / 4096 * 4096;
	struct sluice_active_request *active;
	struct sluice_request *request;
	int fd = file_with(self->bytes);

	ASSERT_LE(0, fd);
	request = sluice_client_loan(self->side.client, whole);
	ASSERT_NE(NULL, request);
	ASSERT_EQ(0, (uintptr_t)request->data % 4096);
	io_uring_prep_read(io_uring_get_sqe(&self->ring), fd, request->data, (unsigned int)whole, 0);
	ASSERT_EQ(SIZE, done_by(&self->ring));
	ASSERT_EQ(0, sluice_request_shorten(request, SIZE));
	active = pass_on(&self->side, request);
	ASSERT_NE(NULL, active);
	EXPECT_EQ(SIZE, active->size);
	EXPECT_TRUE(pattern_holds(active->data, SIZE, 5));

	/* Out of it, a block's worth, to where there is nothing yet. */
	ASSERT_EQ(0, ftruncate(fd, 0));
	io_uring_prep_write(io_uring_get_sqe(&self->ring), fd, active->data, 65536, 0);
	ASSERT_EQ(65536, done_by(&self->ring));
	close(fd);
	ASSERT_EQ(0, sluice_active_request_release(active));
}

TEST_F(own_uring, a_socket_is_received_into_a_reply_and_sent_out_of_it)
{
	struct sluice_active_request *active;
	struct sluice_response *response;
	struct sluice_reply *reply;
	static unsigned char back[SIZE];
	size_t got = 0, sent = 0;
	int pair[2], n;

	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
	active = pass_on(&self->side, sluice_client_loan(self->side.client, 1));
	ASSERT_NE(NULL, active);
	reply = sluice_active_request_loan(active, SIZE);
	ASSERT_NE(NULL, reply);
	while (got < SIZE) {
		n = (int)(SIZE - sent < 65536 ? SIZE - sent : 65536);
		if (n) {
			ASSERT_EQ(n, send(pair[0], self->bytes + sent, (size_t)n, 0));
			sent += (size_t)n;
		}
		io_uring_prep_recv(io_uring_get_sqe(&self->ring), pair[1],
				   (unsigned char *)reply->data + got, SIZE - got, 0);
		n = done_by(&self->ring);
		ASSERT_LT(0, n);
		got += (size_t)n;
	}
	ASSERT_EQ(0, sluice_reply_send(reply));
	response = sluice_pending_response_receive(self->side.pending[0], LONG);
	ASSERT_NE(NULL, response);
	EXPECT_TRUE(pattern_holds(response->data, SIZE, 5));

	for (sent = 0; sent < SIZE; sent += (size_t)n) {
		io_uring_prep_send(io_uring_get_sqe(&self->ring), pair[0],
				   (const unsigned char *)response->data + sent,
				   SIZE - sent < 65536 ? SIZE - sent : 65536, 0);
		n = done_by(&self->ring);
		ASSERT_LT(0, n);
		ASSERT_EQ(n, recv(pair[1], back + sent, (size_t)n, MSG_WAITALL));
	}
	EXPECT_TRUE(pattern_holds(back, SIZE, 5));
	ASSERT_EQ(0, sluice_response_release(response));
	ASSERT_EQ(0, sluice_active_request_release(active));
	close(pair[0]);
	close(pair[1]);
}

/* The kernel writes no more than the process could into what was received. */
TEST_F(own_uring, nothing_is_read_into_what_was_received)
{
	struct sluice_active_request *active;
	struct sluice_request *request;
	int fd = file_with(self->bytes);

	ASSERT_LE(0, fd);
	request = sluice_client_loan_zeroed(self->side.client, 4096);
	ASSERT_NE(NULL, request);
	active = pass_on(&self->side, request);
	ASSERT_NE(NULL, active);
	io_uring_prep_read(io_uring_get_sqe(&self->ring), fd, (void *)(uintptr_t)active->data,
			   4096, 0);
	EXPECT_EQ(-EFAULT, done_by(&self->ring));
	EXPECT_TRUE(all_zero(active->data, 4096));
	ASSERT_EQ(0, sluice_active_request_release(active));
	close(fd);
}

TEST_HARNESS_MAIN
