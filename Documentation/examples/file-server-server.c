/* SPDX-License-Identifier: MIT */
/*
 * file-server-server.c - reads files from the disk straight into its replies
 *
 * Shows that a loaned slice is memory like any other: the program's own io_uring reads
 * into it, and with O_DIRECT the disk writes the bytes where the client has mapped them.
 * Such a ring may interrupt waits of its thread, so EINTR is no reason to give up.
 * Serves the files of a directory until SIGINT or SIGTERM.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE		/* O_DIRECT */
#endif
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "file-server.h"
#include "usage.h"

#define ARGUMENTS "DIRECTORY"

#define SECOND	INT64_C(1000000000)

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

/* A file of the directory, or -1 with errno.  Not every file system has O_DIRECT. */
static int open_file(int directory, const struct file_wanted *wanted)
{
	char name[sizeof(wanted->name)];
	int fd;

	/* The client may change it while it is read: what is checked is a copy. */
	memcpy(name, wanted->name, sizeof(name));
	if (!memchr(name, 0, sizeof(name)) || strchr(name, '/')) {
		errno = EINVAL;
		return -1;
	}
	fd = openat(directory, name, O_RDONLY | O_DIRECT | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == EINVAL)
		fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	return fd;
}

/* Reads at an offset into a slice.  Bytes, or -errno. */
static int read_into(struct io_uring *ring, int fd, void *data, unsigned int size, off_t offset)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(ring);
	struct io_uring_cqe *cqe;
	int r;

	io_uring_prep_read(sqe, fd, data, size, (uint64_t)offset);
	do {
		r = io_uring_submit_and_wait(ring, 1);
	} while (r == -EINTR);
	if (r < 0 || io_uring_wait_cqe(ring, &cqe) < 0)
		errx(1, "io_uring does not work");
	r = cqe->res;
	io_uring_cqe_seen(ring, cqe);
	return r;
}

/* The next piece of a file.  Bytes; 0 at its end; or -errno. */
static int send_piece(struct io_uring *ring, int fd, off_t offset,
		      struct sluice_active_request *request)
{
	struct sluice_reply *reply = sluice_active_request_loan(request, PIECE);
	int size, r;

	if (!reply)
		return -errno;
	size = read_into(ring, fd, reply->data, PIECE, offset);
	if (size <= 0) {
		sluice_reply_release(reply);
		return size;
	}
	sluice_reply_shorten(reply, (size_t)size);
	do {
		r = sluice_reply_send(reply);
	} while (r == -EINTR && !stop);
	if (r == 0)
		return size;
	sluice_reply_release(reply);	/* if it is still ours */
	return r;
}

/* All of a file.  0 or -errno. */
static int send_file(struct io_uring *ring, int directory, struct sluice_active_request *request)
{
	int fd = open_file(directory, request->data), size;
	off_t offset = 0;

	if (fd < 0)
		return -errno;
	while ((size = send_piece(ring, fd, offset, request)) > 0)
		offset += size;
	close(fd);
	return size;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct sluice_active_request *request;
	struct io_uring ring;
	int directory, r;

	usage(argc, argv, ARGUMENTS);
	if (argc != 2)
		errx(2, "usage: " ARGUMENTS);
	directory = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0)
		err(1, "%s", argv[1]);
	r = io_uring_queue_init(4, &ring, 0);
	if (r < 0)
		errx(1, "io_uring: %s", strerror(-r));
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);

	sluice_auto(sluice_node) node = sluice_node_create("file-server", NULL);
	sluice_auto(sluice_service) service =
		sluice_service_open(node, &file_server, &file_server_opts);
	sluice_auto(sluice_server) server = sluice_server_create(service, NULL);
	if (!server)
		errx(1, "%s", sluice_strerror());

	while (!stop) {
		/* A second at most, so that no signal is overlooked for longer. */
		request = sluice_server_receive(server, SECOND);
		if (!request && errno != ETIMEDOUT && errno != EINTR)
			errx(1, "%s", sluice_strerror());
		if (!request)
			continue;
		r = send_file(&ring, directory, request);
		if (r < 0)
			sluice_active_request_end(request, -r, strerror(-r));
		else
			sluice_active_request_release(request);
	}
	io_uring_queue_exit(&ring);
	close(directory);
	return 0;
}
