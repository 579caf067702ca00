/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the programs share whose system calls a script counts: messages of one number, and a
 * way to say that this system has no io_uring.
 */
#ifndef SELFTESTS_COUNTED_H
#define SELFTESTS_COUNTED_H

#include <err.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include <sluice.h>

#define SKIP	4	/* exit status */

struct number {
	uint64_t value;
};

static const struct sluice_contract numbers = {
	.name = "test/numbers",
	.request = SLUICE_TYPE(struct number),
	.response = SLUICE_TYPE(struct number),
};

/* Before anything is counted: can a node of this kind be had at all? */
static inline void check_node(const struct sluice_node_opts *opts)
{
	struct sluice_node *node = sluice_node_create("probe", opts);

	if (!node && errno == ENOSYS) {
		warnx("%s", sluice_strerror());
		exit(SKIP);
	}
	if (!node)
		errx(1, "%s", sluice_strerror());
	sluice_node_destroy(node);
}

#endif /* SELFTESTS_COUNTED_H */
