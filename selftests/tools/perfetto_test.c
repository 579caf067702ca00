// SPDX-License-Identifier: GPL-2.0-only
/*
 * The trace for Perfetto, tools/trace/perfetto.c: what single events become.  Each test hands
 * over a few events and looks at the slices, arrows and instants in the file.
 */
#include "perfetto_run.h"

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
	struct output *full = output_open(&(struct output_file){ .path = "/dev/full" }, 0);
	uint64_t i;

	EXPECT_EQ(NULL, output_open(&(struct output_file){ .path = "/proc/nothing/here" }, 0));
	EXPECT_EQ(ENOENT, errno);
	run_end(_metadata, &self->run);
	ASSERT_NE(NULL, full);
	self->run.perfetto = perfetto_open(full);
	ASSERT_NE(NULL, self->run.perfetto);
	for (i = 0; i < 1000; i++)
		HIT(request_loan, CLIENT, 0, i, 64 * i, 8, 1);
	EXPECT_EQ(-ENOSPC, perfetto_close(self->run.perfetto));
	output_close(full);
}

TEST_HARNESS_MAIN
