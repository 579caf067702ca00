// SPDX-License-Identifier: MIT
/*
 * Which files somebody holds a flock of, as /proc/locks says it, by their inodes.
 *
 * The list is handed out a page at a time, and what follows moves up when a lock is given
 * back meanwhile: on a busy machine a reading misses some.  So it is read again until a
 * reading has told nothing new.
 */
#include "locks.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define READ_SIZE	65536
#define READINGS_MOST	8	/* on a machine where locks come and go all the time */

int locks_add(struct locks *locks, uint64_t inode)
{
	uint64_t *grown;

	if (locks->count == locks->room) {
		locks->room = locks->room ? 2 * locks->room : 256;
		grown = realloc(locks->inode, locks->room * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		locks->inode = grown;
	}
	locks->inode[locks->count++] = inode;
	return 0;
}

static int compare_inodes(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return left < right ? -1 : left > right;
}

/* Sorts them, each once. */
static void sort_locks(struct locks *locks)
{
	size_t kept = 0;

	if (locks->count)
		qsort(locks->inode, locks->count, sizeof(*locks->inode), compare_inodes);
	for (size_t i = 0; i < locks->count; i++)
		if (!kept || locks->inode[kept - 1] != locks->inode[i])
			locks->inode[kept++] = locks->inode[i];
	locks->count = kept;
}

/* Of all files of the machine: inodes are enough, for a mistake is harmless and rare. */
int locks_read(struct locks *locks)
{
	FILE *file = fopen("/proc/locks", "re");
	unsigned long long inode;
	size_t before;
	char line[256];
	int r = 0;

	/* Without the list all would pass for dead; a machine may have no such list at all. */
	if (!file && errno != ENOENT)
		return -errno;
	locks->unlisted = !file;
	sort_locks(locks);		/* with those that were added */
	before = locks->count;
	/* As much at a time as the kernel gives: so less is missed. */
	if (file)
		setvbuf(file, NULL, _IOFBF, READ_SIZE);
	while (file && !r && fgets(line, sizeof(line), file))
		if (sscanf(line, "%*d: FLOCK %*s %*s %*d %*x:%*x:%llu", &inode) == 1)
			r = locks_add(locks, inode);
	if (file)
		fclose(file);
	sort_locks(locks);
	return r < 0 ? r : (int)(locks->count - before);
}

int locks_read_again(struct locks *locks)
{
	int r = 1;

	for (unsigned int i = 0; i < READINGS_MOST && r > 0; i++)
		r = locks_read(locks);
	return r < 0 ? r : 0;
}

static uint64_t *find(const struct locks *locks, uint64_t inode)
{
	if (!locks->count)
		return NULL;
	return bsearch(&inode, locks->inode, locks->count, sizeof(inode), compare_inodes);
}

bool locks_have(const struct locks *locks, uint64_t inode)
{
	return find(locks, inode);
}

void locks_drop(struct locks *locks, uint64_t inode)
{
	uint64_t *found = find(locks, inode), *end = locks->inode + locks->count;

	if (!found)
		return;
	memmove(found, found + 1, (size_t)(end - found - 1) * sizeof(*found));
	locks->count--;
}

void locks_free(struct locks *locks)
{
	free(locks->inode);
}
