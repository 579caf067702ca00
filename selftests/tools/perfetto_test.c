// SPDX-License-Identifier: GPL-2.0-only
/*
 * The trace for Perfetto, tools/trace/perfetto.c and what it is made of: events go in,
 * the file is read back, and trace_file.h checks it.
 *
 * After what single events do comes a random life: clients and servers with queues that
 * overflow, seen in full, or with sendings told late, or with events missing.  There each
 * message has a length that no other has, so that an arrow between different ones shows.
 */
#include "trace_file.h"

#include "tools/trace/ending.h"
#include "tools/trace/outlet.h"
#include "tools/trace/perfetto.h"
#include "tools/trace/table.h"

#define FIRST	(UINT64_C(1000) * SECOND)	/* a time */
#define STEP	1237				/* nanoseconds from event to event */

#define CLIENT	UINT64_C(0x0123456789abcdef)
#define SERVER	UINT64_C(0xfedcba9876543210)
#define OTHER	UINT64_C(0xaa)			/* another server */

/* ---- What goes in -------------------------------------------------------- */

struct run {
	char path[64];
	int fds;
	struct outlet *outlet;
	struct perfetto *perfetto;
	uint64_t time;
	struct trace trace;
};

static void run_begin(struct __test_metadata *_metadata, struct run *run)
{
	int fd;

	*run = (struct run){ .fds = count_fds(), .time = FIRST };
	strcpy(run->path, "/tmp/sluice-perfetto.XXXXXX");
	fd = mkstemp(run->path);
	ASSERT_LE(0, fd);
	close(fd);
	run->outlet = outlet_open(&(struct outlet_file){ .path = run->path }, 0);
	ASSERT_NE(NULL, run->outlet);
	run->perfetto = perfetto_open(run->outlet);
	ASSERT_NE(NULL, run->perfetto);
}

/* Ends the file, reads it, and checks what is true of all. */
static void run_end(struct __test_metadata *_metadata, struct run *run)
{
	EXPECT_EQ(0, perfetto_close(run->perfetto));
	outlet_settle(run->outlet, ENDING_ALL);
	outlet_close(run->outlet);
	trace_read(_metadata, &run->trace, run->path);
}

static void run_drop(struct __test_metadata *_metadata, struct run *run)
{
	trace_drop(&run->trace);
	unlink(run->path);
	EXPECT_EQ(run->fds, count_fds());
	EXPECT_EQ(0, count_leaks());
}

/* The process of a port, in all tests. */
static uint32_t pid_of(uint64_t port)
{
	return port == CLIENT ? 101 : port == SERVER ? 102 : 1000 + (uint32_t)(port & 3);
}

/* Hands it over as it happens now, and lets a little time pass. */
static void tell(struct run *run, struct event_record *event)
{
	event->time = run->time;
	perfetto_event(run->perfetto, event);
	run->time += STEP;
}

static void hit(struct run *run, enum sluice_trace_probe probe, const uint64_t *arguments)
{
	struct event_record event = {
		.kind = RECORD_EVENT, .probe = (uint16_t)probe,
		.pid = pid_of(arguments[0]), .tid = 7,
	};

	memcpy(event.argument, arguments, sizeof(event.argument));
	tell(run, &event);
}

/* The arguments that are not given are 0. */
#define HIT(probe, ...)							\
	hit(&self->run, SLUICE_TRACE_##probe,				\
	    (uint64_t [SLUICE_TRACE_ARGUMENTS]){ __VA_ARGS__ })

static void name_both(struct run *run)
{
	perfetto_port(run->perfetto, CLIENT, pid_of(CLIENT), "asks", "client", "example/adder");
	perfetto_port(run->perfetto, SERVER, pid_of(SERVER), "adds", "server", "example/adder");
}

/* ---- Single events ------------------------------------------------------- */

FIXTURE(perfetto)
{
	struct run run;
};

FIXTURE_SETUP(perfetto)
{
	run_begin(_metadata, &self->run);
}

FIXTURE_TEARDOWN(perfetto)
{
	run_drop(_metadata, &self->run);
}

TEST_F(perfetto, nothing)
{
	run_end(_metadata, &self->run);
	EXPECT_EQ(0, json_array_size(self->run.trace.elements));
}

TEST_F(perfetto, ports_have_names)
{
	json_t *thread, *process;

	perfetto_port(self->run.perfetto, CLIENT, 101, "asks", "client", "example/adder");
	run_end(_metadata, &self->run);
	thread = find(&self->run.trace, "M", "thread_name");
	process = find(&self->run.trace, "M", "process_name");
	ASSERT_NE(NULL, thread);
	ASSERT_NE(NULL, process);
	EXPECT_STREQ("client 0123456789abcdef example/adder",
		     text_of(json_object_get(thread, "args"), "name"));
	EXPECT_STREQ("asks", text_of(json_object_get(process, "args"), "name"));
	EXPECT_EQ(101, number_of(thread, "pid"));
	EXPECT_EQ(101, number_of(process, "pid"));
}

TEST_F(perfetto, names_may_be_anything)
{
	char service[TEXT_SIZE];
	json_t *name;

	memset(service, 'x', sizeof(service) - 1);
	service[sizeof(service) - 1] = 0;
	perfetto_port(self->run.perfetto, CLIENT, 101, "a\"\\\n\x01", "client", "k\xc3\xa4se");
	perfetto_port(self->run.perfetto, SERVER, 102, "cut\xc3", "server", service);
	run_end(_metadata, &self->run);
	EXPECT_EQ(2, count_of(&self->run.trace, "M", "process_name"));
	name = json_object_get(find(&self->run.trace, "M", "process_name"), "args");
	EXPECT_STREQ("cut?", text_of(name, "name"));
	name = json_object_get(find(&self->run.trace, "M", "thread_name"), "args");
	EXPECT_EQ(strlen("server fedcba9876543210 ") + sizeof(service) - 1,
		  strlen(text_of(name, "name")));
}

/* One request and one response, each end in its place to the nanosecond. */
TEST_F(perfetto, one_exchange)
{
	json_t *slice;

	name_both(&self->run);
	HIT(request_loan, CLIENT, 0, 1, 0x1000, 8, 1);
	HIT(request_send, CLIENT, SERVER, 1, 0x1000, 8, 1);
	HIT(active_request_receive, SERVER, CLIENT, 1, 0x2000, 8, 0);
	HIT(reply_loan, SERVER, CLIENT, 1, 0x3000, 16, 1);
	HIT(reply_send, SERVER, CLIENT, 1, 0x3000, 16, 1);
	HIT(active_request_release, SERVER, CLIENT, 1, 0x2000, 8, 0);
	HIT(response_receive, CLIENT, SERVER, 1, 0x4000, 16, 0);
	HIT(response_release, CLIENT, SERVER, 1, 0x4000, 16, 0);
	HIT(pending_response_release, CLIENT, SERVER, 1, 0x1000, 8);
	run_end(_metadata, &self->run);

	EXPECT_EQ(4, self->run.trace.count);
	slice = find(&self->run.trace, "X", "handle");
	ASSERT_NE(NULL, slice);
	EXPECT_EQ(2 * STEP, time_of(slice, "ts"));
	EXPECT_EQ(3 * STEP, time_of(slice, "dur"));
	EXPECT_EQ(pid_of(SERVER), number_of(slice, "pid"));
	EXPECT_STREQ("0123456789abcdef", text_of(json_object_get(slice, "args"), "peer"));
	slice = find(&self->run.trace, "X", "hold");
	ASSERT_NE(NULL, slice);
	EXPECT_EQ(6 * STEP, time_of(slice, "ts"));
	EXPECT_EQ(STEP, time_of(slice, "dur"));
	EXPECT_EQ(pid_of(CLIENT), number_of(slice, "pid"));
	EXPECT_EQ(1, count_of(&self->run.trace, "s", "request"));
	EXPECT_EQ(1, count_of(&self->run.trace, "s", "response"));
	EXPECT_STREQ("0123456789abcdef/1", text_of(find(&self->run.trace, "b", NULL), "id"));
	EXPECT_EQ(STEP, time_of(find(&self->run.trace, "b", NULL), "ts"));
	EXPECT_EQ(8 * STEP, time_of(find(&self->run.trace, "e", NULL), "ts"));
	/* Of two loans and their ends, and of the queues. */
	EXPECT_EQ(2, count_of(&self->run.trace, "C",
			      "client 0123456789abcdef example/adder loans"));
	EXPECT_EQ(1, count_of(&self->run.trace, "C",
			      "server fedcba9876543210 example/adder queued requests"));
	EXPECT_EQ(8, count_of(&self->run.trace, "C", NULL));
}

/* What was loaned within a handle is drawn within it; what was not, beside it. */
TEST_F(perfetto, tracks_are_nested)
{
	name_both(&self->run);
	HIT(active_request_receive, SERVER, CLIENT, 1, 0x2000, 8, 0);
	HIT(reply_loan, SERVER, CLIENT, 1, 0x3000, 16, 1);
	HIT(reply_send, SERVER, CLIENT, 1, 0x3000, 16, 1);
	HIT(active_request_release, SERVER, CLIENT, 1, 0x2000, 8, 0);
	HIT(request_loan, CLIENT, 0, 2, 0x1000, 8, 1);
	HIT(request_loan, CLIENT, 0, 3, 0x1100, 8, 2);
	HIT(request_release, CLIENT, 0, 2, 0x1000, 8);
	HIT(request_release, CLIENT, 0, 3, 0x1100, 8);
	run_end(_metadata, &self->run);
	ASSERT_EQ(4, self->run.trace.count);
	EXPECT_EQ(self->run.trace.slices[2].tid, self->run.trace.slices[3].tid);
	EXPECT_NE(self->run.trace.slices[0].tid, self->run.trace.slices[1].tid);
	EXPECT_EQ(3, count_of(&self->run.trace, "M", "thread_name"));
	EXPECT_EQ(2, count_of(&self->run.trace, "X", "unsent"));
}

/* All at one time, or even backwards: slices have a length, and arrows a direction. */
TEST_F(perfetto, a_clock_that_stands)
{
	HIT(request_loan, CLIENT, 0, 1, 0x1000, 8, 1);
	self->run.time = FIRST;
	HIT(request_send, CLIENT, SERVER, 1, 0x1000, 8, 1);
	self->run.time = FIRST;
	HIT(active_request_receive, SERVER, CLIENT, 1, 0x2000, 8, 0);
	self->run.time = FIRST - SECOND;
	HIT(active_request_release, SERVER, CLIENT, 1, 0x2000, 8, 0);
	self->run.time = 0;
	HIT(pending_response_release, CLIENT, SERVER, 1, 0x1000, 8);
	run_end(_metadata, &self->run);
	EXPECT_EQ(2, self->run.trace.count);
	EXPECT_EQ(0, count_of(&self->run.trace, "s", NULL));
}

TEST_F(perfetto, an_arrow_to_each_server)
{
	HIT(request_loan, CLIENT, 0, 1, 0x1000, 8, 1);
	HIT(request_send, CLIENT, SERVER, 1, 0x1000, 8, 1);
	HIT(active_request_receive, SERVER, CLIENT, 1, 0x2000, 8, 0);
	HIT(request_send, CLIENT, OTHER, 1, 0x1000, 8, 1);
	HIT(active_request_receive, OTHER, CLIENT, 1, 0x2000, 8, 0);
	HIT(pending_response_release, CLIENT, 0, 1, 0x1000, 8);
	HIT(active_request_release, SERVER, CLIENT, 1, 0x2000, 8, 0);
	HIT(active_request_release, OTHER, CLIENT, 1, 0x2000, 8, 0);
	run_end(_metadata, &self->run);
	EXPECT_EQ(3, self->run.trace.count);
	EXPECT_EQ(2, count_of(&self->run.trace, "s", "request"));
	EXPECT_EQ(1, count_of(&self->run.trace, "b", NULL));
}

/* The receivers are seen first, as they were quicker than the tracer. */
TEST_F(perfetto, received_before_sent)
{
	HIT(request_loan, CLIENT, 0, 1, 0x1000, 8, 1);
	HIT(active_request_receive, SERVER, CLIENT, 1, 0x2000, 8, 0);
	HIT(request_send, CLIENT, SERVER, 1, 0x1000, 8, 1);
	HIT(reply_loan, SERVER, CLIENT, 1, 0x3000, 16, 1);
	HIT(response_receive, CLIENT, SERVER, 1, 0x4000, 16, 0);
	HIT(reply_send, SERVER, CLIENT, 1, 0x3000, 16, 1);
	HIT(active_request_release, SERVER, CLIENT, 1, 0x2000, 8, 0);
	HIT(response_release, CLIENT, SERVER, 1, 0x4000, 16, 0);
	HIT(pending_response_release, CLIENT, SERVER, 1, 0x1000, 8);
	run_end(_metadata, &self->run);
	EXPECT_EQ(1, count_of(&self->run.trace, "s", "request"));
	EXPECT_EQ(1, count_of(&self->run.trace, "s", "response"));
}

/* A response whose reply was missed does not get the next one, loaned after it. */
TEST_F(perfetto, a_missed_reply_is_no_other)
{
	HIT(request_loan, CLIENT, 0, 1, 0x1000, 8, 1);
	HIT(request_send, CLIENT, SERVER, 1, 0x1000, 8, 1);
	HIT(response_receive, CLIENT, SERVER, 1, 0x4000, 16, 0);
	HIT(reply_loan, SERVER, CLIENT, 1, 0x3000, 24, 1);
	HIT(reply_send, SERVER, CLIENT, 1, 0x3000, 24, 1);
	HIT(response_receive, CLIENT, SERVER, 1, 0x4100, 24, 0);
	HIT(response_release, CLIENT, SERVER, 1, 0x4000, 16, 0);
	HIT(response_release, CLIENT, SERVER, 1, 0x4100, 24, 0);
	run_end(_metadata, &self->run);
	EXPECT_EQ(1, count_of(&self->run.trace, "s", "response"));
	EXPECT_EQ(0, self->run.trace.crossed);
}

/* Two of four are taken back, the oldest; and a request is, which is never received. */
TEST_F(perfetto, overflow_leaves_no_arrow)
{
	uint64_t i;

	HIT(request_loan, CLIENT, 0, 1, 0x1000, 8, 1);
	HIT(request_send, CLIENT, SERVER, 1, 0x1000, 8, 1);
	HIT(request_loan, CLIENT, 0, 2, 0x1100, 8, 1);
	HIT(request_send, CLIENT, SERVER, 2, 0x1100, 8, 2);
	HIT(active_request_receive, SERVER, CLIENT, 1, 0x2000, 8, 0);
	HIT(request_overflow, CLIENT, SERVER, 2);
	for (i = 0; i < 4; i++) {
		HIT(reply_loan, SERVER, CLIENT, 1, 0x3000 + 64 * i, 100 + i, 1);
		if (i >= 2)
			HIT(reply_overflow, SERVER, CLIENT, 1);
		HIT(reply_send, SERVER, CLIENT, 1, 0x3000 + 64 * i, 100 + i, i < 2 ? i + 1 : 2);
	}
	HIT(response_receive, CLIENT, SERVER, 1, 0x4000, 102, 1);
	HIT(response_receive, CLIENT, SERVER, 1, 0x4040, 103, 0);
	HIT(response_receive, CLIENT, SERVER, 1, 0x4080, 104, 0);
	run_end(_metadata, &self->run);
	EXPECT_EQ(1, count_of(&self->run.trace, "s", "request"));
	EXPECT_EQ(2, count_of(&self->run.trace, "s", "response"));
	EXPECT_EQ(0, self->run.trace.crossed);
	EXPECT_EQ(1, count_of(&self->run.trace, "i", "request_overflow"));
	EXPECT_EQ(2, count_of(&self->run.trace, "i", "reply_overflow"));
}

/* The depth of the queue tells that they were received, but for one that may be late. */
TEST_F(perfetto, missed_responses_are_forgotten)
{
	uint64_t i;

	HIT(request_loan, CLIENT, 0, 1, 0x1000, 8, 1);
	HIT(request_send, CLIENT, SERVER, 1, 0x1000, 8, 1);
	for (i = 0; i < 10; i++) {
		HIT(reply_loan, SERVER, CLIENT, 1, 0x3000, 100 + i, 1);
		HIT(reply_send, SERVER, CLIENT, 1, 0x3000, 100 + i, 1);
	}
	for (i = 0; i < 3; i++)
		HIT(response_receive, CLIENT, SERVER, 1, 0x4000 + 64 * i, 109, 0);
	run_end(_metadata, &self->run);
	EXPECT_EQ(2, count_of(&self->run.trace, "s", "response"));
	EXPECT_EQ(1, self->run.trace.crossed);
}

TEST_F(perfetto, ends_without_beginnings)
{
	HIT(request_send, CLIENT, SERVER, 1, 0x1000, 8, 1);
	HIT(active_request_receive, SERVER, CLIENT, 1, 0x2000, 8, 0);
	HIT(reply_send, SERVER, CLIENT, 1, 0x3000, 8, 1);
	HIT(response_receive, CLIENT, SERVER, 1, 0x4000, 8, 0);
	HIT(response_release, CLIENT, SERVER, 1, 0x4100, 8, 0);
	HIT(active_request_release, SERVER, CLIENT, 1, 0x2100, 8, 0);
	HIT(request_release, CLIENT, 0, 2, 0x1100, 8);
	HIT(reply_release, SERVER, CLIENT, 2, 0x3100, 8);
	HIT(reply_overflow, SERVER, CLIENT, 1);
	HIT(reply_overflow, SERVER, CLIENT, 9);
	HIT(request_overflow, CLIENT, SERVER, 9);
	HIT(pending_response_release, CLIENT, SERVER, 9, 0x1000, 8);
	HIT(port_destroy, OTHER, 0, 1, 0);
	run_end(_metadata, &self->run);
	EXPECT_EQ(0, count_of(&self->run.trace, "s", NULL));
	EXPECT_EQ(1, count_of(&self->run.trace, "b", NULL));
	EXPECT_EQ(2, self->run.trace.count);
}

/* The trace ends, a port does, and memory is loaned again. */
TEST_F(perfetto, beginnings_without_ends)
{
	HIT(request_loan, CLIENT, 0, 1, 0x1000, 8, 1);
	HIT(request_send, CLIENT, SERVER, 1, 0x1000, 8, 1);
	HIT(request_loan, CLIENT, 0, 2, 0x1000, 8, 1);
	HIT(request_loan, CLIENT, 0, 3, 0x1000, 8, 1);
	HIT(port_destroy, CLIENT, 0, 1, 0);
	HIT(active_request_receive, SERVER, CLIENT, 1, 0x2000, 8, 0);
	HIT(reply_loan, SERVER, CLIENT, 1, 0x3000, 8, 1);
	HIT(channel_gone, SERVER, CLIENT, ECONNRESET);
	run_end(_metadata, &self->run);
	EXPECT_EQ(4, count_of(&self->run.trace, "X", "build"));
	EXPECT_EQ(1, count_of(&self->run.trace, "X", "handle"));
	EXPECT_EQ(4 * STEP, time_of(find(&self->run.trace, "e", NULL), "ts"));
	EXPECT_EQ(7 * STEP, self->run.trace.slices[self->run.trace.count - 1].end);
}

/* More loans at a time than a port has tracks; those that are drawn are drawn well. */
TEST_F(perfetto, more_than_there_are_tracks)
{
	uint64_t i;

	for (i = 0; i < 100; i++)
		HIT(request_loan, CLIENT, 0, i, 0x1000 + 64 * i, 8, i + 1);
	for (i = 0; i < 100; i++)
		HIT(request_send, CLIENT, SERVER, i, 0x1000 + 64 * i, 8, 1);
	for (i = 0; i < 100; i++)
		HIT(active_request_receive, SERVER, CLIENT, i, 0x1000 + 64 * i, 8, 1);
	run_end(_metadata, &self->run);
	EXPECT_LE(30 + 100, self->run.trace.count);
	EXPECT_GT(200, self->run.trace.count);
	EXPECT_EQ(100, count_of(&self->run.trace, "b", NULL));
	EXPECT_LE(30, count_of(&self->run.trace, "s", NULL));
}

TEST_F(perfetto, instants)
{
	struct text_record breach = {
		.event = { .kind = RECORD_TEXT, .probe = SLUICE_TRACE_protocol_violation,
			   .time = FIRST, .pid = 102, .argument = { SERVER, CLIENT, 0x7000 } },
		.text = "a word is wrong",
	};
	json_t *args;

	HIT(channel_connect, CLIENT, SERVER);
	HIT(channel_refuse, SERVER, CLIENT, EACCES);
	HIT(channel_gone, SERVER, CLIENT, 1 << 20);
	HIT(growth, CLIENT, 2, 1, 4096, 8192, 77);
	HIT(request_block, CLIENT, 3);
	HIT(request_unblock, CLIENT, 3, 5000, 0);
	HIT(deadline_miss, SERVER, CLIENT, 3, 123);
	perfetto_event(self->run.perfetto, &breach.event);
	memset(breach.text, 'x', sizeof(breach.text));
	perfetto_event(self->run.perfetto, &breach.event);
	run_end(_metadata, &self->run);
	EXPECT_EQ(9, count_of(&self->run.trace, "i", NULL));
	EXPECT_STREQ("t", text_of(find(&self->run.trace, "i", "growth"), "s"));
	EXPECT_EQ(77, argument_of(find(&self->run.trace, "i", "growth"), "advice"));
	EXPECT_EQ(5000, argument_of(find(&self->run.trace, "i", "request_unblock"), "waited"));
	EXPECT_EQ(1 << 20, argument_of(find(&self->run.trace, "i", "channel_gone"), "error"));
	args = json_object_get(find(&self->run.trace, "i", "channel_refuse"), "args");
	EXPECT_STREQ("EACCES", text_of(args, "error"));
	EXPECT_STREQ("0123456789abcdef", text_of(args, "peer"));
	args = json_object_get(find(&self->run.trace, "i", "protocol_violation"), "args");
	EXPECT_EQ(TEXT_SIZE, strlen(text_of(args, "reason")));
}

/* Other records, other probes, and no probe at all. */
TEST_F(perfetto, what_is_not_drawn)
{
	struct event_record event = { .kind = RECORD_PAYLOAD, .pid = 1,
				      .probe = SLUICE_TRACE_request_send };

	perfetto_event(self->run.perfetto, &event);
	event.kind = RECORD_EVENT;
	event.probe = SLUICE_TRACE_round_trip;
	perfetto_event(self->run.perfetto, &event);
	event.probe = UINT16_MAX;
	perfetto_event(self->run.perfetto, &event);
	run_end(_metadata, &self->run);
	EXPECT_EQ(0, json_array_size(self->run.trace.elements));
}

/* A nanosecond is told from the next after ten days. */
TEST_F(perfetto, a_long_trace)
{
	HIT(channel_connect, CLIENT, SERVER);
	self->run.time = FIRST + UINT64_C(864000000000001);
	HIT(request_loan, CLIENT, 0, 1, 0x1000, 8, 1);
	HIT(request_release, CLIENT, 0, 1, 0x1000, 8);
	run_end(_metadata, &self->run);
	EXPECT_EQ(INT64_C(864000000000001), self->run.trace.slices[0].begin);
	EXPECT_EQ(INT64_C(864000000000001) + STEP, self->run.trace.slices[0].end);
}

TEST_F(perfetto, failures)
{
	struct outlet *full = outlet_open(&(struct outlet_file){ .path = "/dev/full" }, 0);
	uint64_t i;

	EXPECT_EQ(NULL, outlet_open(&(struct outlet_file){ .path = "/proc/nothing/here" }, 0));
	EXPECT_EQ(ENOENT, errno);
	run_end(_metadata, &self->run);
	ASSERT_NE(NULL, full);
	self->run.perfetto = perfetto_open(full);
	ASSERT_NE(NULL, self->run.perfetto);
	for (i = 0; i < 1000; i++)
		HIT(request_loan, CLIENT, 0, i, 64 * i, 8, 1);
	EXPECT_EQ(-ENOSPC, perfetto_close(self->run.perfetto));
	outlet_close(full);
}

/* ---- A random life ------------------------------------------------------- */

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

/* ---- The table ----------------------------------------------------------- */

#define KEYS	200u

/* Its values are the addresses of these. */
static struct table_key keys[KEYS];

TEST(table_agrees_with_an_array)
{
	struct life life = { .random = (uint64_t)now() };
	struct table table = { .size = 0 };
	bool there[KEYS] = { false };
	size_t count = 0;

	TH_LOG("seed %llu", (unsigned long long)life.random);
	for (unsigned int i = 0; i < KEYS; i++)
		keys[i] = (struct table_key){ { i % 3, i, i << 20 } };
	EXPECT_EQ(NULL, table_find(&table, &keys[0]));
	EXPECT_EQ(NULL, table_remove(&table, &keys[0]));
	for (unsigned int i = 0; i < 50000; i++) {
		size_t k = pick(&life, KEYS);

		ASSERT_EQ(there[k] ? &keys[k] : NULL, table_find(&table, &keys[k]));
		if (there[k]) {
			ASSERT_EQ(&keys[k], table_remove(&table, &keys[k]));
		} else {
			ASSERT_EQ(0, table_add(&table, &keys[k], &keys[k]));
		}
		there[k] = !there[k];
		count += there[k] ? 1 : (size_t)-1;
		ASSERT_EQ(count, table.count);
	}
	table_deinit(&table);
	EXPECT_EQ(0, table.size);
}

TEST_HARNESS_MAIN
