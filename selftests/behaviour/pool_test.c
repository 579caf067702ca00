// SPDX-License-Identifier: GPL-2.0-only
/*
 * One server whose requests are answered by a pool of threads: these read requests and write
 * loaned replies, and wake the node's thread, which makes all other calls.  The thread
 * sanitizer sees no race; clients die, and ports are destroyed, while a thread is at work.
 */
#include "steps.h"

PROCESSES_FIXTURE(pool);

#define THREADS		3
#define JOBS		64

struct job {
	const struct question *question;
	struct answer *answer;
	struct sluice_active_request *request;
	struct sluice_reply *reply;
};

static struct {
	pthread_mutex_t mutex;
	pthread_cond_t more;
	struct job todo[JOBS], done[JOBS];
	int to_do, ready, working;
	bool stop, hold;
	struct sluice_node *node;
} pool = { .mutex = PTHREAD_MUTEX_INITIALIZER, .more = PTHREAD_COND_INITIALIZER };

static void *work(void *unused)
{
	struct job job;

	pthread_mutex_lock(&pool.mutex);
	while (!pool.stop) {
		if (!pool.to_do || pool.hold) {
			pthread_cond_wait(&pool.more, &pool.mutex);
			continue;
		}
		job = pool.todo[--pool.to_do];
		pthread_mutex_unlock(&pool.mutex);
		job.answer->value = job.question->value + 1;
		job.answer->complement = ~job.answer->value;
		pthread_mutex_lock(&pool.mutex);
		pool.done[pool.ready++] = job;
		sluice_node_interrupt(pool.node);
	}
	pthread_mutex_unlock(&pool.mutex);
	return NULL;
}

static bool take_done(struct job *ret_job)
{
	bool any;

	pthread_mutex_lock(&pool.mutex);
	any = pool.ready;
	if (any)
		*ret_job = pool.done[--pool.ready];
	pthread_mutex_unlock(&pool.mutex);
	return any;
}

static void hand_over(struct __test_metadata *_metadata, struct sluice_active_request *request)
{
	struct sluice_reply *reply = sluice_active_request_loan(request, 1);
	struct job job = { .request = request, .reply = reply };

	ASSERT_NE(NULL, reply);
	job.question = request->data;
	job.answer = reply->data;
	pthread_mutex_lock(&pool.mutex);
	pool.todo[pool.to_do++] = job;
	pthread_cond_signal(&pool.more);
	pthread_mutex_unlock(&pool.mutex);
}

/* Receives and sends what there is.  Returns how many answers were sent. */
static int turn(struct __test_metadata *_metadata, struct side *side, int *held, int64_t timeout)
{
	struct sluice_active_request *request;
	struct job job;
	int sent = 0, r;

	r = sluice_node_wait(side->node, timeout);
	EXPECT_TRUE(r == 0 || r == -EINTR || r == -ETIMEDOUT) TH_LOG("%s", sluice_strerror());
	while (take_done(&job)) {
		r = sluice_reply_send(job.reply);
		EXPECT_TRUE(r == 0 || r == -ECONNRESET || r == -EPIPE);
		sent += r == 0;
		EXPECT_EQ(0, sluice_active_request_release(job.request));
		--*held;
	}
	while (*held < JOBS && (request = sluice_server_receive(side->server, SLUICE_NOWAIT))) {
		++*held;
		hand_over(_metadata, request);
	}
	return sent;
}

static void threads_start(struct __test_metadata *_metadata, struct side *side, pthread_t *threads)
{
	int i;

	ASSERT_EQ(0, join_server(side, PTR(&calls), 0));
	pool.node = side->node;
	pool.stop = pool.hold = false;
	for (i = 0; i < THREADS; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, work, NULL));
}

static void set_hold(bool hold)
{
	pthread_mutex_lock(&pool.mutex);
	pool.hold = hold;
	pthread_cond_broadcast(&pool.more);
	pthread_mutex_unlock(&pool.mutex);
}

static void threads_stop(pthread_t *threads)
{
	int i;

	pthread_mutex_lock(&pool.mutex);
	pool.stop = true;
	pthread_cond_broadcast(&pool.more);
	pthread_mutex_unlock(&pool.mutex);
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

/* keep_asking(requests): several at a time, and checks each answer. */
static long keep_asking(struct side *side, long requests, long first)
{
	long i, slot, r;

	for (i = 0; i < requests; i++) {
		slot = i % 4;
		if (i >= 4) {
			r = hear(side, slot, LONG);
			if (r != first + i - 4 + 1)
				return r < 0 ? r : -EBADMSG;
			cancel(side, slot, 0);
		}
		r = ask(side, slot, first + i);
		if (r < 0)
			return r;
	}
	for (i = requests; i < requests + 4; i++) {
		r = hear(side, i % 4, LONG);
		if (r != first + i - 4 + 1)
			return r < 0 ? r : -EBADMSG;
		cancel(side, i % 4, 0);
	}
	return requests;
}

TEST_F_TIMEOUT(pool, answers_are_right, 120)
{
	struct side *side = &self->side;
	long requests = in_full() ? 2000 : 300;
	pthread_t threads[THREADS];
	int sent = 0, held = 0, i;
	int64_t end = now() + 6 * LONG;

	for (i = 0; i < 2; i++)
		end_start(_metadata, &self->end[i], IN_PROCESS);
	threads_start(_metadata, side, threads);
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, at(&self->end[i], join_client, PTR(&calls), 0));
		ASSERT_EQ(1, at(&self->end[i], wait_servers, 1, LONG));
		begin(&self->end[i], keep_asking, requests, 1000000 * i);
	}
	while (sent < 2 * requests && now() < end)
		sent += turn(_metadata, side, &held, SECOND);
	EXPECT_EQ(2 * requests, sent);
	EXPECT_EQ(0, held);
	for (i = 0; i < 2; i++)
		EXPECT_EQ(requests, finish(&self->end[i]));
	threads_stop(threads);
}

/* A client dies, and the server's port is destroyed, while threads have its requests. */
TEST_F_TIMEOUT(pool, others_go_meanwhile, 120)
{
	struct side *side = &self->side;
	struct end *client = &self->end[0], *other = &self->end[1];
	pthread_t threads[THREADS];
	int held = 0, sent = 0;

	for (long i = 0; i < 2; i++)
		end_start(_metadata, &self->end[i], IN_PROCESS);
	threads_start(_metadata, side, threads);
	set_hold(true);
	ASSERT_EQ(0, at(client, join_client, PTR(&calls), 0));
	ASSERT_EQ(0, at(other, join_client, PTR(&calls), 0));
	ASSERT_EQ(1, at(client, wait_servers, 1, LONG));
	ASSERT_EQ(1, at(other, wait_servers, 1, LONG));
	ASSERT_EQ(4, at(client, ask_many, 4, 0));
	ASSERT_EQ(1, at(other, ask, 0, 50));
	while (held < 5)
		(void)turn(_metadata, side, &held, SECOND);
	end_kill_and_reap(client);
	(void)turn(_metadata, side, &held, SECOND / 10);
	set_hold(false);
	while (held)
		sent += turn(_metadata, side, &held, SECOND);
	EXPECT_EQ(1, sent);
	EXPECT_EQ(51, at(other, hear, 0, LONG));
	threads_stop(threads);
	ASSERT_EQ(0, at(other, cancel, 0, 0));
	start_service(_metadata, &self->end[2], IN_PROCESS, &calls, NULL);
}

TEST_HARNESS_MAIN
