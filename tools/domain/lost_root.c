// SPDX-License-Identifier: MIT
/*
 * Why nobody can meet in a root directory, in words: it was removed while it is mounted
 * here, as in a container whose host has made /run/sluice anew, or while it is somebody's
 * working directory; or it is in a file system such as /proc; or the one that was configured
 * is not there, or is no directory.  The library finds that out (sluice_list_open()).
 */
#include "lost_root.h"

#include <errno.h>
#include <string.h>

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
