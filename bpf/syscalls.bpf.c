// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* How many system calls some processes make: those that the tracer has put in the map. */
#include <stdint.h>

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char license_text[] SEC("license") = "Dual BSD/GPL";

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, uint32_t);
	__type(value, uint64_t);
} calls SEC(".maps");

SEC("raw_tp/sys_enter")
int on_call(void *ctx)
{
	uint32_t pid = (uint32_t)(bpf_get_current_pid_tgid() >> 32);
	uint64_t *count = bpf_map_lookup_elem(&calls, &pid);

	(void)ctx;
	if (count)
		__sync_fetch_and_add(count, 1);
	return 0;
}
