// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long clients wait when each request goes to the least busy server, against one queue
 * that all servers share.
 *
 * Each client is a process that sends a request, waits for the answer, and sends the next.
 * Each worker is a process that sleeps for its service time, so two processors suffice for
 * any number of them; worker i takes 1 + i modulo 4 times 40 ms.  A wait is from sending
 * to the answer.  Those of the first seconds are left out: until a worker has finished some
 * requests nobody knows how fast it is.
 *
 * The ideal is computed: the same clients and workers, each worker with the mean time that
 * it really took, and one queue, from which whoever is free takes the oldest request.
 *
 * Nothing is judged here.  The output is a table; arguments are seconds to measure (6),
 * and a number of clients and of workers if only one row is wanted.
 */
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <sluice.h>

#define MILLISECOND	INT64_C(1000000)
#define SECOND		(1000 * MILLISECOND)
#define CLIENTS_MAX	64
#define WORKERS_MAX	16

struct job {
	uint64_t number;
};

struct result {
	uint64_t worker;
};

static const struct sluice_contract contract = {
	.name = "measure/route",
	.request = SLUICE_TYPE(struct job),
	.response = SLUICE_TYPE(struct result),
};

/* Figures of the processes; all of them share this. */
static struct told {
	int64_t begin, end;		/* of what is measured; 0: not known yet */
	int ready;			/* clients */
	struct {
		int64_t longest, sum, requests;
	} client[CLIENTS_MAX];
	struct {
		int64_t sum, requests;
	} worker[WORKERS_MAX];
} *told;

static int64_t now(void)
{
	return sluice_deadline(0);
}

static int64_t service_of(int worker)
{
	return (1 + worker % 4) * 40 * MILLISECOND;
}

/* ---- The processes --------------------------------------------------------- */

static void answer(struct sluice_active_request *request, int worker)
{
	struct sluice_reply *reply = sluice_active_request_loan(request, 1);

	if (!reply)
		errx(1, "%s", sluice_strerror());
	((struct result *)reply->data)->worker = (uint64_t)worker;
	if (sluice_reply_send(reply) < 0)
		sluice_reply_release(reply);
	sluice_active_request_release(request);
}

static void work(int worker)
{
	struct sluice_node *node = sluice_node_create("worker", NULL);
	struct sluice_service *service = sluice_service_open(node, &contract, NULL);
	struct sluice_server *server = sluice_server_create(service, NULL);
	struct timespec time = { .tv_nsec = service_of(worker) };
	struct sluice_active_request *request;
	int64_t begin;

	if (!server)
		errx(1, "%s", sluice_strerror());
	while ((request = sluice_server_receive(server, SLUICE_FOREVER))) {
		begin = now();
		nanosleep(&time, NULL);
		answer(request, worker);
		told->worker[worker].sum += now() - begin;
		told->worker[worker].requests++;
	}
}

/* One request and its answer; how long that took. */
static int64_t ask(struct sluice_client *client)
{
	struct sluice_request *request = sluice_client_loan_zeroed(client, 1);
	struct sluice_pending_response *pending;
	struct sluice_response *response;
	int64_t begin;

	if (!request || sluice_request_set_route(request, SLUICE_ROUTE_ONE) < 0)
		errx(1, "%s", sluice_strerror());
	begin = now();
	response = sluice_request_call(request, &pending, SLUICE_FOREVER);
	if (!response)
		errx(1, "%s", sluice_strerror());
	begin = now() - begin;
	sluice_response_release(response);
	sluice_pending_response_release(pending);
	return begin;
}

static void wait_for_answers(int number, int workers)
{
	struct sluice_node *node = sluice_node_create("client", NULL);
	struct sluice_service *service = sluice_service_open(node, &contract, NULL);
	struct sluice_client *client = sluice_client_create(service, NULL);
	int64_t wait, begin, end;

	if (sluice_client_wait_servers(client, (unsigned int)workers, 60 * SECOND) < 0)
		errx(1, "%s", sluice_strerror());
	__atomic_fetch_add(&told->ready, 1, __ATOMIC_SEQ_CST);
	for (;;) {
		begin = now();
		end = __atomic_load_n(&told->end, __ATOMIC_SEQ_CST);
		if (end && begin >= end)
			break;
		wait = ask(client);
		if (!end || begin < told->begin)
			continue;
		told->client[number].requests++;
		told->client[number].sum += wait;
		if (wait > told->client[number].longest)
			told->client[number].longest = wait;
	}
	sluice_client_destroy(client);
	sluice_service_close(service);
	sluice_node_destroy(node);
}

static pid_t start(void (*run)(int, int), int number, int workers)
{
	pid_t pid = fork();

	if (pid < 0)
		err(1, "fork");
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	run(number, workers);
	_exit(0);
}

static void run_worker(int number, int workers)
{
	(void)workers;
	work(number);
}

/* ---- One queue -------------------------------------------------------------- */

/* The longest wait in it, of requests that are sent after a while. */
static int64_t ideal(int clients, int workers)
{
	int64_t free_at[WORKERS_MAX] = { 0 }, sent_at[CLIENTS_MAX] = { 0 };
	int64_t longest = 0, service, done;
	int i, round, client, worker;

	for (round = 0; round < 200 * clients; round++) {
		for (i = 1, client = 0; i < clients; i++)
			if (sent_at[i] < sent_at[client])
				client = i;
		for (i = 1, worker = 0; i < workers; i++)
			if (free_at[i] < free_at[worker])
				worker = i;
		service = told->worker[worker].requests ?
			  told->worker[worker].sum / told->worker[worker].requests :
			  service_of(worker);
		done = (free_at[worker] > sent_at[client] ? free_at[worker] : sent_at[client]) +
		       service;
		if (round >= 2 * clients && done - sent_at[client] > longest)
			longest = done - sent_at[client];
		free_at[worker] = done;
		sent_at[client] = done;
	}
	return longest;
}

/* ---- The table -------------------------------------------------------------- */

static void report(int clients, int workers)
{
	int64_t longest = 0, sum = 0, requests = 0, best = ideal(clients, workers);
	int i;

	for (i = 0; i < clients; i++) {
		sum += told->client[i].sum;
		requests += told->client[i].requests;
		if (told->client[i].longest > longest)
			longest = told->client[i].longest;
	}
	printf("%7d  %7d  %8" PRId64 "  %7.1f ms  %7.1f ms  %7.1f ms  %5.2f\n", clients, workers,
	       requests, (double)sum / (double)requests / MILLISECOND,
	       (double)longest / MILLISECOND, (double)best / MILLISECOND,
	       (double)longest / (double)best);
	fflush(stdout);
}

static void measure(int clients, int workers, int64_t time)
{
	pid_t client[CLIENTS_MAX], worker[WORKERS_MAX];
	int i;

	memset(told, 0, sizeof(*told));
	for (i = 0; i < workers; i++)
		worker[i] = start(run_worker, i, workers);
	for (i = 0; i < clients; i++)
		client[i] = start(wait_for_answers, i, workers);
	while (__atomic_load_n(&told->ready, __ATOMIC_SEQ_CST) < clients)
		usleep(1000);
	told->begin = now() + 4 * SECOND;
	__atomic_store_n(&told->end, told->begin + time, __ATOMIC_SEQ_CST);
	for (i = 0; i < clients; i++)
		waitpid(client[i], NULL, 0);
	for (i = 0; i < workers; i++) {
		kill(worker[i], SIGKILL);
		waitpid(worker[i], NULL, 0);
	}
	report(clients, workers);
}

int main(int argc, char **argv)
{
	static const int clients[] = { 1, 4, 16, 64 }, workers[] = { 2, 4, 16 };
	int64_t time = (argc > 1 ? atoi(argv[1]) : 6) * SECOND;
	char root[] = "/tmp/sluice-measure.XXXXXX", command[64];
	size_t i, k;

	if (argc > 3 && (atoi(argv[2]) < 1 || atoi(argv[2]) > CLIENTS_MAX || atoi(argv[3]) < 1 ||
			 atoi(argv[3]) > WORKERS_MAX))
		errx(1, "at most %d clients and %d workers", CLIENTS_MAX, WORKERS_MAX);
	told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (told == MAP_FAILED || !mkdtemp(root) || setenv("SLUICE_ROOT", root, 1) ||
	    setenv("SLUICE_CONFIG", "/dev/null", 1))
		err(1, "cannot begin");
	printf("clients  workers  requests       mean     longest       ideal  ratio\n");
	if (argc > 3)
		measure(atoi(argv[2]), atoi(argv[3]), time);
	for (i = 0; argc <= 3 && i < sizeof(clients) / sizeof(clients[0]); i++)
		for (k = 0; k < sizeof(workers) / sizeof(workers[0]); k++)
			measure(clients[i], workers[k], time);
	snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command) ? 1 : 0;
}
