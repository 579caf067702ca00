// SPDX-License-Identifier: GPL-2.0-only
/*
 * Round trips through two bridges, beside plain requests of libnats through the same NATS
 * server: a table of sizes.  Everything is on this machine: the programs, both bridges, and
 * the NATS server share its processors.  The responders answer with the bytes of the request.
 *
 * It needs O= (the build) in the environment, and nats-server.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <nats/nats.h>
#include <sluice.h>

#define SECOND		INT64_C(1000000000)
#define MOST		((size_t)16 << 20)
#define ROUND_NS	(SECOND / 2)	/* for each size and way */
#define TRIPS_MOST	20000u
#define SUBJECT		"measure.plain"
#define PAYLOAD		(512 << 10)	/* plain requests are cut into such parts */

static const struct sluice_contract contract = {
	.name = "measure/echo",
	.request = SLUICE_SLICE(uint8_t),
	.response = SLUICE_SLICE(uint8_t),
};

static char directory[64], url[64];
static pid_t children[8];
static unsigned int child_count;
static int64_t times[TRIPS_MOST];

/* ---- Other processes -------------------------------------------------------- */

static void end_children(void)
{
	while (child_count) {
		kill(children[--child_count], SIGTERM);
		waitpid(children[child_count], NULL, 0);
	}
	if (fork() == 0)
		execlp("rm", "rm", "-rf", "--", directory, (char *)NULL);
	wait(NULL);
}

/* 0 in the child. */
static pid_t start(void)
{
	pid_t pid = fork();

	if (pid < 0)
		err(1, "fork");
	if (pid)
		children[child_count++] = pid;
	return pid;
}

static void set_host(const char *host)
{
	char root[128];

	snprintf(root, sizeof(root), "%s/%s", directory, host);
	setenv("SLUICE_ROOT", root, 1);
}

static void start_nats(void)
{
	char path[128], text[512] = "", *at;
	FILE *file = NULL;
	pid_t pid = start();

	if (!pid) {
		execlp("nats-server", "nats-server", "-a", "127.0.0.1", "-p", "-1",
		       "--ports_file_dir", directory, "-l", "/dev/null", (char *)NULL);
		_exit(127);
	}
	snprintf(path, sizeof(path), "%s/nats-server_%d.ports", directory, pid);
	while (!(at = strstr(text, "nats://"))) {
		if (waitpid(pid, NULL, WNOHANG) == pid)
			errx(1, "nats-server does not run");
		usleep(10000);
		file = fopen(path, "r");
		if (file && !fread(text, 1, sizeof(text) - 1, file))
			text[0] = 0;
		if (file)
			fclose(file);
	}
	at[strcspn(at, "\"")] = 0;
	snprintf(url, sizeof(url), "%s", at);
}

static void start_bridge(const char *host, const char *what)
{
	char command[256];
	const char *built = getenv("O");

	snprintf(command, sizeof(command), "%s/tools/sluice", built ? built : "build");
	set_host(host);
	if (start())
		return;
	execl(command, "sluice", "bridge", what, contract.name, "--nats", url, (char *)NULL);
	_exit(127);
}

static void echo(void)
{
	struct sluice_node *node;
	struct sluice_service *service;
	struct sluice_server *server;
	struct sluice_active_request *request;

	set_host("far");
	node = sluice_node_create(NULL, NULL);
	service = sluice_service_open(node, &contract, NULL);
	server = sluice_server_create(service, NULL);
	while ((request = sluice_server_receive(server, SLUICE_FOREVER)) || errno == EINTR) {
		struct sluice_reply *reply;

		reply = request ? sluice_active_request_loan(request, request->count) : NULL;
		if (reply)
			memcpy(reply->data, request->data, request->size);
		if (reply && sluice_reply_send(reply) < 0)
			(void)sluice_reply_release(reply);
		(void)sluice_active_request_release(request);
	}
	_exit(1);
}

static void answer(natsConnection *connection, natsSubscription *subscription, natsMsg *msg,
		   void *context)
{
	(void)subscription;
	(void)context;
	natsConnection_Publish(connection, natsMsg_GetReply(msg), natsMsg_GetData(msg),
			       natsMsg_GetDataLength(msg));
	natsMsg_Destroy(msg);
}

static natsConnection *connect_plain(void)
{
	natsConnection *connection;
	natsOptions *options;

	if (natsOptions_Create(&options) != NATS_OK ||
	    natsOptions_SetURL(options, url) != NATS_OK ||
	    natsOptions_SetSendAsap(options, true) != NATS_OK ||
	    natsConnection_Connect(&connection, options) != NATS_OK)
		errx(1, "cannot connect to %s", url);
	return connection;
}

static void answer_plain(void)
{
	natsSubscription *subscription;

	natsConnection_Subscribe(&subscription, connect_plain(), SUBJECT, answer, NULL);
	for (;;)
		pause();
}

/* ---- Round trips ------------------------------------------------------------ */

/* As many requests, one after the other, as the size has parts. */
static void trip_plain(natsConnection *connection, const char *data, size_t size)
{
	size_t offset = 0;

	do {
		size_t part = size - offset < PAYLOAD ? size - offset : PAYLOAD;
		natsMsg *msg = NULL;

		if (natsConnection_Request(&msg, connection, SUBJECT, data + offset, (int)part,
					   10000) != NATS_OK)
			errx(1, "a plain request of %zu bytes has no answer", size);
		natsMsg_Destroy(msg);
		offset += part;
	} while (offset < size);
}

static void trip_bridge(struct sluice_client *client, const char *data, size_t size)
{
	struct sluice_request *request = sluice_client_loan(client, size);
	struct sluice_pending_response *pending;
	struct sluice_response *response;

	if (!request)
		errx(1, "%s", sluice_strerror());
	memcpy(request->data, data, size);
	response = sluice_request_call(request, &pending, 20 * SECOND);
	if (!response || response->size != size)
		errx(1, "a request of %zu bytes: %s", size, sluice_strerror());
	(void)sluice_response_release(response);
	(void)sluice_pending_response_release(pending);
}

static int by_value(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The median in microseconds. */
static double measure(natsConnection *plain, struct sluice_client *client, const char *data,
		      size_t size)
{
	int64_t begin = sluice_deadline(0), now = begin, last;
	unsigned int count = 0;

	while (count < TRIPS_MOST && (count < 5 || now - begin < ROUND_NS)) {
		last = sluice_deadline(0);
		if (plain)
			trip_plain(plain, data, size);
		else
			trip_bridge(client, data, size);
		now = sluice_deadline(0);
		times[count++] = now - last;
	}
	qsort(times, count, sizeof(times[0]), by_value);
	return (double)times[count / 2] / 1000;
}

static struct sluice_client *connect_bridge(void)
{
	struct sluice_client *client;

	set_host("near");
	client = sluice_client_create(sluice_service_open(sluice_node_create(NULL, NULL),
							  &contract, NULL), NULL);
	if (sluice_client_wait_servers(client, 1, 20 * SECOND) < 0)
		errx(1, "the bridges do not serve: %s", sluice_strerror());
	return client;
}

int main(void)
{
	static char data[MOST];
	struct sluice_client *client;
	natsConnection *plain;

	strcpy(directory, "/tmp/sluice-measure-XXXXXX");
	if (!mkdtemp(directory))
		err(1, "%s", directory);
	atexit(end_children);
	setenv("SLUICE_CONFIG", "/dev/null", 1);
	start_nats();
	if (!start())
		echo();
	if (!start())
		answer_plain();
	start_bridge("far", "offer");
	start_bridge("near", "use");
	client = connect_bridge();
	plain = connect_plain();
	printf("%12s %14s %14s %7s\n", "bytes", "plain NATS us", "bridges us", "ratio");
	for (size_t size = 64; size <= MOST; size *= 4) {
		double alone = measure(plain, NULL, data, size);
		double bridged = measure(NULL, client, data, size);

		printf("%12zu %14.1f %14.1f %7.2f\n", size, alone, bridged, bridged / alone);
		fflush(stdout);
	}
	return 0;
}
