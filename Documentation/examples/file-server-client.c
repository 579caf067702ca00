/* SPDX-License-Identifier: MIT */
/*
 * file-server-client.c - asks for a file and writes it to the standard output
 *
 * Shows that a received slice can be handed to the kernel as it is: the program's own
 * io_uring writes out of memory that only the server can change.  And what a server says
 * that ends a request with a status.
 */
#include <err.h>
#include <errno.h>
#include <liburing.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "file-server.h"
#include "usage.h"

#define ARGUMENTS "NAME"

static void write_all(struct io_uring *ring, const uint8_t *data, size_t size)
{
	struct io_uring_sqe *sqe;
	struct io_uring_cqe *cqe;
	int r;

	while (size) {
		sqe = io_uring_get_sqe(ring);
		io_uring_prep_write(sqe, STDOUT_FILENO, data, (unsigned int)size, (uint64_t)-1);
		do {
			r = io_uring_submit_and_wait(ring, 1);
		} while (r == -EINTR);
		if (r < 0 || io_uring_wait_cqe(ring, &cqe) < 0)
			errx(1, "io_uring does not work");
		if (cqe->res < 0)
			errx(1, "standard output: %s", strerror(-cqe->res));
		data += cqe->res;
		size -= (size_t)cqe->res;
		io_uring_cqe_seen(ring, cqe);
	}
}

/* The next piece; the ring may interrupt the wait for it. */
static struct sluice_response *next_piece(struct sluice_pending_response *pending)
{
	struct sluice_response *response;

	do {
		response = sluice_pending_response_receive(pending, SLUICE_FOREVER);
	} while (!response && errno == EINTR);
	return response;
}

int main(int argc, char **argv)
{
	struct sluice_status status = SLUICE_STATUS();
	struct sluice_response *response;
	struct sluice_request *request;
	struct io_uring ring;
	int r;

	usage(argc, argv, ARGUMENTS);
	if (argc != 2 || strlen(argv[1]) >= sizeof(struct file_wanted))
		errx(2, "usage: " ARGUMENTS);
	r = io_uring_queue_init(4, &ring, 0);
	if (r < 0)
		errx(1, "io_uring: %s", strerror(-r));

	sluice_auto(sluice_node) node = sluice_node_create("file-client", NULL);
	sluice_auto(sluice_service) service =
		sluice_service_open(node, &file_server, &file_server_opts);
	sluice_auto(sluice_client) client = sluice_client_create(service, NULL);
	if (sluice_client_wait_servers(client, 1, SLUICE_FOREVER) < 0)
		errx(1, "%s", sluice_strerror());

	request = sluice_client_loan_zeroed(client, 1);
	if (!request)
		errx(1, "%s", sluice_strerror());
	strcpy(((struct file_wanted *)request->data)->name, argv[1]);
	sluice_request_set_route(request, SLUICE_ROUTE_ONE);

	sluice_auto(sluice_pending_response) pending = sluice_request_send(request);
	while ((response = next_piece(pending))) {
		write_all(&ring, response->data, response->size);
		sluice_response_release(response);
	}
	if (errno == EREMOTEIO && sluice_pending_response_status(pending, &status) > 0)
		errx(1, "%s: %s", argv[1], status.text);
	if (errno != EPIPE)	/* EPIPE: that was all */
		errx(1, "%s", sluice_strerror());
	io_uring_queue_exit(&ring);
	return 0;
}
