/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a process of the library has, and what lies under its root: counted before something
 * that must leave nothing, and after it.  Blocks of the heap are counted if the program has
 * INJECT_ALLOCATIONS defined (inject.h).
 */
#ifndef SELFTESTS_BELONGINGS_H
#define SELFTESTS_BELONGINGS_H

#include "common.h"
#include "inject.h"

/* Mappings of the library: of memfds, of rings, and of files below a root, if there is one. */
helper int count_mappings(const char *root)
{
	FILE *file = fopen("/proc/self/maps", "re");
	char line[512];
	int count = 0;

	while (file && fgets(line, sizeof(line), file))
		count += strstr(line, "memfd:sluice") || strstr(line, "io_uring") ||
			 (root && strstr(line, root));
	if (file)
		fclose(file);
	return count;
}

struct belongings {
	int fds, watches, mappings, entries;
	long blocks;
};

helper struct belongings count_belongings(const struct root *root)
{
	return (struct belongings){
		.fds = count_fds(),
		.watches = count_watches(),
		.mappings = count_mappings(root->path),
		.entries = tree_walk(root->path, false).entries,
		.blocks = inject_blocks(),
	};
}

#endif /* SELFTESTS_BELONGINGS_H */
