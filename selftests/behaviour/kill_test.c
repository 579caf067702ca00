// SPDX-License-Identifier: GPL-2.0-only
/*
 * Killed a thousand times: a server while its client is blocked in a receive, or in a
 * send that waits for room; a client while its server sleeps.  Each time the call ends,
 * with the right errno.  How soon is printed, and not judged.
 *
 * Half of the victims are killed when the test sleeps, half at a random time, so that
 * the kill hits any point of what both are doing.
 */
#include "steps.h"
#include "victims.h"

PROCESSES_FIXTURE(kill);

/* Every other kill comes at a random time within 2 ms. */
static long choose_when(long round, unsigned int *random)
{
	return round % 2 ? rand_r(random) % 2000000 : WHEN_ASLEEP;
}

/* ---- How soon -------------------------------------------------------------- */

static int64_t delays[ROUNDS_MOST];

static int compare(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

	return (left > right) - (left < right);
}

static void print_delays(const char *what, long count)
{
	int64_t p99;

	qsort(delays, (size_t)count, sizeof(*delays), compare);
	p99 = delays[count * 99 / 100];
	tell_table("%s: %ld kills; from kill() to the return, microseconds: median %.0f, p99 %.0f (%s 50 ms), max %.0f",
		   what, count, delays[count / 2] / 1e3, p99 / 1e3,
		   p99 > 50 * MILLISECOND ? "over" : "within", delays[count - 1] / 1e3);
}

/* The round ended at this time: its delay is what has passed since the killer's kill(). */
static void note_delay(struct __test_metadata *_metadata, struct end *killer, long round,
		       int64_t ended)
{
	long killed = finish(killer);

	ASSERT_LT(0, killed) TH_LOG("round %ld", round);
	delays[round] = ended - killed;
}

/* A port in the side, and a killer. */
static void start_killer(struct __test_metadata *_metadata, struct side *side, step *join,
			 struct end *killer)
{
	ASSERT_EQ(0, join(side, PTR(&calls), 0));
	end_start(_metadata, killer, IN_PROCESS);
}

/* ---- Servers die ------------------------------------------------------------ */

static long serve_nobody(struct side *side)
{
	say(open_server(side, 0, 0));
	return 0;
}

/* Takes one request and sleeps. */
static long take_and_sleep(struct side *side)
{
	say(open_server(side, 0, 0));
	take(side, 0, LONG);
	return take(side, 1, SLUICE_FOREVER);
}

/* Takes one and answers it with 0, 1, 2, ... */
static long take_and_talk(struct side *side)
{
	long i;

	say(open_server(side, 0, 0));
	take(side, 0, LONG);
	for (i = 0;; i++)
		answer(side, 0, i);
	return 0;
}

/* hear() until it fails; what came must have come in order. */
static long hear_all(struct side *side, long slot)
{
	long value, last = -1;

	while ((value = hear(side, slot, LONG)) >= 0) {
		if (value <= last)
			return -EBADMSG;
		last = value;
	}
	return value;
}

TEST_F_TIMEOUT(kill, of_servers_while_their_client_receives, 7200)
{
	/* A victim that is killed while the test sleeps sends nothing. */
	static deed *const deeds[] = {
		take_and_sleep, take_and_talk, serve_nobody, take_and_sleep,
	};
	struct end *killer = &self->end[0];
	unsigned int random = 1;
	long i;

	start_killer(_metadata, &self->side, join_client, killer);
	for (i = 0; i < rounds(); i++) {
		ASSERT_EQ(0, at(killer, raise_victim, PTR(deeds[i % 4]), 0));
		ASSERT_EQ(1, wait_servers(&self->side, 1, LONG));
		ASSERT_EQ(1, ask(&self->side, 0, i));
		begin(killer, kill_victim, choose_when(i, &random), getpid());
		ASSERT_EQ(-ECONNRESET, hear_all(&self->side, 0))
			TH_LOG("round %ld: %s", i, sluice_strerror());
		note_delay(_metadata, killer, i, now());
		EXPECT_EQ(-ECONNRESET, hear(&self->side, 0, LONG));
		ASSERT_EQ(0, cancel(&self->side, 0, 0));
		ASSERT_EQ(1, at(killer, reap_victims, 0, 0));
	}
	print_delays("a server, client in receive", i);
	sweep(_metadata);
}

#define QUEUE	4

static const struct sluice_service_opts narrow = SLUICE_SERVICE_OPTS(
	.flags = SLUICE_SERVICE_NO_REQUEST_OVERFLOW,
	.max_active_requests_per_client = QUEUE);

/* No server takes these requests; cancelled ones stay in the queue. */
static void fill_queue(struct __test_metadata *_metadata, struct side *side)
{
	long i;

	ASSERT_EQ(1, wait_servers(side, 1, LONG));
	for (i = 0; i < QUEUE; i++) {
		ASSERT_EQ(1, ask(side, 0, i)) TH_LOG("%s", sluice_strerror());
		ASSERT_EQ(0, cancel(side, 0, 0));
	}
}

/*
 * A server that is killed before the send looks is one that the request is not sent
 * to, and then it reaches none and does not wait: that is no failure.
 */
TEST_F_TIMEOUT(kill, of_servers_while_their_client_sends, 7200)
{
	struct end *killer = &self->end[0];
	long i, result, killed, late = 0;
	unsigned int random = 2;
	int64_t ended;

	ASSERT_EQ(0, open_service(&self->side, PTR(&calls), PTR(&narrow)));
	ASSERT_EQ(0, open_client(&self->side, 0, 0));
	end_start(_metadata, killer, IN_PROCESS);
	for (i = 0; i < rounds(); i++) {
		ASSERT_EQ(0, at(killer, raise_victim, PTR(serve_nobody), 0));
		fill_queue(_metadata, &self->side);
		begin(killer, kill_victim, choose_when(i, &random), getpid());
		result = ask(&self->side, 0, QUEUE);
		ended = now();
		killed = finish(killer);
		ASSERT_LT(0, killed) TH_LOG("round %ld", i);
		if (i % 2 && result == 0) {
			ASSERT_EQ(-ENOTCONN, hear(&self->side, 0, LONG));
			ASSERT_EQ(0, cancel(&self->side, 0, 0));
			late++;
		} else {
			ASSERT_EQ(-ECONNRESET, result)
				TH_LOG("round %ld: %s", i, sluice_strerror());
		}
		delays[i] = ended - killed;
		ASSERT_EQ(1, at(killer, reap_victims, 0, 0));
	}
	print_delays("a server, client in send", i);
	fprintf(TH_LOG_STREAM, "# %ld of them before the send had looked\n", late);
	sweep(_metadata);
}

/* ---- Clients die ------------------------------------------------------------- */

#define CLIENT_ROUNDS	200

static long come(struct side *side)
{
	open_client(side, 0, 0);
	say(wait_servers(side, 1, LONG));
	return 0;
}

static long question_next;	/* the killer's own, copied into each victim */

static long come_and_ask(struct side *side)
{
	come(side);
	ask(side, 0, question_next);
	hear(side, 0, LONG);
	return hear(side, 0, LONG);
}

/* replace_client(when, pid): kills one, and raises another that asks. */
static long replace_client(struct side *side, long when, long pid)
{
	long killed = 1;

	if (victim_count) {
		killed = kill_victim(side, when, pid);
		reap_victims(side, 0, 0);
	}
	if (killed < 0)
		return killed;
	question_next++;
	return raise_victim(side, PTR(come_and_ask), 0);
}

/* The receive sleeps through the death of one client and returns with the next. */
TEST_F_TIMEOUT(kill, of_clients_while_their_server_receives, 7200)
{
	struct end *killer = &self->end[0];
	unsigned int random = 3;
	long i;

	start_killer(_metadata, &self->side, join_server, killer);
	for (i = 1; i <= CLIENT_ROUNDS; i++) {
		begin(killer, replace_client, choose_when(i, &random), getpid());
		ASSERT_EQ(i, take(&self->side, 0, LONG))
			TH_LOG("round %ld: %s", i, sluice_strerror());
		ASSERT_EQ(0, answer_and_done(&self->side, 0, i + 1));
		ASSERT_EQ(1, finish(killer));
	}
	ASSERT_LT(0, at(killer, kill_victim, 0, 0));
	ASSERT_EQ(1, at(killer, reap_victims, 0, 0));
	EXPECT_EQ(-EAGAIN, take(&self->side, 0, SLUICE_NOWAIT));
	sweep(_metadata);
}

/* Waits with the node until one peer has come or gone, and nothing else is told. */
static void expect_event(struct __test_metadata *_metadata, struct side *side,
			 uint32_t kind, int reason)
{
	struct sluice_event event = SLUICE_EVENT();

	ASSERT_EQ(0, sluice_node_wait(side->node, LONG))
		TH_LOG("%s", sluice_strerror());
	ASSERT_EQ(1, sluice_node_next(side->node, &event));
	ASSERT_EQ(kind, event.kind);
	ASSERT_EQ(reason, event.reason);
	ASSERT_EQ(1u, event.peers);
	ASSERT_EQ(side->server, event.server);
	ASSERT_EQ(0, sluice_node_next(side->node, &event));
}

TEST_F_TIMEOUT(kill, of_clients_while_their_servers_node_waits, 120)
{
	struct end *killer = &self->end[0];
	unsigned int random = 4;
	long i;

	start_killer(_metadata, &self->side, join_server, killer);
	for (i = 0; i < CLIENT_ROUNDS; i++) {
		ASSERT_EQ(1, at(killer, raise_victim, PTR(come), 0));
		expect_event(_metadata, &self->side, SLUICE_EVENT_CONNECTED, 0);
		begin(killer, kill_victim, choose_when(i, &random), getpid());
		expect_event(_metadata, &self->side, SLUICE_EVENT_DISCONNECTED,
			     ECONNRESET);
		note_delay(_metadata, killer, i, now());
		ASSERT_EQ(1, at(killer, reap_victims, 0, 0));
	}
	print_delays("a client, server in node_wait", i);
	sweep(_metadata);
}

TEST_HARNESS_MAIN
