/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * User stacks, for programs that record where something was done.  A frame is kept with the
 * build id of its file, so that it can be named when its process has gone.
 */
#ifndef BPF_STACKS_H
#define BPF_STACKS_H

#include "watch.h"

#define STACKS_MAX	16384

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, STACKS_MAX);
	__uint(map_flags, BPF_F_STACK_BUILD_ID);
	__uint(key_size, sizeof(uint32_t));
	__uint(value_size, STACK_DEPTH * sizeof(struct bpf_stack_build_id));
} stacks SEC(".maps");

/* The key of the stack of the process, here and now; negative: it could not be taken. */
static __always_inline int take_stack(struct pt_regs *ctx)
{
	return (int)bpf_get_stackid(ctx, &stacks, BPF_F_USER_STACK);
}

#endif /* BPF_STACKS_H */
