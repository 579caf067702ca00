// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Does nothing, so the cost of a hit is that of the trap. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char license_text[] SEC("license") = "Dual BSD/GPL";

SEC("uprobe")
int on_probe(void *ctx)
{
	(void)ctx;
	return 0;
}
