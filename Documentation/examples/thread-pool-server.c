/* SPDX-License-Identifier: MIT */
/*
 * thread-pool-server.c - one server that hands its requests to a pool of threads
 *
 * Shows what other threads may do with a request.  The thread of the node receives requests,
 * loans replies and sends them.  A worker reads the request and writes the loaned reply, which
 * are memory, and calls nothing of the library but sluice_node_interrupt(), which ends the
 * node's wait.  A mutex orders what the two threads do.
 *
 *	node's thread			worker
 *	receive, loan	-> todo ->	read request->data, write reply->data
 *	send, release	<- done <-	sluice_node_interrupt()
 *
 * workers-server.c shows the other way: a node and a server for each thread, and clients that
 * choose among them.  This one is for work of which one server must be in charge, and for
 * clients that send to all servers.  workers-client asks both.  Works until SIGINT or SIGTERM.
 */
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "workers.h"
#include "usage.h"

#define WORKERS_MAX	64

/* A request, and the reply to it.  It is in one list, or a worker has it. */
struct job {
	struct sluice_active_request *request;
	struct sluice_reply *reply;
	struct job *next;
};

struct list {
	struct job *first, *last;
};

struct pool {
	pthread_mutex_t mutex;		/* of the lists and of stop */
	pthread_cond_t more;
	struct list todo, done;
	bool stop;
	struct sluice_node *node;	/* to be woken */
};

struct worker {
	pthread_t thread;
	struct pool *pool;
	uint32_t number;
	uint64_t ranges;
};

static struct sluice_node *volatile awake;	/* for the signal handler */
static volatile sig_atomic_t signalled;

static void note_signal(int number)
{
	signalled = number;
	sluice_node_interrupt(awake);
}

static void put(struct list *list, struct job *job)
{
	job->next = NULL;
	if (list->first)
		list->last->next = job;
	else
		list->first = job;
	list->last = job;
}

static struct job *get(struct list *list)
{
	struct job *job = list->first;

	if (job)
		list->first = job->next;
	return job;
}

/* ---- Workers: no call of the library but sluice_node_interrupt() ---- */

static bool is_prime(uint64_t number)
{
	for (uint64_t divisor = 2; divisor * divisor <= number; divisor++)
		if (number % divisor == 0)
			return false;
	return number > 1;
}

static void compute(const struct worker *worker, const struct job *job)
{
	const struct range *range = job->request->data;
	struct primes *primes = job->reply->data;

	*primes = (struct primes){ .worker = worker->number };
	for (uint64_t i = 0; i < range->count; i++)
		primes->count += is_prime(range->first + i);
}

static void *work(void *argument)
{
	struct worker *worker = argument;
	struct pool *pool = worker->pool;
	struct job *job;

	pthread_mutex_lock(&pool->mutex);
	while (!pool->stop) {
		job = get(&pool->todo);
		if (!job) {
			pthread_cond_wait(&pool->more, &pool->mutex);
			continue;
		}
		pthread_mutex_unlock(&pool->mutex);
		compute(worker, job);
		worker->ranges++;
		pthread_mutex_lock(&pool->mutex);
		put(&pool->done, job);
		sluice_node_interrupt(pool->node);
	}
	pthread_mutex_unlock(&pool->mutex);
	return NULL;
}

/* ---- The thread of the node ---- */

/* The reply is loaned here, since a loan is a call of the library. */
static void hand_over(struct pool *pool, struct sluice_active_request *request)
{
	struct job *job = malloc(sizeof(*job));

	if (!job)
		err(1, "malloc");
	job->request = request;
	job->reply = sluice_active_request_loan(request, 1);
	if (!job->reply) {
		sluice_active_request_end(request, ENOMEM, sluice_strerror());
		free(job);
		return;
	}
	pthread_mutex_lock(&pool->mutex);
	put(&pool->todo, job);
	pthread_cond_signal(&pool->more);
	pthread_mutex_unlock(&pool->mutex);
}

static struct job *get_done(struct pool *pool)
{
	struct job *job;

	pthread_mutex_lock(&pool->mutex);
	job = get(&pool->done);
	pthread_mutex_unlock(&pool->mutex);
	return job;
}

/* A client that has gone meanwhile gets no answer; releasing gives the reply back. */
static void send_done(struct pool *pool)
{
	struct job *job;

	while ((job = get_done(pool))) {
		if (sluice_reply_send(job->reply) < 0 && errno != EPIPE && errno != ECONNRESET)
			warnx("%s", sluice_strerror());
		sluice_active_request_release(job->request);
		free(job);
	}
}

static void serve(struct pool *pool, struct sluice_server *server)
{
	struct sluice_active_request *request;

	while (!signalled) {
		/* It returns for requests, and fails with EINTR for what workers have done. */
		if (sluice_node_wait(pool->node, SLUICE_FOREVER) < 0 && errno != EINTR)
			errx(1, "%s", sluice_strerror());
		send_done(pool);
		while ((request = sluice_server_receive(server, SLUICE_NOWAIT)))
			hand_over(pool, request);
	}
}

/* Requests that nobody works on end with a status; the node's thread is alone now. */
static void give_up(struct pool *pool)
{
	struct job *job;

	send_done(pool);
	while ((job = get(&pool->todo))) {
		sluice_active_request_end(job->request, ECANCELED, "the server is ending");
		free(job);
	}
}

int main(int argc, char **argv)
{
	unsigned long count = argc > 1 ? strtoul(argv[1], NULL, 10) : 4;
	struct worker worker[WORKERS_MAX] = { 0 };
	struct pool pool = { .mutex = PTHREAD_MUTEX_INITIALIZER, .more = PTHREAD_COND_INITIALIZER };
	const struct sigaction action = { .sa_handler = note_signal };
	sigset_t signals;

	usage(argc, argv, "[WORKERS]");
	if (!count || count > WORKERS_MAX)
		errx(2, "usage: thread-pool-server [1 to %d]", WORKERS_MAX);
	sluice_auto(sluice_node) node = sluice_node_create("thread-pool", NULL);
	sluice_auto(sluice_service) service = sluice_service_open(node, &workers, &workers_opts);
	sluice_auto(sluice_server) server = sluice_server_create(service, NULL);
	if (!server)
		errx(1, "%s", sluice_strerror());
	pool.node = awake = node;

	/* Threads inherit the mask: signals come to the node's thread alone. */
	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	for (unsigned long i = 0; i < count; i++) {
		worker[i].number = (uint32_t)i;
		worker[i].pool = &pool;
		if (pthread_create(&worker[i].thread, NULL, work, &worker[i]))
			errx(1, "cannot start a thread");
	}
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	pthread_sigmask(SIG_UNBLOCK, &signals, NULL);

	serve(&pool, server);

	pthread_mutex_lock(&pool.mutex);
	pool.stop = true;
	pthread_cond_broadcast(&pool.more);
	pthread_mutex_unlock(&pool.mutex);
	for (unsigned long i = 0; i < count; i++) {
		pthread_join(worker[i].thread, NULL);
		printf("worker %lu: %" PRIu64 " ranges\n", i, worker[i].ranges);
	}
	give_up(&pool);
	return 0;
}
