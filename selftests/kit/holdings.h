/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a process holds for its peers, before an attack and after it: channels that it has
 * mapped, descriptors, and bytes of its heap.
 */
#ifndef SELFTESTS_HOLDINGS_H
#define SELFTESTS_HOLDINGS_H

#include "common.h"

#include <malloc.h>

struct audit {
	int channels;		/* mappings, from either end */
	int fds;
	size_t heap;		/* bytes in use; 0 with a sanitizer, which has its own heap */
};

/* Mappings of this process in whose line in maps this text stands; or -errno. */
helper int count_mappings_of(const char *text)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[512];
	int count = 0;

	while (maps && fgets(line, sizeof(line), maps))
		count += strstr(line, text) != NULL;
	return maps && !fclose(maps) ? count : -errno;
}

/* Channels that this process has mapped. */
helper int count_channels(void)
{
	return count_mappings_of("sluice-channel");
}

helper struct audit audit_take(void)
{
	return (struct audit){
		.channels = count_channels(),
		.fds = count_fds(),
#if !defined(WITH_LEAK_CHECK) && !defined(WITH_THREAD_CHECK)
		.heap = mallinfo2().uordblks,
#endif
	};
}

/*
 * Everything is as it was before so many peers came and went.  A table may have grown
 * meanwhile, so a little more of the heap may be in use: less than a hundred peers need.
 */
helper void audit_check(struct __test_metadata *_metadata, const struct audit *before,
			const char *what)
{
	struct audit after = audit_take();

	EXPECT_EQ(before->channels, after.channels) TH_LOG("%s: channels", what);
	EXPECT_EQ(before->fds, after.fds) TH_LOG("%s: descriptors", what);
	EXPECT_GT(before->heap + (32 << 10), after.heap) TH_LOG("%s: bytes of heap", what);
}

#endif /* SELFTESTS_HOLDINGS_H */
