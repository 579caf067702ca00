// SPDX-License-Identifier: MIT
/*
 * Why no processes can meet in a root directory, in words.  It was removed while it is
 * mounted here, as in a container whose host has made /run/sluice again, or while it is a
 * working directory.  Or it is in a file system such as /proc.  Or the configured one does
 * not exist, or is no directory.  The library finds that out (sluice_list_open()).
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
