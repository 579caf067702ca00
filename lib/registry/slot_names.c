// SPDX-License-Identifier: MIT
/*
 * A limit that the file system keeps: a directory has so many numbered names, and each is
 * claimed by link(2), which succeeds for one process only.
 *
 * A name leads to a presence file (registry/presence.c), so a process that dies leaves a name
 * whose owner is dead.  A process that claims a name takes a free one, and looks at the
 * others only if none is free.  It tries the first name without a look, since most services
 * have one port of a kind.
 */
#include "registry/slot_names.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "registry/presence.h"
#include "os/directory.h"

/* Words of a bitmap of all numbers that a name may have. */
#define WORDS	(MAX_NODES_LIMIT / 64)

_Static_assert(MAX_SERVERS_LIMIT <= MAX_NODES_LIMIT && MAX_CLIENTS_LIMIT <= MAX_NODES_LIMIT &&
	       MAX_NODES_LIMIT % 64 == 0, "the bitmap has room for any role");

/* Sets the bit of each number whose name is taken. */
static void list_taken(const struct slot_names *names, uint64_t taken[WORDS])
{
	size_t length = strlen(names->role);
	DIR *dir = directory_list(names->at);
	struct dirent *entry;
	unsigned long n;

	memset(taken, 0, WORDS * sizeof(*taken));
	while (dir && (entry = readdir(dir))) {
		if (strncmp(entry->d_name, names->role, length) || entry->d_name[length] != '.')
			continue;
		n = strtoul(entry->d_name + length + 1, NULL, 10);
		if (n < WORDS * 64)
			taken[n / 64] |= UINT64_C(1) << (n % 64);
	}
	if (dir)
		directory_close(dir);
}

static int claim(const struct slot_names *names, int fd, uint32_t n,
		 char ret_name[NODE_ENTRY_NAME_SIZE])
{
	snprintf(ret_name, NODE_ENTRY_NAME_SIZE, "%s.%" PRIu32, names->role, n);
	return names->link ? presence_name_again(names->link, names->at, ret_name) :
			     presence_name(fd, names->at, ret_name);
}

int slot_names_claim(const struct slot_names *names, int fd, char ret_name[NODE_ENTRY_NAME_SIZE])
{
	uint64_t taken[WORDS];
	uint32_t n;
	int r;

	r = claim(names, fd, 0, ret_name);
	if (r == -EEXIST)
		list_taken(names, taken);
	for (n = 1; n < names->limit && r == -EEXIST; n++)
		if (!(taken[n / 64] >> (n % 64) & 1))
			r = claim(names, fd, n, ret_name);
	for (n = 0; n < names->limit && r == -EEXIST; n++) {
		snprintf(ret_name, NODE_ENTRY_NAME_SIZE, "%s.%" PRIu32, names->role, n);
		if (names->remove_dead(names->context, ret_name))
			r = claim(names, fd, n, ret_name);
	}
	return r;
}
