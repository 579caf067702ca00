// SPDX-License-Identifier: MIT
/*
 * A root directory that is there, and in which nobody can meet: it was removed while it is
 * mounted here, as in a container whose host has made /run/sluice anew, or while it is
 * somebody's working directory; or it is in a file system such as /proc.
 *
 * A domain that is not there says nothing of that, for domains come and go.  So the root
 * is tried with what each node begins with, a file without a name: nobody sees it, and it
 * is gone at once.  Who may not write there learns nothing by it, and is told nothing.
 */
#include "lost_root.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int lost_root(int root)
{
	int fd = openat(root, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	struct stat st;

	if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR))
		return -EOPNOTSUPP;
	if (fd >= 0)
		close(fd);
	return fstat(root, &st) == 0 && !st.st_nlink ? -ESTALE : 0;
}

const char *lost_root_why(int error)
{
	switch (error) {
	case -ESTALE:
		return "the root directory was removed, and only what is left of it can be reached";
	case -EOPNOTSUPP:
		return "the file system of the root directory lets nobody make files";
	}
	return strerror(-error);
}
