// SPDX-License-Identifier: MIT
/*
 * sluice trace capture - messages as pcapng, for Wireshark and for replay
 *
 * The parts of a payload come in records of their own, before the event of its message and
 * from the same thread.  They are collected here by thread, and written with the event.  A
 * missing part ends the collection.  So the written bytes are always a beginning of the
 * payload without holes, and the packet says how long the whole was.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "capture.skel.h"
#include "events.h"
#include "pcapng.h"

#define THREADS_MAX	256

/* The collected part of a message that a thread is about to send. */
struct collected {
	uint32_t tid;			/* 0: free */
	uint32_t lead;
	uint32_t size;
	uint8_t *data;			/* of the size of the snap */
};

struct capture {
	struct pcapng_writer *writer;
	struct collected thread[THREADS_MAX];
	bool no_memory;
};

static const void *program(size_t *ret_size)
{
	return capture_bpf__elf_bytes(ret_size);
}

static int begin(struct trace *trace)
{
	struct capture *capture = calloc(1, sizeof(*capture));

	if (!capture)
		return trace_complain("no memory");
	capture->writer = pcapng_create(trace->file, trace->options.snap ? trace->options.snap : 1);
	trace->state = capture;
	return capture->writer ? 0 : trace_complain("no memory");
}

/* The collection of this thread; or a free one. */
static struct collected *collected_of(struct capture *capture, uint32_t tid)
{
	struct collected *free_one = NULL;

	for (int i = 0; i < THREADS_MAX; i++) {
		if (capture->thread[i].tid == tid)
			return &capture->thread[i];
		if (!capture->thread[i].tid && !free_one)
			free_one = &capture->thread[i];
	}
	return free_one;
}

static void collect(struct trace *trace, struct capture *capture,
		    const struct payload_record *part)
{
	struct collected *collected = collected_of(capture, part->event.tid);

	if (!collected)
		return;
	if (part->offset == 0) {
		collected->tid = part->event.tid;
		collected->lead = part->lead;
		collected->size = 0;
	}
	if (!collected->data)
		collected->data = malloc(trace->options.snap);
	if (!collected->data || part->offset != collected->size || part->size > CHUNK_SIZE ||
	    part->size > trace->options.snap - collected->size)
		return;
	memcpy(collected->data + part->offset, part->data, part->size);
	collected->size += part->size;
}

static void write_packet(struct capture *capture, const struct event_record *event,
			 const struct port_known *port)
{
	struct collected *collected = collected_of(capture, event->tid);
	bool has_payload = collected && collected->tid == event->tid;
	bool reply = event->probe == SLUICE_TRACE_reply_send;
	struct capture_packet packet = {
		.header = {
			.probe = reply,
			.pid = event->pid,
			.lead = reply ? port->reply_lead : port->request_lead,
			.port = event->argument[0],
			.peer = event->argument[1],
			.request = event->argument[2],
			.bytes = event->argument[4],
		},
		.time = wall_time(event->time),
		.service = port->service,
		.payload = has_payload ? collected->data : NULL,
		.captured = has_payload ? collected->size : 0,
	};

	if (has_payload) {
		packet.header.lead = collected->lead;
		collected->tid = 0;
	}
	/* The output counts dropped packets, since it knows the reason. */
	if (pcapng_write(capture->writer, &packet) == -ENOMEM)
		capture->no_memory = true;
}

static void record(struct trace *trace, const struct event_record *event)
{
	struct capture *capture = trace->state;
	const struct port_known *port;

	if (event->kind == RECORD_PAYLOAD) {
		collect(trace, capture, (const struct payload_record *)event);
		return;
	}
	port = events_learn(trace, event);
	if (port && (event->probe == SLUICE_TRACE_request_send ||
		     event->probe == SLUICE_TRACE_reply_send)) {
		trace->shown++;
		write_packet(capture, event, port);
	}
}

static int end(struct trace *trace)
{
	struct capture *capture = trace->state;
	bool no_memory = capture->no_memory;

	pcapng_finish(capture->writer);
	for (int i = 0; i < THREADS_MAX; i++)
		free(capture->thread[i].data);
	free(capture);
	trace->state = NULL;
	return no_memory ? trace_complain("no memory") : 0;
}

const struct trace_mode mode_capture = {
	.name = "capture",
	.program = program,
	.probes = PROBE_BIT(request_send) | PROBE_BIT(reply_send),
	.begin = begin,
	.record = record,
	.end = end,
};
