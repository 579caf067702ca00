// SPDX-License-Identifier: GPL-2.0-only
/*
 * The trace for Perfetto, tools/trace/perfetto.c: a random life of clients and servers with
 * queues that overflow.  The tracer sees all of it, or is told late of sendings, or misses
 * events.  The test counts what must be drawn.  Each message has a length that no other
 * message has, so an arrow between different messages is found.
 */
#include "perfetto_run.h"

#define CLIENTS		3u
#define SERVERS		2u
#define REQUESTS	6u	/* of a client at a time: loaned or pending */
#define QUEUE		2u	/* of requests, and of responses */
#define HANDLES		3u	/* of a server at a time */
#define REPLIES		2u	/* of a handle at a time */
#define HOLDS		4u	/* of a client at a time */
#define STEPS		20000u

/* Where it is stands for its address. */
struct message {
	uint64_t peer, request, bytes;	/* bytes 0: none */
};

struct queue {
	struct message messages[QUEUE];
	unsigned int count;
};

struct pending {
	struct message message;
	bool sent;
	struct queue responses[SERVERS];
};

struct handle {
	struct message message;
	struct message replies[REPLIES];
};

struct life {
	struct run *run;
	unsigned int late, missed;	/* as in the variant */
	struct pending pending[CLIENTS][REQUESTS];
	struct message holds[CLIENTS][HOLDS];
	struct queue queues[CLIENTS][SERVERS];
	struct handle handles[SERVERS][HANDLES];
	uint64_t random, requests, bytes;
	struct event_record untold;	/* a sending, if its time is not 0 */
	size_t spans, to_handles, to_holds;	/* to be expected */
};

FIXTURE(life)
{
	struct run run;
	struct life life;
};

FIXTURE_VARIANT(life)
{
	unsigned int late;	/* one of so many sendings is told late; 0 none */
	unsigned int missed;	/* likewise, of all events */
};

FIXTURE_VARIANT_ADD(life, in_full)
{
	.late = 0, .missed = 0,
};

FIXTURE_VARIANT_ADD(life, told_late)
{
	.late = 2, .missed = 0,
};

FIXTURE_VARIANT_ADD(life, with_events_missing)
{
	.late = 4, .missed = 9,
};

FIXTURE_SETUP(life)
{
	run_begin(_metadata, &self->run);
	self->life = (struct life){
		.run = &self->run, .late = variant->late, .missed = variant->missed,
		.random = (uint64_t)now(),
	};
	TH_LOG("seed %llu", (unsigned long long)self->life.random);
}

FIXTURE_TEARDOWN(life)
{
	run_drop(_metadata, &self->run);
}

static uint64_t pick(struct life *life, uint64_t below)
{
	life->random = life->random * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (life->random >> 33) % below;
}

static uint64_t client_id(unsigned int client)
{
	return 0x100 + client;
}

/* The last server is in one process with a client. */
static uint64_t server_id(unsigned int server)
{
	return 0x203 - server;
}

static void tell_untold(struct life *life)
{
	if (life->untold.time)
		tell(life->run, &life->untold);
	life->untold.time = 0;
}

/* A sending that is told late is told after the next event, if that is another port's. */
static void happen(struct life *life, enum sluice_trace_probe probe, uint64_t port,
		   const struct message *message, uint64_t depth)
{
	bool sending = probe == SLUICE_TRACE_request_send || probe == SLUICE_TRACE_reply_send;
	struct event_record event = {
		.kind = RECORD_EVENT, .probe = (uint16_t)probe, .pid = pid_of(port),
		.argument = { port, message->peer, message->request, (uintptr_t)message,
			      message->bytes, depth },
	};

	if (life->missed && !pick(life, life->missed))
		return;
	if (sending || life->untold.argument[0] == port)
		tell_untold(life);
	if (sending && life->late && !pick(life, life->late)) {
		life->untold = event;
		life->untold.time = life->run->time;
		return;
	}
	tell(life->run, &event);
	tell_untold(life);
}

/* Adds to a queue; if it is full, what is oldest is taken back first. */
static bool push(struct queue *queue, const struct message *message)
{
	bool full = queue->count == QUEUE;

	if (full)
		memmove(queue->messages, queue->messages + 1,
			--queue->count * sizeof(*message));
	queue->messages[queue->count++] = *message;
	return full;
}

static struct message pop(struct queue *queue)
{
	struct message message = queue->messages[0];

	memmove(queue->messages, queue->messages + 1, --queue->count * sizeof(message));
	return message;
}

/* The pending response that a server answers; NULL if the client has released it. */
static struct pending *find_pending(struct life *life, unsigned int client, uint64_t request)
{
	struct pending *pending = life->pending[client];

	for (unsigned int i = 0; i < REQUESTS; i++)
		if (pending[i].sent && pending[i].message.request == request)
			return &pending[i];
	return NULL;
}

static void send_request(struct life *life, unsigned int client, struct pending *pending)
{
	struct queue *queue;
	struct message lost;

	pending->sent = true;
	for (unsigned int server = 0; server < SERVERS; server++) {
		queue = &life->queues[client][server];
		lost = queue->messages[0];
		pending->message.peer = server_id(server);
		if (push(queue, &pending->message))
			happen(life, SLUICE_TRACE_request_overflow, client_id(client), &lost, 0);
		happen(life, SLUICE_TRACE_request_send, client_id(client), &pending->message,
		       queue->count);
	}
}

/* Loans, sends, or releases what was loaned or is pending. */
static void use_request(struct life *life, unsigned int client, struct pending *pending)
{
	if (!pending->message.bytes) {
		pending->message = (struct message){ 0, ++life->requests, ++life->bytes };
		life->spans++;
		happen(life, SLUICE_TRACE_request_loan, client_id(client), &pending->message, 1);
	} else if (!pending->sent && pick(life, 4)) {
		send_request(life, client, pending);
	} else if (!pick(life, 4)) {
		happen(life, pending->sent ? SLUICE_TRACE_pending_response_release :
		       SLUICE_TRACE_request_release, client_id(client), &pending->message, 0);
		*pending = (struct pending){ .sent = false };
	}
}

static void use_response(struct life *life, unsigned int client, struct pending *pending,
			 struct message *hold)
{
	struct queue *queue = &pending->responses[pick(life, SERVERS)];

	if (hold->bytes) {
		happen(life, SLUICE_TRACE_response_release, client_id(client), hold, 0);
		hold->bytes = 0;
	} else if (queue->count) {
		*hold = pop(queue);
		life->spans++;
		life->to_holds++;
		happen(life, SLUICE_TRACE_response_receive, client_id(client), hold,
		       queue->count);
	}
}

static void receive_request(struct life *life, unsigned int server, unsigned int client,
			    struct handle *handle)
{
	struct queue *queue = &life->queues[client][server];

	if (!queue->count)
		return;
	handle->message = pop(queue);
	handle->message.peer = client_id(client);
	life->spans++;
	life->to_handles += find_pending(life, client, handle->message.request) != NULL;
	happen(life, SLUICE_TRACE_active_request_receive, server_id(server), &handle->message,
	       queue->count);
}

/* The reply comes back if nobody waits for it. */
static void send_reply(struct life *life, unsigned int server, struct message *reply)
{
	unsigned int client = (unsigned int)(reply->peer - client_id(0));
	struct pending *pending = find_pending(life, client, reply->request);
	struct queue *queue = pending ? &pending->responses[server] : NULL;
	struct message sent = *reply;

	sent.peer = server_id(server);
	if (!queue) {
		happen(life, SLUICE_TRACE_reply_release, server_id(server), reply, 0);
	} else {
		if (push(queue, &sent))
			happen(life, SLUICE_TRACE_reply_overflow, server_id(server), reply, 0);
		happen(life, SLUICE_TRACE_reply_send, server_id(server), reply, queue->count);
	}
	reply->bytes = 0;
}

static void release_handle(struct life *life, unsigned int server, struct handle *handle)
{
	for (unsigned int i = 0; i < REPLIES; i++)
		if (handle->replies[i].bytes)
			happen(life, SLUICE_TRACE_reply_release, server_id(server),
			       &handle->replies[i], 0);
	happen(life, SLUICE_TRACE_active_request_release, server_id(server), &handle->message, 0);
	*handle = (struct handle){ .message.bytes = 0 };
}

static void use_handle(struct life *life, unsigned int server, struct handle *handle)
{
	struct message *reply = &handle->replies[pick(life, REPLIES)];

	if (!handle->message.bytes) {
		receive_request(life, server, (unsigned int)pick(life, CLIENTS), handle);
	} else if (!pick(life, 8)) {
		release_handle(life, server, handle);
	} else if (reply->bytes) {
		send_reply(life, server, reply);
	} else {
		*reply = handle->message;
		reply->bytes = ++life->bytes;
		life->spans++;
		happen(life, SLUICE_TRACE_reply_loan, server_id(server), reply, 1);
	}
}

static void live(struct life *life)
{
	unsigned int client = (unsigned int)pick(life, CLIENTS);
	unsigned int server = (unsigned int)pick(life, SERVERS);
	struct pending *pending = &life->pending[client][pick(life, REQUESTS)];

	switch (pick(life, 4)) {
	case 0:
		use_request(life, client, pending);
		break;
	case 1:
		use_response(life, client, pending, &life->holds[client][pick(life, HOLDS)]);
		break;
	default:
		use_handle(life, server, &life->handles[server][pick(life, HANDLES)]);
	}
}

TEST_F(life, drawn)
{
	struct trace *trace = &self->run.trace;

	for (unsigned int i = 0; i < STEPS; i++)
		live(&self->life);
	tell_untold(&self->life);
	run_end(_metadata, &self->run);
	EXPECT_LT(STEPS / 50, count_of(trace, "s", "request"));
	EXPECT_LT(STEPS / 100, count_of(trace, "s", "response"));
	if (variant->missed)
		return;
	EXPECT_EQ(self->life.spans, trace->count);
	EXPECT_EQ(self->life.to_handles, count_of(trace, "s", "request"));
	EXPECT_EQ(self->life.to_holds, count_of(trace, "s", "response"));
	EXPECT_EQ(0, trace->crossed);
}

TEST_HARNESS_MAIN
