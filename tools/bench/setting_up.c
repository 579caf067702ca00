// SPDX-License-Identifier: MIT
/*
 * What it costs to begin: the time for a node, a service, a server and a client, until the
 * client is connected; and for the first messages between them, for which memory grows.
 *
 * Each run has three processes that were just forked, one after the other on its processor:
 * one makes an io_uring and nothing else, one is the server, one is the client.  A process
 * pays more for its first io_uring than for later ones, and that is the kernel's share of a
 * first node.  Each process writes its times into memory that it shares with the parent.
 * The client begins when a pipe tells it that the server is there.  If either fails, the
 * parent kills the other.
 */
#include "port.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <liburing.h>

#define RING_ENTRIES	64	/* as a node has */
#define RING_COMPLETIONS 4096
#define LARGE		((size_t)1 << 20)
#define MESSAGES	4	/* two that are small, two that are large */

const char *const setting_up_keys[UP_PARTS] = {
	[UP_RING] = "bare_io_uring",
	[UP_SERVER_NODE] = "server_node",
	[UP_SERVICE] = "service_created",
	[UP_SERVER] = "server",
	[UP_CLIENT_NODE] = "client_node",
	[UP_OPEN] = "service_opened",
	[UP_CLIENT] = "client",
	[UP_CONNECTED] = "connected",
	[UP_FIRST] = "first_message",
	[UP_SECOND] = "second_message",
	[UP_FIRST_LARGE] = "first_large_message",
	[UP_SECOND_LARGE] = "second_large_message",
};

const char *const setting_up_names[UP_PARTS] = {
	[UP_RING] = "kernel: the first io_uring",
	[UP_SERVER_NODE] = "server's node",
	[UP_SERVICE] = "service, created",
	[UP_SERVER] = "server",
	[UP_CLIENT_NODE] = "client's node",
	[UP_OPEN] = "service, opened",
	[UP_CLIENT] = "client",
	[UP_CONNECTED] = "client connected",
	[UP_FIRST] = "the first message, 64 B",
	[UP_SECOND] = "the second message, 64 B",
	[UP_FIRST_LARGE] = "the first of 1 MiB: memory grows",
	[UP_SECOND_LARGE] = "the second of 1 MiB",
};

/* Shared by the processes of a run. */
struct told {
	int64_t ns[UP_PARTS];
	unsigned long descriptors[2];	/* by side */
	char why[240];			/* somebody failed */
};

struct birth {
	struct told *told;
	const int *cpu;
	int ready[2];		/* a pipe: the server is there */
	struct thing thing;	/* of a message */
};

/* ---- In the processes ---------------------------------------------------- */

/* Writes the time since the last one. */
static void mark(struct birth *birth, enum setting_up_part part, int64_t *before)
{
	int64_t now = time_now();

	birth->told->ns[part] = now - *before;
	*before = time_now();
}

/*
 * A kernel that refuses io_uring is no failure of a run.  A node that waits through sockets
 * makes none.
 */
static int make_ring(struct birth *birth)
{
	const char *wait = getenv("SLUICE_WAIT");
	struct io_uring_params params = {
		.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
			 IORING_SETUP_CQSIZE,
		.cq_entries = RING_COMPLETIONS,
	};
	int64_t before = time_now();
	struct io_uring ring;

	if ((!wait || strcmp(wait, "socket") != 0) &&
	    io_uring_queue_init_params(RING_ENTRIES, &ring, &params) == 0)
		mark(birth, UP_RING, &before);
	return 0;
}

/* Descriptors of the process, without those that it had. */
static int count_descriptors(struct birth *birth, enum side side, unsigned long had)
{
	unsigned long now = 0;

	if (idle_count_descriptors(getpid(), &now) < 0)
		return -1;
	birth->told->descriptors[side] = now - had;
	return 0;
}

/* A node and its service; and the time at which they are there. */
static int open_service(struct birth *birth, struct port *port, enum setting_up_part node,
			int64_t *ret_now)
{
	*ret_now = time_now();
	if (port_make_node(port, &birth->thing) < 0)
		return -1;
	mark(birth, node, ret_now);
	if (port_make_service(port, &birth->thing) < 0)
		return -1;
	mark(birth, node + 1, ret_now);
	return 0;
}

static void set_size(struct thing *thing, unsigned int message)
{
	thing->size = thing->touched = message < MESSAGES / 2 ? LINE : LARGE;
}

static int serve(struct birth *birth, struct port *port, unsigned int message)
{
	struct sluice_active_request *request;

	set_size(&birth->thing, message);
	request = end_receive(&birth->thing, port->server);
	return request ? end_serve(&birth->thing, request) : -1;
}

static int call(struct birth *birth, struct port *port, unsigned int message)
{
	struct thing *thing = &birth->thing;
	struct sluice_request *request;
	struct sluice_pending_response *pending;

	set_size(thing, message);
	request = end_loan(thing, port->client, message);
	if (!request)
		return -1;
	pending = sluice_request_send(request);
	return end_hear(thing, pending,
			sluice_pending_response_receive(pending, thing->timeout), message);
}

/* All of it, so that the next run finds nothing that it would have to remove. */
static void end_port(struct port *port)
{
	sluice_client_destroy(port->client);
	sluice_server_destroy(port->server);
	sluice_service_close(port->service);
	sluice_node_destroy(port->node);
}

static int be_server(struct birth *birth)
{
	struct port port = { 0 };
	unsigned long had = 0;
	int64_t now;

	if (idle_count_descriptors(getpid(), &had) < 0 ||
	    open_service(birth, &port, UP_SERVER_NODE, &now) < 0)
		return -1;
	port.server = port_make_server(&port, &birth->thing);
	if (!port.server)
		return -1;
	mark(birth, UP_SERVER, &now);
	if (write(birth->ready[1], "", 1) != 1)
		return complain("pipe: %s", strerror(errno));
	for (unsigned int i = 0; i < MESSAGES; i++) {
		if (serve(birth, &port, i) < 0)
			return -1;
		if (i == 0 && count_descriptors(birth, SERVER, had) < 0)
			return -1;
	}
	end_port(&port);
	return 0;
}

static int be_client(struct birth *birth)
{
	struct port port = { 0 };
	unsigned long had = 0;
	int64_t now;
	char byte;

	if (read(birth->ready[0], &byte, 1) != 1)
		return complain("the server is gone");
	if (idle_count_descriptors(getpid(), &had) < 0 ||
	    open_service(birth, &port, UP_CLIENT_NODE, &now) < 0)
		return -1;
	port.client = sluice_client_create(port.service, NULL);
	mark(birth, UP_CLIENT, &now);
	if (sluice_client_wait_servers(port.client, 1, WAIT_LIMIT_NS) < 0)
		return because_of_sluice("the client does not meet its server");
	mark(birth, UP_CONNECTED, &now);
	for (unsigned int i = 0; i < MESSAGES; i++) {
		now = time_now();
		if (call(birth, &port, i) < 0)
			return -1;
		mark(birth, UP_FIRST + i, &now);
		if (i == 0 && count_descriptors(birth, CLIENT, had) < 0)
			return -1;
	}
	end_port(&port);
	return 0;
}

/* ---- In the parent ------------------------------------------------------- */

typedef int role_fn(struct birth *birth);

static pid_t begin(struct birth *birth, role_fn *role, enum side side)
{
	pid_t parent = getpid(), pid;

	fflush(NULL);
	pid = fork();
	if (pid)
		return pid;
	close(birth->ready[side == SERVER ? 0 : 1]);
	child_begin(parent, birth->cpu[side]);
	if (role(birth) == 0)
		_exit(0);
	memcpy(birth->told->why, complaint(), sizeof(birth->told->why));
	_exit(1);
}

static void kill_all(const pid_t *pids, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		if (pids[i] > 0)
			kill(pids[i], SIGKILL);
}

/* Waits for all, one after the other; if one fails, the others are killed. */
static int end_all(const struct birth *birth, pid_t *pids, unsigned int count,
		   const volatile sig_atomic_t *interrupts)
{
	unsigned int left = 0;
	int status, r = 0;
	pid_t pid;

	for (unsigned int i = 0; i < count; i++) {
		left += pids[i] > 0;
		if (pids[i] < 0)
			r = complain("cannot fork");
	}
	while (left) {
		if (r < 0 || *interrupts > 1)
			kill_all(pids, count);
		pid = waitpid(-1, &status, 0);
		for (unsigned int i = 0; pid > 0 && i < count; i++) {
			if (pids[i] != pid)
				continue;
			pids[i] = 0;
			left--;
			if (r == 0 && status)
				r = complain("%s", birth->told->why[0] ? birth->told->why :
					     "interrupted");
		}
	}
	return r;
}

static int run_once(struct birth *birth, const volatile sig_atomic_t *interrupts)
{
	pid_t pids[2];
	int r;

	if (pipe2(birth->ready, O_CLOEXEC) < 0)
		return complain("pipe: %s", strerror(errno));
	pids[0] = begin(birth, make_ring, CLIENT);
	r = end_all(birth, pids, 1, interrupts);
	if (r == 0) {
		pids[SERVER] = begin(birth, be_server, SERVER);
		pids[CLIENT] = begin(birth, be_client, CLIENT);
	}
	close(birth->ready[0]);
	close(birth->ready[1]);
	return r < 0 ? r : end_all(birth, pids, 2, interrupts);
}

static int prepare(struct setting_up *up, struct birth *birth, unsigned int runs)
{
	for (unsigned int i = 0; i < UP_PARTS; i++) {
		up->ns[i] = calloc(runs, sizeof(*up->ns[i]));
		if (!up->ns[i])
			return complain("no memory");
	}
	birth->told = mmap(NULL, sizeof(*birth->told), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return birth->told == MAP_FAILED ? complain("no memory") : 0;
}

int setting_up_measure(struct setting_up *up, unsigned int runs, const int cpu[2],
		       const volatile sig_atomic_t *interrupts)
{
	struct birth birth = {
		.cpu = cpu,
		.thing = { .size = LINE, .spin = -1, .timeout = SLUICE_FOREVER },
	};
	int r = prepare(up, &birth, runs);

	for (unsigned int i = 0; r == 0 && i < runs && !*interrupts; i++) {
		memset(birth.told, 0, sizeof(*birth.told));
		r = run_once(&birth, interrupts);
		for (unsigned int j = 0; j < UP_PARTS; j++)
			up->ns[j][i] = (double)birth.told->ns[j];
		up->descriptors[SERVER] = (unsigned int)birth.told->descriptors[SERVER];
		up->descriptors[CLIENT] = (unsigned int)birth.told->descriptors[CLIENT];
		up->runs = i + 1;
	}
	return r;
}

double setting_up_median(struct setting_up *up, enum setting_up_part part)
{
	return report_median_of(up->ns[part], up->runs);
}

double setting_up_all(struct setting_up *up)
{
	return setting_up_median(up, UP_SERVER_NODE) + setting_up_median(up, UP_SERVICE) +
	       setting_up_median(up, UP_SERVER) + setting_up_median(up, UP_CLIENT) +
	       setting_up_median(up, UP_CONNECTED);
}

void setting_up_free(struct setting_up *up)
{
	for (unsigned int i = 0; i < UP_PARTS; i++)
		free(up->ns[i]);
}
