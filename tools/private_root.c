// SPDX-License-Identifier: MIT
/*
 * A root directory of one's own, for a verb that must meet no other process: in /dev/shm,
 * which is memory, or else in /tmp.  A process that is killed leaves it behind, and no
 * process looks into it any more.
 */
#include "private_root.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

int private_root_make(char path[PRIVATE_ROOT], const char *name)
{
	static const char *const places[] = { "/dev/shm", "/tmp" };

	for (unsigned int i = 0; i < 2; i++) {
		snprintf(path, PRIVATE_ROOT, "%s/%s-XXXXXX", places[i], name);
		if (mkdtemp(path))
			return setenv("SLUICE_ROOT", path, 1) < 0 ? -errno : 0;
	}
	path[0] = '\0';
	return -errno;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void private_root_remove(const char *path)
{
	if (path[0])
		nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}
