/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The common part of the programs in the kernel and the tracer outside: the records in the
 * ring buffer, and the entries of the maps.  All come from one build, so there is no
 * version.
 */
#ifndef BPF_RECORDS_H
#define BPF_RECORDS_H

#include <stdint.h>

#include <sluice/trace.h>

#define TEXT_SIZE	256u	/* the terminating 0 included */
#define CHUNK_SIZE	4096u
#define STACK_DEPTH	32u
#define PROBES_MAX	64u	/* a power of two, for the verifier */

_Static_assert(SLUICE_TRACE_COUNT <= PROBES_MAX, "each has a shape");

/* ---- The ring buffer ---- */

/* The kind of a record, which begins with this. */
enum record_kind {
	RECORD_EVENT,		/* struct event_record */
	RECORD_TEXT,		/* struct text_record */
	RECORD_STACK,		/* struct event_record whose stack was taken */
	RECORD_SLOW,		/* struct slow_record */
	RECORD_PAYLOAD,		/* struct payload_record */
};

/**
 * struct event_record - a probe was hit
 * @kind: an enum record_kind.
 * @probe: an enum sluice_trace_probe.
 * @stack: if the kind is RECORD_STACK, the key of the stack; negative: there is none.
 * @time: nanoseconds of CLOCK_MONOTONIC.
 * @pid: the process, as the initial pid namespace numbers it.
 * @tid: its thread.
 * @comm: name of the thread, which that of a process begins as.
 * @argument: as the probe has them; those that it has not are 0.
 */
struct event_record {
	uint16_t kind;
	uint16_t probe;
	int32_t stack;
	uint64_t time;
	uint32_t pid;
	uint32_t tid;
	char comm[16];
	uint64_t argument[SLUICE_TRACE_ARGUMENTS];
};

/**
 * struct text_record - a probe was hit that has a string among its arguments
 * @event: kind RECORD_TEXT.
 * @text: the string, terminated, cut if it is longer.
 */
struct text_record {
	struct event_record event;
	char text[TEXT_SIZE];
};

/**
 * struct slow_record - a round trip took longer than was asked for
 * @event: kind RECORD_SLOW, probe SLUICE_TRACE_round_trip.
 * @stages: what it went through.
 */
struct slow_record {
	struct event_record event;
	struct sluice_trace_stages stages;
};

/**
 * struct payload_record - a part of what a message carries
 * @event: kind RECORD_PAYLOAD; the probe is that of sending.  Comes before the record of
 *	the event itself, which its thread makes next.
 * @offset: of this part, in bytes, from the beginning of the slice: the user header and
 *	what pads it come first.
 * @size: bytes of this part; 0 if the memory could not be read.
 * @lead: bytes in front of the elements.
 * @reserved: 0.
 * @data: the bytes.
 */
struct payload_record {
	struct event_record event;
	uint32_t offset;
	uint32_t size;
	uint32_t lead;
	uint32_t reserved;
	uint8_t data[CHUNK_SIZE];
};

/* ---- Settings, and what is known of ports ---- */

/**
 * struct probe_shape - which argument of a probe is what; -1 for none
 * @port: id of a port.
 * @peer: id of the port at the other end.
 * @bytes: of a message.
 * @duration: nanoseconds.
 * @text: address of a string.
 * @reserved: 0.
 */
struct probe_shape {
	int8_t port, peer, bytes, duration, text;
	int8_t reserved[3];
};

/**
 * struct settings - what the tracer wants; the entry of the map "settings"
 * @only_pids: only processes that are in the map "pids".
 * @only_services: only ports whose service has this name.
 * @service_length: bytes of the name.
 * @service_prefix: whatever comes behind these bytes.
 * @service: the name.
 * @port: only this port, at either end; 0: all.
 * @least_bytes: only messages of so many bytes.
 * @least_ns: only what took so many nanoseconds.
 * @slow_ns: latency: round trips that are told of one by one; 0: none.
 * @totals: hits are counted, and not told of.
 * @stopped: nothing is wanted any more, and what still comes is neither counted nor told of.
 * @snap: capture: bytes of a payload, at most; 0: none.
 * @ring_bytes: size of the ring buffer.
 * @shape: of each probe.
 */
struct settings {
	uint32_t only_pids;
	uint32_t only_services;
	uint32_t service_length;
	uint32_t service_prefix;
	char service[TEXT_SIZE];
	uint64_t port;
	uint64_t least_bytes;
	uint64_t least_ns;
	uint64_t slow_ns;
	uint32_t totals;
	uint32_t stopped;
	uint32_t snap;
	uint32_t ring_bytes;
	struct probe_shape shape[PROBES_MAX];
};

/* In the map "pids", by a process's number: it has hit a probe.  Any other value: not yet. */
#define PID_HIT	UINT32_MAX

/**
 * struct port_entry - in the map "ports", by the id of a port
 * @wanted: its service is one that was asked for.
 * @request_lead: bytes in front of the elements of its service's requests.
 * @reply_lead: and of replies.
 * @reserved: 0.
 */
struct port_entry {
	uint32_t wanted;
	uint32_t request_lead;
	uint32_t reply_lead;
	uint32_t reserved;
};

/**
 * struct counts - in the map "counts", by probe and processor
 * @seen: hits that passed the filters.
 * @lost: of these, what could not be recorded.
 */
struct counts {
	uint64_t seen;
	uint64_t lost;
};

/* ---- Latency: the map "histograms", of struct histogram ---- */

enum stage {
	STAGE_BUILD,		/* loan to send */
	STAGE_QUEUE,		/* send to receive */
	STAGE_SERVE,		/* receive to first reply */
	STAGE_ROUND_TRIP,	/* send to first response */
	STAGE_HOLD_REQUEST,	/* receive to release, at the server */
	STAGE_HOLD_RESPONSE,	/* receive to release, at the client */
	STAGE_COUNT,
};

struct histogram_key {
	uint64_t port;		/* the client's */
	uint32_t stage;		/* an enum stage */
	uint32_t reserved;
};

/* ---- Leaks: the map "open" ---- */

struct open_key {
	uint64_t slice;		/* address in the process */
	uint32_t pid;
	uint32_t reserved;
};

/**
 * struct open_slice - a slice that is loaned, or received, and was not given back
 * @probe: that began it, an enum sluice_trace_probe.
 * @stack: key in the map "stacks"; negative: none.
 * @sent: a request that was sent: its pending response has it.
 * @reserved: 0.
 * @time: nanoseconds of CLOCK_MONOTONIC.
 * @bytes: of the elements.
 * @port: where it is.
 * @request: number of the request.
 */
struct open_slice {
	uint32_t probe;
	int32_t stack;
	uint32_t sent;
	uint32_t reserved;
	uint64_t time;
	uint64_t bytes;
	uint64_t port;
	uint64_t request;
};

#endif /* BPF_RECORDS_H */
