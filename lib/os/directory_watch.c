// SPDX-License-Identifier: MIT
/*
 * Noticing that names come and go in directories: an inotify instance, as os/inode_watch.c
 * makes it.
 *
 * A change says which directory it is in, and the name.  The name is a hint: the entry may be
 * another one, or gone, when the caller looks.  The kernel keeps 16,384 changes by default,
 * then it drops further ones and says so once.
 *
 * A process that ends closes its files, also if it is killed, and also those that only a
 * mapping has kept.  The kernel reports that for files in a directory that is watched.  A file
 * that was made without a name is reported under another name than it has got since.
 *
 * A user who may write in a directory can cause any number of changes there.
 */
#include "os/directory_watch.h"

#include <errno.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <unistd.h>

#define NAMES	(IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO)
#define ITSELF	(IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT)

int directory_watch_add(int watch, int fd, bool closes)
{
	char path[32];
	int r;

	if (watch < 0)
		return -EMFILE;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	r = inotify_add_watch(watch, path, NAMES | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR |
			      (closes ? IN_CLOSE_WRITE : 0));
	return r < 0 ? -errno : r;
}

void directory_watch_remove(int watch, int directory)
{
	if (watch >= 0 && directory > 0)
		inotify_rm_watch(watch, directory);
}

unsigned int directory_watch_read(int watch,
				  void (*heard)(void *context, const struct directory_change *change),
				  void *context)
{
	_Alignas(struct inotify_event) char bytes[4096];
	const struct inotify_event *event;
	ssize_t n = read(watch, bytes, sizeof(bytes)), at;
	struct directory_change change;
	unsigned int count = 0;

	for (at = 0; at < n; at += (ssize_t)(sizeof(*event) + event->len)) {
		event = (const struct inotify_event *)(const void *)(bytes + at);
		change = (struct directory_change){
			.directory = event->wd,
			.name = event->len && !(event->mask & ITSELF) ? event->name : "",
			.closed = event->mask & IN_CLOSE_WRITE,
			.ended = event->mask & IN_IGNORED,
			.lost = event->mask & IN_Q_OVERFLOW,
		};
		heard(context, &change);
		count++;
	}
	return count;
}
