// SPDX-License-Identifier: MIT
/*
 * Which files of this machine somebody holds a flock of, from /proc/locks, by inode.
 *
 * The kernel hands the list out a part at a time.  When a lock is given back between two
 * parts, the rest of the list moves up, and a reader misses a lock.  So the list is read
 * again until a reading finds nothing new.
 *
 * Files are told apart by their inode alone.  Two files of different file systems may have
 * the same one; then a dead process may pass for alive, which is rare and does no harm.
 */
#include "os/flocks.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "os/fd.h"

#define LIST		"/proc/locks"
#define READ_SIZE	65536u	/* the kernel gives a page at a time */
#define READINGS_MOST	8	/* where locks come and go all the time */

int flocks_add(struct flocks *flocks, uint64_t inode)
{
	size_t room = flocks->room ? 2 * flocks->room : 256;
	uint64_t *grown;

	if (flocks->count == flocks->room) {
		grown = realloc(flocks->inode, room * sizeof(*grown));
		if (!grown)
			return fail(ENOMEM, "no memory for the list of locks");
		flocks->inode = grown;
		flocks->room = room;
	}
	flocks->inode[flocks->count++] = inode;
	return 0;
}

static int compare_inodes(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return left < right ? -1 : left > right;
}

/* Sorts the inodes, and keeps each once. */
static void sort(struct flocks *flocks)
{
	size_t kept = 0, i;

	if (flocks->count)
		qsort(flocks->inode, flocks->count, sizeof(*flocks->inode), compare_inodes);
	for (i = 0; i < flocks->count; i++)
		if (!kept || flocks->inode[kept - 1] != flocks->inode[i])
			flocks->inode[kept++] = flocks->inode[i];
	flocks->count = kept;
}

/* A line such as "1: FLOCK  ADVISORY  WRITE 1234 00:1a:5678 0 EOF". */
static int read_line(struct flocks *flocks, const char *line)
{
	unsigned long long inode;

	if (sscanf(line, "%*d: FLOCK %*s %*s %*d %*x:%*x:%llu", &inode) != 1)
		return 0;
	return flocks_add(flocks, inode);
}

/* Reads all whole lines in text, and moves the rest to its front.  Its length, or -ENOMEM. */
static ssize_t read_lines(struct flocks *flocks, char *text, size_t length)
{
	char *line = text, *end;
	size_t rest;
	int r;

	while ((end = memchr(line, '\n', length - (size_t)(line - text)))) {
		*end = 0;
		r = read_line(flocks, line);
		if (r < 0)
			return r;
		line = end + 1;
	}
	rest = length - (size_t)(line - text);
	memmove(text, line, rest);
	/* No line is so long; what has no end is of no use. */
	return rest < READ_SIZE / 2 ? (ssize_t)rest : 0;
}

static int read_list(struct flocks *flocks, int fd, char *text)
{
	ssize_t rest = 0, n;

	for (;;) {
		n = read(fd, text + rest, READ_SIZE - (size_t)rest);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail(errno, "cannot read " LIST ": %s", strerror(errno));
		if (!n)
			return 0;
		rest = read_lines(flocks, text, (size_t)(rest + n));
		if (rest < 0)
			return (int)rest;
	}
}

int flocks_read(struct flocks *flocks)
{
	int r, fd = fd_own(open(LIST, O_RDONLY | O_CLOEXEC));
	size_t before;
	char *text;

	/* Without the list all would pass for dead; but a machine may have no such list. */
	if (fd < 0 && errno != ENOENT)
		return fail(errno, "cannot open " LIST ": %s", strerror(errno));
	flocks->unlisted = fd < 0;
	sort(flocks);		/* with those that were added */
	before = flocks->count;
	text = malloc(READ_SIZE);
	r = text ? 0 : fail(ENOMEM, "no memory for the list of locks");
	if (!r && fd >= 0)
		r = read_list(flocks, fd, text);
	free(text);
	fd_close(fd);
	sort(flocks);
	return r < 0 ? r : (int)(flocks->count - before);
}

int flocks_read_again(struct flocks *flocks)
{
	int r = 1, i;

	for (i = 0; i < READINGS_MOST && r > 0; i++)
		r = flocks_read(flocks);
	return r < 0 ? r : 0;
}

static uint64_t *find(const struct flocks *flocks, uint64_t inode)
{
	if (!flocks->count)
		return NULL;
	return bsearch(&inode, flocks->inode, flocks->count, sizeof(inode), compare_inodes);
}

bool flocks_have(const struct flocks *flocks, uint64_t inode)
{
	return find(flocks, inode);
}

void flocks_drop(struct flocks *flocks, uint64_t inode)
{
	uint64_t *found = find(flocks, inode), *end = flocks->inode + flocks->count;

	if (!found)
		return;
	memmove(found, found + 1, (size_t)(end - found - 1) * sizeof(*found));
	flocks->count--;
}

void flocks_free(struct flocks *flocks)
{
	free(flocks->inode);
}
