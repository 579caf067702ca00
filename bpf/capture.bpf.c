// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Every message that is sent, with as much of its contents as was asked for: its parts in
 * records of their own, then the event.
 *
 * It is copied before any other process can see the message, in the process that wrote it.
 * The program cannot wait here for memory that is swapped out; the part then has no bytes.
 */
#include "watch.h"

#define CHUNKS_MAX	4096u	/* 16 MiB */
#define SMALL_CHUNK	256u	/* what is not longer does not take the room of a chunk */

struct copying {
	const struct hit *hit;
	uint64_t begin;
	uint32_t bytes;
	uint32_t lead;
};

/* Room for most, a power of two, of which size are there.  False if there is no room. */
static __always_inline bool copy_part(const struct copying *copying, uint32_t offset,
				      uint32_t size, const uint32_t most)
{
	const void *from = (const void *)(copying->begin + offset);
	struct payload_record *record;
	long r;

	record = bpf_ringbuf_reserve(&ring, sizeof(*record) - CHUNK_SIZE + most, 0);
	if (!record) {
		count(copying->hit->probe, true);
		return false;
	}
	fill_event(&record->event, copying->hit, RECORD_PAYLOAD);
	record->offset = offset;
	record->lead = copying->lead;
	record->reserved = 0;
	if (size >= most) {
		size = most;
		r = bpf_probe_read_user(record->data, most, from);
	} else {
		r = bpf_probe_read_user(record->data, size & (most - 1), from);
	}
	record->size = r < 0 ? 0 : size;
	submit(copying->hit, record);
	return true;
}

/* A 1 ends the loop. */
static long copy_chunk(uint32_t i, struct copying *copying)
{
	uint32_t offset = i * CHUNK_SIZE;

	if (offset >= copying->bytes)
		return 1;
	return !copy_part(copying, offset, copying->bytes - offset, CHUNK_SIZE);
}

static __always_inline void copy_payload(const struct hit *hit)
{
	const struct port_entry *port = bpf_map_lookup_elem(&ports, &hit->argument[0]);
	struct copying copying = { .hit = hit };
	uint64_t bytes;

	if (port)
		copying.lead = hit->probe == SLUICE_TRACE_request_send ? port->request_lead :
									  port->reply_lead;
	copying.begin = hit->argument[3] - copying.lead;
	bytes = hit->argument[4] + copying.lead;
	copying.bytes = bytes < hit->settings->snap ? (uint32_t)bytes : hit->settings->snap;
	if (copying.bytes <= SMALL_CHUNK)
		copy_part(&copying, 0, copying.bytes, SMALL_CHUNK);
	else
		bpf_loop(CHUNKS_MAX, copy_chunk, &copying, 0);
}

SEC("uprobe")
int on_probe(struct pt_regs *ctx)
{
	struct hit hit;

	if (!take_hit(ctx, &hit))
		return 0;
	if (hit.settings->snap && (hit.probe == SLUICE_TRACE_request_send ||
				   hit.probe == SLUICE_TRACE_reply_send))
		copy_payload(&hit);
	send_hit(&hit);
	return 0;
}
