/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A run of the trace for Perfetto: events go in as they happen, a little time apart, and the
 * file is read back and checked (trace_file.h).
 */
#ifndef SELFTESTS_PERFETTO_RUN_H
#define SELFTESTS_PERFETTO_RUN_H

#include "trace_file.h"

#include "tools/trace/ending.h"
#include "tools/trace/output.h"
#include "tools/trace/perfetto.h"

#define FIRST	(UINT64_C(1000) * SECOND)	/* a time */
#define STEP	1237				/* nanoseconds from event to event */

#define CLIENT	UINT64_C(0x0123456789abcdef)
#define SERVER	UINT64_C(0xfedcba9876543210)
#define OTHER	UINT64_C(0xaa)			/* another server */

struct run {
	char path[64];
	int fds;
	struct output *output;
	struct perfetto *perfetto;
	uint64_t time;
	struct trace trace;
};

helper void run_begin(struct __test_metadata *_metadata, struct run *run)
{
	int fd;

	*run = (struct run){ .fds = count_fds(), .time = FIRST };
	strcpy(run->path, "/tmp/sluice-perfetto.XXXXXX");
	fd = mkstemp(run->path);
	ASSERT_LE(0, fd);
	close(fd);
	run->output = output_open(&(struct output_file){ .path = run->path }, 0);
	ASSERT_NE(NULL, run->output);
	run->perfetto = perfetto_open(run->output);
	ASSERT_NE(NULL, run->perfetto);
}

/* Ends the file, reads it, and checks what is true of all. */
helper void run_end(struct __test_metadata *_metadata, struct run *run)
{
	EXPECT_EQ(0, perfetto_close(run->perfetto));
	output_settle(run->output, ENDING_ALL);
	output_close(run->output);
	trace_read(_metadata, &run->trace, run->path);
}

helper void run_drop(struct __test_metadata *_metadata, struct run *run)
{
	trace_drop(&run->trace);
	unlink(run->path);
	EXPECT_EQ(run->fds, count_fds());
	EXPECT_EQ(0, count_leaks());
}

/* The process of a port, in all tests. */
helper uint32_t pid_of(uint64_t port)
{
	return port == CLIENT ? 101 : port == SERVER ? 102 : 1000 + (uint32_t)(port & 3);
}

/* Hands it over as it happens now, and lets a little time pass. */
helper void tell(struct run *run, struct event_record *event)
{
	event->time = run->time;
	perfetto_event(run->perfetto, event);
	run->time += STEP;
}

helper void hit(struct run *run, enum sluice_trace_probe probe, const uint64_t *arguments)
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

helper void name_both(struct run *run)
{
	perfetto_port(run->perfetto, CLIENT, pid_of(CLIENT), "asks", "client", "example/adder");
	perfetto_port(run->perfetto, SERVER, pid_of(SERVER), "adds", "server", "example/adder");
}

#endif /* SELFTESTS_PERFETTO_RUN_H */
