// SPDX-License-Identifier: GPL-2.0-only
/*
 * What sluice gc is tried on:
 *
 *	gc_test orphan		a server, and a child of it that was made behind libc's
 *				back and so holds its locks; prints both pids, and waits
 *				to be killed
 *	gc_test visit TIMES	opens a service with a client and a server, has them meet
 *				and exchange a message, and leaves; again and again
 */
#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <sluice.h>

#define LONG	(INT64_C(20) * 1000 * 1000 * 1000)

struct number { uint64_t value; };

static const struct sluice_contract contract = {
	.name = "selftest/gc",
	.request = SLUICE_TYPE(struct number),
	.response = SLUICE_TYPE(struct number),
};

static int orphan(void)
{
	sluice_auto(sluice_node) node = sluice_node_create("orphan", NULL);
	sluice_auto(sluice_service) service = sluice_service_open(node, &contract, NULL);
	sluice_auto(sluice_server) server = sluice_server_create(service, NULL);
	long child;

	if (!server)
		errx(1, "%s", sluice_strerror());
	child = syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
	if (child > 0) {
		printf("%d %ld\n", getpid(), child);
		fflush(stdout);
	}
	for (;;)
		pause();
}

/* Others visit at the same time, so a request reaches their servers too. */
static void exchange(struct sluice_client *client, struct sluice_server *server)
{
	sluice_auto(sluice_pending_response) pending = NULL;
	struct sluice_active_request *request;

	if (sluice_client_wait_servers(client, 1, LONG) < 0)
		errx(1, "wait: %s", sluice_strerror());
	pending = sluice_request_send(sluice_client_loan_zeroed(client, 1));
	if (!pending)
		errx(1, "send: %s", sluice_strerror());
	request = sluice_server_receive(server, 0);
	sluice_active_request_release(request);
}

static void visit(void)
{
	sluice_auto(sluice_node) node = sluice_node_create("visitor", NULL);
	sluice_auto(sluice_service) service = sluice_service_open(node, &contract, NULL);
	sluice_auto(sluice_server) server = sluice_server_create(service, NULL);
	sluice_auto(sluice_client) client = sluice_client_create(service, NULL);

	if (!server || !client)
		errx(1, "%s", sluice_strerror());
	exchange(client, server);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "orphan"))
		return orphan();
	if (argc != 3 || strcmp(argv[1], "visit"))
		errx(3, "orphan, or visit TIMES?");
	for (int times = atoi(argv[2]); times > 0; times--)
		visit();
	return 0;
}
