// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Slices that a process has and has not given back, each with the stack that it was loaned
 * or received with.  The tracer reads the map when it needs it.
 *
 * A slice is known by its address in its process, which is the same from the loan to the
 * release.  Slices from before the tracer was attached are not known.
 */
#include "stacks.h"

#define OPEN_MAX	262144
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, OPEN_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct open_key);
	__type(value, struct open_slice);
} open SEC(".maps");

static __always_inline void begin(struct pt_regs *ctx, const struct hit *hit,
				  const struct open_key *key)
{
	struct open_slice slice = {
		.probe = hit->probe,
		.time = bpf_ktime_get_ns(),
		.bytes = hit->argument[4],
		.port = hit->argument[0],
		.request = hit->argument[2],
	};

	slice.stack = take_stack(ctx);
	if (bpf_map_update_elem(&open, key, &slice, BPF_ANY))
		count(hit->probe, true);
}

/* A request goes to each of several servers; it is sent with the first. */
static __always_inline void change(const struct hit *hit, const struct open_key *key)
{
	struct open_slice *slice = bpf_map_lookup_elem(&open, key);

	if (!slice)
		return;
	slice->bytes = hit->argument[4];
	if (hit->probe == SLUICE_TRACE_request_send)
		slice->sent = 1;
}

SEC("uprobe")
int on_probe(struct pt_regs *ctx)
{
	struct open_key key = { 0 };
	struct hit hit;

	if (!take_hit(ctx, &hit))
		return 0;
	key.slice = hit.argument[3];
	key.pid = hit.pid;
	switch (hit.probe) {
	case SLUICE_TRACE_request_loan:
	case SLUICE_TRACE_reply_loan:
	case SLUICE_TRACE_active_request_receive:
	case SLUICE_TRACE_response_receive:
		count(hit.probe, false);
		begin(ctx, &hit, &key);
		break;
	case SLUICE_TRACE_request_shorten:
	case SLUICE_TRACE_reply_shorten:
	case SLUICE_TRACE_request_send:
		count(hit.probe, false);
		change(&hit, &key);
		break;
	case SLUICE_TRACE_request_release:
	case SLUICE_TRACE_pending_response_release:
	case SLUICE_TRACE_active_request_release:
	case SLUICE_TRACE_reply_send:
	case SLUICE_TRACE_reply_release:
	case SLUICE_TRACE_response_release:
		count(hit.probe, false);
		bpf_map_delete_elem(&open, &key);
		break;
	default:
		send_hit(&hit);
	}
	return 0;
}
