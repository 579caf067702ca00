// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Each growth becomes a record, with the stack of the loan that needed it. */
#include "watch.h"

#define STACKS_MAX	16384

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, STACKS_MAX);
	__uint(map_flags, BPF_F_STACK_BUILD_ID);
	__uint(key_size, sizeof(uint32_t));
	__uint(value_size, STACK_DEPTH * sizeof(struct bpf_stack_build_id));
} stacks SEC(".maps");

SEC("uprobe")
int on_probe(struct pt_regs *ctx)
{
	struct hit hit;

	if (!take_hit(ctx, &hit))
		return 0;
	if (hit.probe != SLUICE_TRACE_growth) {
		send_hit(&hit);
		return 0;
	}
	count(hit.probe, false);
	send_event(&hit, RECORD_STACK,
		   (int)bpf_get_stackid(ctx, &stacks, BPF_F_USER_STACK));
	return 0;
}
