// SPDX-License-Identifier: GPL-2.0-only
/*
 * What it costs to begin: time and page faults of making a node, a service, a
 * server and a client, and of the first message of 1 MiB between two fresh
 * processes, from the loan until its answer is there, all growth included.
 *
 * Nothing is judged here.  Each figure is the median of 21 runs, each of which is
 * a program that was just started: this one, with the argument "run".
 */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <sluice.h>

#define RUNS	21
#define SIZE	((size_t)1 << 20)

enum {
	NODE, SERVICE, SERVER, CLIENT, CONNECT,
	LOAN, WRITE, ANSWER, MESSAGE, READER,
	STEPS,
};

static const char *const names[] = {
	[NODE] = "node",
	[SERVICE] = "service, created",
	[SERVER] = "server",
	[CLIENT] = "client",
	[CONNECT] = "client connected",
	[LOAN] = "1 MiB: loan",
	[WRITE] = "1 MiB: write",
	[ANSWER] = "1 MiB: send, read there, answer",
	[MESSAGE] = "1 MiB: all of it",
	[READER] = "1 MiB: at the server",
};

struct cost {
	int64_t ns;
	int64_t faults;
};

static const struct sluice_contract first = {
	.name = "test/first",
	.request = SLUICE_SLICE(uint8_t),
	.response = SLUICE_SLICE(uint8_t),
};

static struct cost look(void)
{
	struct rusage usage;
	struct timespec time;

	getrusage(RUSAGE_SELF, &usage);
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (struct cost){
		.ns = time.tv_sec * INT64_C(1000000000) + time.tv_nsec,
		.faults = usage.ru_minflt + usage.ru_majflt,
	};
}

static struct cost since(struct cost begin)
{
	struct cost end = look();

	return (struct cost){ end.ns - begin.ns, end.faults - begin.faults };
}

static void put(int fd, const void *data, size_t size)
{
	if (write(fd, data, size) != (ssize_t)size)
		err(1, "pipe");
}

static void get(int fd, void *data, size_t size)
{
	if (read(fd, data, size) != (ssize_t)size)
		errx(1, "the other process is gone");
}

/* The server's process: its own objects, then one request. */
static void serve(int out)
{
	struct sluice_active_request *request;
	struct cost cost[STEPS], begin;
	struct sluice_service *service;
	struct sluice_server *server;
	struct sluice_reply *reply;
	struct sluice_node *node;
	const uint8_t *bytes;
	unsigned long sum = 0;
	size_t i;

	memset(cost, 0, sizeof(cost));
	begin = look();
	node = sluice_node_create("server", NULL);
	cost[NODE] = since(begin);
	begin = look();
	service = sluice_service_open(node, &first, NULL);
	cost[SERVICE] = since(begin);
	begin = look();
	server = sluice_server_create(service, NULL);
	cost[SERVER] = since(begin);
	if (!server)
		errx(1, "%s", sluice_strerror());
	put(out, cost, sizeof(cost));
	request = sluice_server_receive(server, SLUICE_FOREVER);
	if (!request)
		errx(1, "%s", sluice_strerror());
	begin = look();
	bytes = request->data;
	for (i = 0; i < request->size; i += 64)
		sum += bytes[i];
	reply = sluice_active_request_loan(request, sizeof(sum));
	if (!reply)
		errx(1, "%s", sluice_strerror());
	memcpy(reply->data, &sum, sizeof(sum));
	if (sluice_reply_send(reply) < 0 ||
	    sluice_active_request_release(request) < 0)
		errx(1, "%s", sluice_strerror());
	cost[READER] = since(begin);
	put(out, cost, sizeof(cost));
	sluice_server_destroy(server);
	sluice_service_close(service);
	sluice_node_destroy(node);
}

/* The client's: the same up to the first message and its answer. */
static void call(int in, struct cost *cost)
{
	struct sluice_pending_response *pending;
	struct cost theirs[STEPS], begin, all;
	struct sluice_response *response;
	struct sluice_request *request;
	struct sluice_service *service;
	struct sluice_client *client;
	struct sluice_node *node;

	get(in, theirs, sizeof(theirs));
	memcpy(cost, theirs, sizeof(theirs));
	node = sluice_node_create("client", NULL);
	service = sluice_service_open(node, &first, NULL);
	begin = look();
	client = sluice_client_create(service, NULL);
	cost[CLIENT] = since(begin);
	if (sluice_client_wait_servers(client, 1, SLUICE_FOREVER) < 0)
		errx(1, "%s", sluice_strerror());
	cost[CONNECT] = since(begin);

	all = begin = look();
	request = sluice_client_loan(client, SIZE);
	if (!request)
		errx(1, "%s", sluice_strerror());
	cost[LOAN] = since(begin);
	begin = look();
	memset(request->data, 1, request->size);
	cost[WRITE] = since(begin);
	begin = look();
	pending = sluice_request_send(request);
	response = sluice_pending_response_receive(pending, SLUICE_FOREVER);
	if (!response)
		errx(1, "%s", sluice_strerror());
	cost[ANSWER] = since(begin);
	cost[MESSAGE] = since(all);
	get(in, theirs, sizeof(theirs));
	cost[READER] = theirs[READER];
	sluice_response_release(response);
	sluice_pending_response_release(pending);
	sluice_client_destroy(client);
	sluice_service_close(service);
	sluice_node_destroy(node);
}

/* A child that writes into the second descriptor what its parent reads from the first. */
static pid_t fork_with_pipe(int pipes[2])
{
	pid_t pid;

	if (pipe(pipes))
		err(1, "pipe");
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	return pid;
}

/* One run, in a program of its own; the figures go to stdout, in binary. */
static int run(void)
{
	struct cost cost[STEPS];
	int pipes[2], status;
	pid_t pid;

	pid = fork_with_pipe(pipes);
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		serve(pipes[1]);
		return 0;
	}
	close(pipes[1]);
	call(pipes[0], cost);
	if (waitpid(pid, &status, 0) != pid || status)
		errx(1, "the server failed");
	put(STDOUT_FILENO, cost, sizeof(cost));
	return 0;
}

static void run_program(const char *program, struct cost *cost)
{
	int pipes[2], status;
	pid_t pid;

	pid = fork_with_pipe(pipes);
	if (!pid) {
		dup2(pipes[1], STDOUT_FILENO);
		execl(program, program, "run", (char *)NULL);
		err(1, "%s", program);
	}
	close(pipes[1]);
	get(pipes[0], cost, STEPS * sizeof(*cost));
	close(pipes[0]);
	if (waitpid(pid, &status, 0) != pid || status)
		errx(1, "a run failed");
}

static int compare(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

	return (left > right) - (left < right);
}

static int64_t median(int64_t *values)
{
	qsort(values, RUNS, sizeof(*values), compare);
	return values[RUNS / 2];
}

int main(int argc, char **argv)
{
	struct cost cost[RUNS][STEPS];
	int64_t ns[RUNS], faults[RUNS];
	size_t i, k;

	if (argc == 2 && !strcmp(argv[1], "run"))
		return run();
	for (i = 0; i < RUNS; i++)
		run_program("/proc/self/exe", cost[i]);
	printf("%-34s %12s %12s   (medians of %d)\n", "", "microseconds",
	       "page faults", RUNS);
	for (k = 0; k < STEPS; k++) {
		for (i = 0; i < RUNS; i++) {
			ns[i] = cost[i][k].ns;
			faults[i] = cost[i][k].faults;
		}
		printf("%-34s %12.1f %12jd\n", names[k], median(ns) / 1000.0,
		       (intmax_t)median(faults));
	}
	return 0;
}
