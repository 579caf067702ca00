// SPDX-License-Identifier: MIT
/*
 * The loop that all peers run: a server on one processor, a client on another, and round
 * trips of 64 bytes, one after the other.
 *
 *	peer-NAME				prints the number of each way, and how it waits
 *	peer-NAME WAY DIRECTORY ROUNDS TRIPS	runs one, and prints a line of
 *		NAME WAITS MEDIAN P99 P999 MAX
 *
 * with tabs between, times in nanoseconds.  The median is over the rounds, of the time of a
 * round divided by its trips.  The other times are of trips that are timed one by one, a
 * quarter as many.
 *
 * The parent starts a daemon if the peer needs one, then the server and the client, and ends
 * them in the other order.  All die with it, and an alarm ends it if a peer hangs.
 */
#include "peer.h"

#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WARM		1000u
#define HANGS_AFTER	300	/* seconds */

struct figures {
	unsigned int rounds;
	unsigned int trips;
	double *round_ns;
	int64_t *stamps;
	unsigned int stamped;
};

const char *peer_directory;
static int ready_pipe[2];

int peer_complain(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
	return -1;
}

const char *peer_path(const char *prefix, const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s%s/%s", prefix, peer_directory, name);
	return path;
}

void message_write(void *message, uint64_t value)
{
	uint64_t *words = message;

	for (unsigned int i = 0; i < MESSAGE_WORDS; i++)
		words[i] = value;
}

uint64_t message_read(const void *message)
{
	const uint64_t *words = message;
	uint64_t difference = 0;

	for (unsigned int i = 1; i < MESSAGE_WORDS; i++)
		difference |= words[i] ^ words[0];
	return difference ? UINT64_MAX : words[0];
}

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

/* ---- The processes ------------------------------------------------------- */

/* To the first or the second processor allowed: number 0 or 1. */
static int pin(unsigned int number)
{
	cpu_set_t allowed, one;
	unsigned int seen = 0;

	if (sched_getaffinity(0, sizeof(allowed), &allowed) < 0 || CPU_COUNT(&allowed) < 2)
		return peer_complain("two processors are needed");
	CPU_ZERO(&one);
	for (size_t i = 0; i < CPU_SETSIZE && seen <= number; i++)
		if (CPU_ISSET(i, &allowed) && seen++ == number)
			CPU_SET(i, &one);
	return sched_setaffinity(0, sizeof(one), &one);
}

static void ready(void)
{
	if (write(ready_pipe[1], "", 1) != 1)
		_exit(1);
	close(ready_pipe[1]);
}

/* In a child that was just forked. */
static void begin_child(pid_t parent, unsigned int cpu)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent || pin(cpu) < 0)
		_exit(1);
}

static pid_t start_server(const struct peer *peer)
{
	pid_t parent = getpid(), pid = fork();

	if (pid)
		return pid;
	begin_child(parent, 1);
	close(ready_pipe[0]);
	peer->serve(ready);
	_exit(1);
}

static int await_server(void)
{
	char byte;

	close(ready_pipe[1]);
	return read(ready_pipe[0], &byte, 1) == 1 ? 0 : peer_complain("the server has failed");
}

static void end(pid_t pid)
{
	if (pid <= 0)
		return;
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
}

/* ---- The loop ------------------------------------------------------------ */

static int call(const struct peer *peer)
{
	static uint64_t value;
	uint64_t answer = 0;

	if (peer->call(++value, &answer) < 0)
		return -1;
	return answer == value + 1 ? 0 : peer_complain("an answer is not what was written");
}

static int run_round(const struct peer *peer, struct figures *figures, unsigned int round)
{
	int64_t begin = now(), before, after;

	for (unsigned int i = 0; i < figures->trips; i++)
		if (call(peer) < 0)
			return -1;
	before = now();
	figures->round_ns[round] = (double)(before - begin) / figures->trips;
	for (unsigned int i = 0; i < figures->trips / 4; i++) {
		if (call(peer) < 0)
			return -1;
		after = now();
		figures->stamps[figures->stamped++] = after - before;
		before = after;
	}
	return 0;
}

static int run(const struct peer *peer, struct figures *figures)
{
	if (await_server() < 0 || peer->connect() < 0)
		return -1;
	for (unsigned int i = 0; i < WARM; i++)
		if (call(peer) < 0)
			return -1;
	for (unsigned int i = 0; i < figures->rounds; i++)
		if (run_round(peer, figures, i) < 0)
			return -1;
	return 0;
}

static int compare_rounds(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int compare_stamps(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static long long quantile(const struct figures *figures, double share)
{
	return figures->stamps[(size_t)((figures->stamped - 1) * share)];
}

static void print(const struct peer *peer, struct figures *figures)
{
	qsort(figures->round_ns, figures->rounds, sizeof(*figures->round_ns), compare_rounds);
	qsort(figures->stamps, figures->stamped, sizeof(*figures->stamps), compare_stamps);
	printf("%s\t%s\t%.0f\t%lld\t%lld\t%lld\n", peer->name, peer->waits,
	       figures->round_ns[figures->rounds / 2], quantile(figures, 0.99),
	       quantile(figures, 0.999), quantile(figures, 1));
}

static pid_t start_client(const struct peer *peer, struct figures *figures)
{
	pid_t parent = getpid(), pid = fork();

	if (pid)
		return pid;
	begin_child(parent, 0);
	if (run(peer, figures) < 0)
		_exit(1);
	print(peer, figures);
	fflush(NULL);
	if (peer->leave)
		peer->leave();
	_exit(0);	/* a peer's threads may still run */
}

static int measure(const struct peer *peer, struct figures *figures)
{
	pid_t daemon_process = peer->prepare ? peer->prepare() : 0, server, client;
	int status = -1;

	if (daemon_process < 0 || pipe(ready_pipe) < 0)
		return -1;
	server = start_server(peer);
	client = start_client(peer, figures);
	close(ready_pipe[0]);
	close(ready_pipe[1]);
	if (client > 0)
		waitpid(client, &status, 0);
	end(server);
	end(daemon_process);
	return status ? -1 : 0;
}

static void list(void)
{
	for (unsigned int i = 0; peers[i].name; i++)
		printf("%u\t%s\t%s\n", i, peers[i].name, peers[i].waits);
}

int main(int argc, char **argv)
{
	struct figures figures = { 0 };
	const struct peer *peer;

	if (argc != 5) {
		list();
		return 0;
	}
	peer = &peers[atoi(argv[1])];
	peer_directory = argv[2];
	figures.rounds = (unsigned int)atoi(argv[3]);
	figures.trips = (unsigned int)atoi(argv[4]);
	figures.round_ns = calloc(figures.rounds, sizeof(*figures.round_ns));
	figures.stamps = calloc((size_t)figures.rounds * figures.trips, sizeof(int64_t));
	if (!figures.round_ns || !figures.stamps)
		return 1;
	alarm(HANGS_AFTER);
	return measure(peer, &figures) < 0;
}
