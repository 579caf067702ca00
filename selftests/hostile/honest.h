/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The honest ones of a scene (scene.h): a server that answers each request with its
 * complement, and a client that asks all the time and measures how long it takes.  Both use
 * sluice.h alone, and tell the test through the stage, which is shared memory.
 */
#ifndef SELFTESTS_HOSTILE_HONEST_H
#define SELFTESTS_HOSTILE_HONEST_H

#include <sched.h>

#include "looks.h"

#define LIMIT		(5 * SECOND)
#define SAMPLES		(1 << 15)

/* Between two phases, the client is SETTLING: what is made once is made then. */
enum phase { SETTLING, QUIET, BUSY, ATTACK, AFTER, PHASES };

struct figures {
	uint64_t count;
	uint32_t longest;		/* microseconds */
	uint32_t samples[SAMPLES];	/* the last ones */
};

/* Between the processes of a scene. */
struct stage {
	int phase;
	bool client_ends, server_ends;	/* it is to give back everything and go */
	bool attack_ends;
	bool server_ready;
	int pair, pair_ready;		/* how often the client is, and was, made anew */
	uint64_t size;			/* of payloads */
	long deeds;			/* of the attack */
	long note, note_limit;		/* what else it has found out, and the most it may be */
	uint64_t failures;
	char failure[256];
	struct figures figures[PHASES];
	struct looks looks;		/* of the victim, during the attack */
};

static const struct sluice_contract echo = {
	.name = "hostile/echo",
	.request = SLUICE_SLICE(uint8_t),
	.response = SLUICE_SLICE(uint8_t),
};

/* ---- Processors ------------------------------------------------------------------- */

/* The last processor for the honest ones and the first one for the peer, where there are two. */
helper int take_cpu(bool is_peer)
{
	const char *choice = getenv("SCENE_CPUS");
	int first = 0, last = CPU_SETSIZE - 1;
	cpu_set_t all, own;

	if (choice && !strcmp(choice, "any"))
		return 0;
	if (sched_getaffinity(0, sizeof(all), &all))
		return -errno;
	while (!CPU_ISSET(first, &all))
		first++;
	while (!CPU_ISSET(last, &all))
		last--;
	CPU_ZERO(&own);
	CPU_SET(is_peer ? first : last, &own);
	return sched_setaffinity(0, sizeof(own), &own) ? -errno : 0;
}

/* ---- The honest ones ------------------------------------------------------------ */

helper bool stage_has(const bool *what)
{
	return __atomic_load_n(what, __ATOMIC_SEQ_CST);
}

helper void stage_set(bool *what)
{
	__atomic_store_n(what, true, __ATOMIC_SEQ_CST);
}

helper void stage_failed(struct stage *stage, const char *what)
{
	int error = errno;

	if (!stage->failures++)
		snprintf(stage->failure, sizeof(stage->failure), "%s in phase %d: %s (%s)", what,
			 stage->phase, strerror(error), sluice_strerror());
}

/* Answers with the complement of each byte.  The client may have left, or may lie. */
helper void answer_one(struct sluice_server *server)
{
	struct sluice_active_request *active;
	struct sluice_reply *reply;
	size_t i;

	active = sluice_server_receive(server, 50 * MILLISECOND);
	if (!active) {
		if (errno != ETIMEDOUT && errno != EAGAIN)
			pause_briefly();
		return;
	}
	reply = sluice_active_request_loan(active, active->count);
	for (i = 0; reply && i < active->count; i++)
		((uint8_t *)reply->data)[i] = (uint8_t)~((const uint8_t *)active->data)[i];
	if (reply && sluice_reply_send(reply) < 0)
		sluice_reply_release(reply);
	sluice_active_request_release(active);
}

helper bool is_answer(const struct sluice_response *response, uint64_t size, uint8_t first)
{
	const uint8_t *bytes = response->data;

	return response->count == size && (bytes[0] ^ first) == 0xff &&
	       (bytes[size - 1] ^ first) == 0xff;
}

/* A response of the honest server; others may come before it. */
helper bool hear_answer(struct sluice_pending_response *pending, uint64_t size, uint8_t first)
{
	int64_t until = now() + LIMIT, left;
	struct sluice_response *response;
	bool found = false;

	while (!found && (left = until - now()) > 0) {
		response = sluice_pending_response_receive(pending, left);
		if (!response)
			return false;
		found = is_answer(response, size, first);
		sluice_response_release(response);
	}
	errno = found ? 0 : ETIMEDOUT;
	return found;
}

helper const char *ask_one(struct sluice_client *client, uint64_t size, uint8_t first)
{
	struct sluice_pending_response *pending;
	struct sluice_request *request;
	bool answered;
	int error;

	request = sluice_client_loan(client, size);
	if (!request)
		return "loan";
	memset(request->data, first, size);
	pending = sluice_request_send(request);
	if (!pending) {
		error = errno;
		sluice_request_release(request);
		errno = error;
		return "send";
	}
	answered = hear_answer(pending, size, first);
	error = errno;
	sluice_pending_response_release(pending);
	errno = error;
	return answered ? NULL : "receive";
}

helper void ask_and_measure(struct stage *stage, struct sluice_client *client, uint64_t count)
{
	struct figures *figures = &stage->figures[__atomic_load_n(&stage->phase, __ATOMIC_SEQ_CST)];
	uint64_t size = __atomic_load_n(&stage->size, __ATOMIC_SEQ_CST);
	int64_t begun = now();
	const char *failed;
	uint32_t took;

	failed = ask_one(client, size, (uint8_t)count);
	took = (uint32_t)((now() - begun) / 1000);
	if (failed) {
		stage_failed(stage, failed);
		pause_briefly();
		return;
	}
	if (took > figures->longest)
		figures->longest = took;
	figures->samples[figures->count++ % SAMPLES] = took;
}

static const struct sluice_client_opts growing_client =
	SLUICE_CLIENT_OPTS(.port = { .initial_max_slice_len = 64 });
static const struct sluice_server_opts growing_server =
	SLUICE_SERVER_OPTS(.port = { .initial_max_slice_len = 64 });

/* Until it is to be made anew, or to end. */
helper void ask_all_the_time(struct stage *stage, struct sluice_client *client, int pair)
{
	uint64_t count = 0;

	while (!stage_has(&stage->client_ends) &&
	       __atomic_load_n(&stage->pair, __ATOMIC_SEQ_CST) == pair) {
		ask_and_measure(stage, client, count++);
		pause_briefly();
	}
}

/* A client that is made anew has to grow again, and so has the server's memory for it. */
helper void be_client(struct stage *stage, struct sluice_service *service)
{
	struct sluice_client *client;
	int pair;

	while (!stage_has(&stage->client_ends)) {
		pair = __atomic_load_n(&stage->pair, __ATOMIC_SEQ_CST);
		client = sluice_client_create(service, &growing_client);
		if (!client || sluice_client_wait_servers(client, 1, LONG) < 1) {
			stage_failed(stage, "connect");
			sluice_client_destroy(client);
			return;
		}
		__atomic_store_n(&stage->pair_ready, pair, __ATOMIC_SEQ_CST);
		ask_all_the_time(stage, client, pair);
		sluice_client_destroy(client);
	}
}

helper void be_server(struct stage *stage, struct sluice_service *service)
{
	struct sluice_server *server = sluice_server_create(service, &growing_server);

	if (!server)
		stage_failed(stage, "serve");
	stage_set(&stage->server_ready);
	while (server && !stage_has(&stage->server_ends))
		answer_one(server);
	sluice_server_destroy(server);
}

#endif /* SELFTESTS_HOSTILE_HONEST_H */
