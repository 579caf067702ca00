// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Each growth becomes a record, with the stack of the loan that needed it. */
#include "stacks.h"

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
	send_event(&hit, RECORD_STACK, take_stack(ctx));
	return 0;
}
