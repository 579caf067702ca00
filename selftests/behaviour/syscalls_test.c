// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two processes that never sleep: a client and a server, each of which looks for
 * the next message with SLUICE_NOWAIT until it is there.  Run by syscalls_test.sh,
 * which counts what they ask of the kernel; what they ask of malloc, this program
 * counts itself, by standing in front of libc's.
 *
 *	syscalls_test ROUNDS
 *
 * prints one line, "ROUNDS MALLOCS MALLOCS": those of the client, then those of
 * the server, from start to end.  Exit status 4 means that it cannot be measured
 * here, with the reason on stderr.
 */
#include <err.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <signal.h>
#include <unistd.h>

#include "allocations.h"
#include "counted.h"

static const struct sluice_node_opts uring = SLUICE_NODE_OPTS(
	.wait = SLUICE_WAIT_URING);

/*
 * What the two share beside the library.  Meeting and parting go in phases, each of
 * which one of them ends while the other does nothing, so that both take the same
 * calls every time.
 */
enum phase {
	BEGIN,
	SERVER_READY,
	FIRST_SENT,
	FIRST_ANSWERED,
	FIRST_HEARD,		/* from here on both go at full speed */
	CLIENT_LEFT,
	SERVER_LEFT,
};

static struct {
	unsigned int phase;
	unsigned long mallocs;	/* of the server */
} *shared;

static void enter(enum phase phase)
{
	__atomic_store_n(&shared->phase, phase, __ATOMIC_SEQ_CST);
}

/* Waits without asking the kernel for anything. */
static void await(enum phase phase)
{
	while (__atomic_load_n(&shared->phase, __ATOMIC_SEQ_CST) < phase)
		;
}

/* The client does not wait for a server that has failed. */
static void server_ended(int signal)
{
	(void)signal;
	if (__atomic_load_n(&shared->phase, __ATOMIC_SEQ_CST) < SERVER_LEFT)
		_exit(1);
}

/*
 * A node looks once more at what it has entered, some 100 ms after it.  That is over before
 * the first message, however few there are.
 */
static void settle(struct sluice_node *node)
{
	const struct timespec pause = { .tv_nsec = 200 * 1000 * 1000 };

	for (int i = 0; i < 2; i++) {
		nanosleep(&pause, NULL);
		sluice_node_wait(node, SLUICE_NOWAIT);
	}
}

static void serve(unsigned long rounds)
{
	struct sluice_node *node = sluice_node_create("server", &uring);
	struct sluice_service *service = sluice_service_open(node, &numbers, NULL);
	struct sluice_server *server = sluice_server_create(service, NULL);
	struct sluice_active_request *request;
	const struct number *number;
	struct sluice_reply *reply;
	unsigned long i;

	if (!server)
		errx(1, "%s", sluice_strerror());
	settle(node);
	enter(SERVER_READY);
	await(FIRST_SENT);
	for (i = 0; i < rounds; i++) {
		while (!(request = sluice_server_receive(server, SLUICE_NOWAIT)))
			if (errno != EAGAIN)
				errx(1, "%s", sluice_strerror());
		number = request->data;
		reply = sluice_active_request_loan(request, 1);
		if (!reply)
			errx(1, "%s", sluice_strerror());
		((struct number *)reply->data)->value = number->value + 1;
		if (sluice_reply_send(reply) < 0 ||
		    sluice_active_request_release(request) < 0)
			errx(1, "%s", sluice_strerror());
		if (i == 0) {
			enter(FIRST_ANSWERED);
			await(FIRST_HEARD);
		}
	}
	await(CLIENT_LEFT);
	sluice_server_destroy(server);
	sluice_service_close(service);
	sluice_node_destroy(node);
	shared->mallocs = allocations;
	enter(SERVER_LEFT);
}

static struct sluice_pending_response *send(struct sluice_client *client,
					    uint64_t value)
{
	struct sluice_request *request = sluice_client_loan(client, 1);
	struct sluice_pending_response *pending;

	if (!request)
		errx(1, "%s", sluice_strerror());
	((struct number *)request->data)->value = value;
	pending = sluice_request_send(request);
	if (!pending)
		errx(1, "%s", sluice_strerror());
	return pending;
}

static void hear(struct sluice_pending_response *pending, uint64_t value)
{
	struct sluice_response *response;
	const struct number *number;

	while (!(response = sluice_pending_response_receive(pending,
							    SLUICE_NOWAIT)))
		if (errno != EAGAIN)
			errx(1, "%s", sluice_strerror());
	number = response->data;
	if (number->value != value)
		errx(1, "heard %ju and not %ju", (uintmax_t)number->value,
		     (uintmax_t)value);
	sluice_response_release(response);
	while (sluice_pending_response_receive(pending, SLUICE_NOWAIT) ||
	       errno == EAGAIN)
		;
	if (errno != EPIPE)
		errx(1, "%s", sluice_strerror());
	sluice_pending_response_release(pending);
}

static void call(unsigned long rounds)
{
	struct sluice_pending_response *pending;
	struct sluice_service *service;
	struct sluice_client *client;
	struct sluice_node *node;
	unsigned long i;

	await(SERVER_READY);
	node = sluice_node_create("client", &uring);
	service = sluice_service_open(node, &numbers, NULL);
	client = sluice_client_create(service, NULL);
	settle(node);
	for (i = 0; i < rounds; i++) {
		pending = send(client, i);
		if (sluice_pending_response_servers(pending) != 1)
			errx(1, "the server is not there");
		if (i == 0) {
			enter(FIRST_SENT);
			await(FIRST_ANSWERED);
		}
		hear(pending, i + 1);
		if (i == 0)
			enter(FIRST_HEARD);
	}
	sluice_client_destroy(client);
	sluice_service_close(service);
	sluice_node_destroy(node);
	enter(CLIENT_LEFT);
}

int main(int argc, char **argv)
{
	unsigned long rounds;
	int status;
	pid_t pid;

#ifdef SANITIZED
	warnx("a sanitizer makes system calls and allocates by itself");
	return SKIP;
#endif
	if (argc != 2)
		errx(2, "usage: %s ROUNDS", argv[0]);
	rounds = strtoul(argv[1], NULL, 0);
	check_node(&uring);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		err(1, "mmap");
	signal(SIGCHLD, server_ended);
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		serve(rounds);
		return 0;
	}
	call(rounds);
	await(SERVER_LEFT);
	signal(SIGCHLD, SIG_DFL);
	if (waitpid(pid, &status, 0) != pid || status)
		errx(1, "the server failed");
	printf("%s %lu %lu\n", argv[1], allocations, shared->mallocs);
	return 0;
}
