// SPDX-License-Identifier: MIT
/*
 * A root directory in which nobody can meet: it was removed while it is mounted here, as
 * in a container whose host has made /run/sluice anew, or while it is somebody's working
 * directory; or it is in a file system such as /proc.  Or one was configured that is not
 * there, or is no directory: that is a wrong name, or no node has been started yet.
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

bool lost_root_is(int error)
{
	return error == -ESTALE || error == -EOPNOTSUPP || error == -ENXIO || error == -ENOTDIR;
}

const char *lost_root_why(int error)
{
	switch (error) {
	case -ENXIO:
		return "there is no such root directory: its name is wrong, or no node has been started yet";
	case -ENOTDIR:
		return "the root directory is a file, or a symbolic link";
	case -ESTALE:
		return "the root directory was removed, and only what is left of it can be reached";
	case -EOPNOTSUPP:
		return "the file system of the root directory lets nobody make files";
	}
	return strerror(-error);
}
