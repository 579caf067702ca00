// SPDX-License-Identifier: MIT
/*
 * Noticing that a file loses a name, or is moved: an inotify instance.
 *
 * The kernel reports to the watcher of a file that its count of names has changed
 * (IN_ATTRIB), at once and also while the file is open.  For a directory that is open when
 * it is removed it reports nothing, but such a directory is empty first.  So directories
 * are watched for moves only (IN_MOVE_SELF), and a file in them reports their removal.
 *
 * An event says that it is time to look, and not what will be found: events are dropped
 * unread.  A user may have 128 instances by default (fs.inotify.max_user_instances), so the
 * caller must be able to work without one.  A user who may change a watched file can make
 * the descriptor readable as often as he likes.
 */
#include "os/inode_watch.h"

#include <errno.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "os/fd.h"

int inode_watch_make(void)
{
	int fd = fd_own(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));

	return fd < 0 ? -errno : fd;
}

static int add(int watch, const char *path, uint32_t events)
{
	return inotify_add_watch(watch, path, events) < 0 ? -errno : 0;
}

int inode_watch_file(int watch, int at, const char *name)
{
	char path[320];

	if ((size_t)snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", at, name) >= sizeof(path))
		return -ENAMETOOLONG;
	return add(watch, path, IN_ATTRIB | IN_MOVE_SELF | IN_DONT_FOLLOW);
}

int inode_watch_directory(int watch, const char *path)
{
	return add(watch, path, IN_MOVE_SELF | IN_ONLYDIR);
}

int inode_watch_open_directory(int watch, int fd)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return inode_watch_directory(watch, path);
}

bool inode_watch_drain(int watch)
{
	_Alignas(struct inotify_event) char events[4096];
	bool any = false;

	while (read(watch, events, sizeof(events)) > 0)
		any = true;
	return any;
}
