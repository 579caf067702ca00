/* SPDX-License-Identifier: MIT */
/*
 * event-loop-client.c - adds amounts to the tally, and asks for it over TCP too
 *
 *	event-loop-client PORT AMOUNT...
 *
 * Shows sluice_request_call(), which sends and waits in one call, with a deadline that
 * the server sees as well.  Exits 0 if the sum that TCP tells is at least the last one
 * that sluice told: both are served by one thread.
 */
#include <arpa/inet.h>
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "event-loop.h"
#include "usage.h"

#define ARGUMENTS "PORT AMOUNT..."

#define SECOND	INT64_C(1000000000)

static int64_t add(struct sluice_client *client, int64_t number)
{
	sluice_auto(sluice_pending_response) pending = NULL;
	struct sluice_request *request;
	int64_t sum;

	request = sluice_client_loan(client, 1);
	if (!request)
		errx(1, "%s", sluice_strerror());
	((struct amount *)request->data)->amount = number;
	sluice_request_set_deadline(request, sluice_deadline(10 * SECOND));

	sluice_auto(sluice_response) response =
		sluice_request_call(request, &pending, SLUICE_FOREVER);
	if (!response)
		errx(1, "%s", sluice_strerror());
	sum = ((const struct tally *)response->data)->sum;
	printf("added %" PRId64 ": %" PRId64 "\n", number, sum);
	return sum;
}

static int64_t ask_over_tcp(const char *port)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)atoi(port)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	char line[32] = "";
	ssize_t size;
	int fd;

	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)))
		err(1, "cannot connect to port %s", port);
	size = read(fd, line, sizeof(line) - 1);
	if (size <= 0)
		err(1, "no answer from port %s", port);
	close(fd);
	return strtoll(line, NULL, 10);
}

int main(int argc, char **argv)
{
	int64_t sum = 0, told;

	usage(argc, argv, ARGUMENTS);
	if (argc < 3)
		errx(2, "usage: " ARGUMENTS);

	sluice_auto(sluice_node) node = sluice_node_create("event-loop-client", NULL);
	sluice_auto(sluice_service) service = sluice_service_open(node, &tally, NULL);
	sluice_auto(sluice_client) client = sluice_client_create(service, NULL);
	if (sluice_client_wait_servers(client, 1, 10 * SECOND) < 0)
		errx(1, "%s", sluice_strerror());

	for (int i = 2; i < argc; i++)
		sum = add(client, strtoll(argv[i], NULL, 10));
	told = ask_over_tcp(argv[1]);
	printf("over TCP: %" PRId64 "\n", told);
	return told >= sum ? 0 : 1;
}
