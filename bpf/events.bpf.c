// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Every hit becomes a record in the ring buffer. */
#include "watch.h"

SEC("uprobe")
int on_probe(struct pt_regs *ctx)
{
	struct hit hit;

	if (take_hit(ctx, &hit))
		send_hit(&hit);
	return 0;
}
