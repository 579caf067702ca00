// SPDX-License-Identifier: MIT
/*
 * The files that processes run code from, by /proc/PID/maps.
 *
 * The name there leads to the file only as long as nothing happens to it.  The upgrade of a
 * package removes the name.  A process in a mount namespace of its own may have the file
 * where no path of ours leads.  So a file is opened in this order:
 *
 *	/proc/PID/map_files	the very file, always; it needs CAP_SYS_ADMIN or
 *				CAP_CHECKPOINT_RESTORE
 *	/proc/PID/exe		likewise, if it is the program's own
 *	/proc/PID/root/NAME	what has this name now; it must be the same inode
 *
 * The user who runs the process chooses all of it and may be hostile, and root looks at it.
 * So no open waits: a FIFO or a terminal is opened without blocking, and then closed since
 * it is no regular file.  Names are followed below the root directory of the process and
 * through no symbolic link: the kernel has resolved them already.
 */
#include "mapped_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/openat2.h>

#define FLAGS		(O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
#define DELETED		" (deleted)"

/* More than any program needs. */
#define FILES_MOST	1024

/* Closes a file that is not regular. */
static int checked(int fd)
{
	struct stat status;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode))
		return fd;
	close(fd);
	return -EINVAL;
}

int file_open_named(const char *path)
{
	return checked(open(path, FLAGS));
}

/* Closes a file that is another one. */
static int checked_inode(int fd, uint64_t inode)
{
	struct stat status;

	if (fd < 0 || (fstat(fd, &status) == 0 && status.st_ino == inode))
		return fd;
	close(fd);
	return -ESTALE;
}

static int open_below_root(const struct mapping *mapping)
{
	const struct open_how how = {
		.flags = FLAGS | O_NOFOLLOW, .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS,
	};
	char path[64];
	int root, fd;

	snprintf(path, sizeof(path), "/proc/%d/root", (int)mapping->pid);
	root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return -errno;
	fd = checked((int)syscall(SYS_openat2, root, mapping->name, &how, sizeof(how)));
	close(root);
	return fd;
}

int mapped_file_open(const struct mapping *mapping)
{
	char path[96];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/map_files/%lx-%lx", (int)mapping->pid,
		 mapping->start, mapping->end);
	fd = file_open_named(path);
	if (fd >= 0)
		return fd;
	snprintf(path, sizeof(path), "/proc/%d/exe", (int)mapping->pid);
	fd = checked_inode(file_open_named(path), mapping->inode);
	if (fd >= 0)
		return fd;
	return checked_inode(open_below_root(mapping), mapping->inode);
}

/* False if it is no file, or not executed. */
static bool parse(char *line, struct mapping *mapping)
{
	unsigned long long inode;
	char executable;
	size_t length;
	int at = 0;

	if (sscanf(line, "%lx-%lx %*2c%c%*c %*x %*s %llu %n", &mapping->start, &mapping->end,
		   &executable, &inode, &at) != 4 || executable != 'x' || line[at] != '/')
		return false;
	line[at + (int)strcspn(line + at, "\n")] = 0;
	snprintf(mapping->name, sizeof(mapping->name), "%s", line + at);
	mapping->inode = inode;
	length = strlen(mapping->name);
	mapping->deleted = length > strlen(DELETED) &&
			   !strcmp(mapping->name + length - strlen(DELETED), DELETED);
	if (mapping->deleted)
		mapping->name[length - strlen(DELETED)] = 0;
	return true;
}

int mapped_files_each(pid_t pid, int (*call)(void *context, const struct mapping *mapping),
		      void *context)
{
	struct mapping mapping = { .pid = pid };
	uint64_t before = 0;
	unsigned int count = 0;
	char *line = NULL, path[64];
	size_t size = 0;
	FILE *maps;
	int r = 0;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	maps = fopen(path, "re");
	if (!maps)
		return -errno;
	while (!r && count < FILES_MOST && getline(&line, &size, maps) > 0) {
		if (!parse(line, &mapping) || mapping.inode == before)
			continue;
		before = mapping.inode;
		count++;
		r = call(context, &mapping);
	}
	free(line);
	fclose(maps);
	return r;
}
