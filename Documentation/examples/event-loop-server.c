/* SPDX-License-Identifier: MIT */
/*
 * event-loop-server.c - keeps a tally, for sluice clients and for TCP clients
 *
 *	event-loop-server [PORT]	a port of the loopback device; 0: any
 *
 * Shows how a node fits into an event loop that is not its own: one thread, one
 * epoll instance, and in it the node's descriptor beside a listening TCP socket and a
 * timer.  Before the loop sleeps it asks sluice_node_prepare(); only when that has
 * nothing to do may it.
 *
 * A sluice client adds an amount and is told the sum.  A TCP client is told the sum as
 * a line of text.  Every second in which something was added a line is printed.
 * SIGINT or SIGTERM ends the loop through sluice_node_interrupt(), which a signal
 * handler may call, and which no wait can miss.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "event-loop.h"
#include "usage.h"

static struct sluice_node *node;
static struct tally total;

static void on_signal(int number)
{
	(void)number;
	sluice_node_interrupt(node);
}

/* ---- Sluice clients ---- */

static void add(struct sluice_active_request *request)
{
	const struct amount *amount = request->data;
	struct sluice_reply *reply;

	total.sum += amount->amount;
	total.amounts++;
	reply = sluice_active_request_loan(request, 1);
	if (reply) {
		*(struct tally *)reply->data = total;
		if (sluice_reply_send(reply) == 0)
			return;
	}
	warnx("%s", sluice_strerror());
	sluice_reply_release(reply);
}

/* All that is there, so that TCP clients wait for one round of requests at most. */
static void serve_sluice(void)
{
	struct sluice_event event = SLUICE_EVENT();
	struct sluice_active_request *request;

	while (sluice_node_next(node, &event) > 0) {
		if (event.kind != SLUICE_EVENT_REQUEST)
			continue;
		request = sluice_server_receive(event.server, SLUICE_NOWAIT);
		if (request)
			add(request);
		sluice_active_request_release(request);
	}
}

/* ---- Everything else ---- */

static int open_listener(const char *port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)atoi(port)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t size = sizeof(address);
	int fd;

	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) || listen(fd, 16) ||
	    getsockname(fd, (struct sockaddr *)&address, &size))
		err(1, "cannot listen on port %s", port);
	printf("port %d\n", ntohs(address.sin_port));
	fflush(stdout);
	return fd;
}

static void serve_tcp(int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return;
	dprintf(fd, "%" PRId64 "\n", total.sum);
	close(fd);
}

static int open_timer(void)
{
	const struct itimerspec second = { { 1, 0 }, { 1, 0 } };
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	if (fd < 0 || timerfd_settime(fd, 0, &second, NULL))
		err(1, "cannot make a timer");
	return fd;
}

static void tick(int timer)
{
	static uint64_t before;
	uint64_t times;

	if (read(timer, &times, sizeof(times)) < 0 || total.amounts == before)
		return;
	printf("%" PRIu64 " amounts, sum %" PRId64 "\n", total.amounts, total.sum);
	before = total.amounts;
}

static int make_epoll(const int *fds, size_t count)
{
	struct epoll_event event = { .events = EPOLLIN };
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	for (size_t i = 0; i < count; i++) {
		event.data.fd = fds[i];
		if (epoll_ctl(epoll, EPOLL_CTL_ADD, fds[i], &event))
			err(1, "cannot watch a descriptor");
	}
	return epoll;
}

static void run(int epoll, int listener, int timer)
{
	struct epoll_event events[8];
	int n, ready;

	for (;;) {
		ready = sluice_node_prepare(node);
		if (ready == -EINTR)
			return;
		if (ready < 0)
			errx(1, "%s", sluice_strerror());
		if (ready)
			serve_sluice();
		/* Other ready descriptors have their turn, whether the node has work or not. */
		n = epoll_wait(epoll, events, 8, ready ? 0 : -1);
		for (int i = 0; i < n; i++) {
			if (events[i].data.fd == listener)
				serve_tcp(listener);
			else if (events[i].data.fd == timer)
				tick(timer);
		}
	}
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_signal };
	int fds[3], epoll;

	usage(argc, argv, "[PORT]");
	node = sluice_node_create("event-loop-server", NULL);
	sluice_auto(sluice_service) service = sluice_service_open(node, &tally, NULL);
	sluice_auto(sluice_server) server = sluice_server_create(service, NULL);
	if (!server)
		errx(1, "%s", sluice_strerror());

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	fds[0] = open_listener(argc > 1 ? argv[1] : "0");
	fds[1] = open_timer();
	fds[2] = sluice_node_fd(node);
	if (fds[2] < 0)
		errx(1, "%s", sluice_strerror());
	epoll = make_epoll(fds, 3);
	run(epoll, fds[0], fds[1]);

	printf("%" PRIu64 " amounts, sum %" PRId64 "\n", total.amounts, total.sum);
	close(epoll);
	close(fds[1]);
	close(fds[0]);
	sluice_node_destroy(node);
	return 0;
}
