// SPDX-License-Identifier: MIT
/*
 * The file behind an output.
 *
 * Messages between others must not be readable by everybody, so a file that is made here
 * can be read by its owner alone, whatever the umask.  Opening a FIFO waits until it has a
 * reader, or a signal comes.
 *
 * Rotation: FILE is the one that is being written, FILE.1 the one before it, and so on; the
 * oldest is removed.
 */
#include "output_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "output.h"
#include "tools/interrupt.h"

#define FLAGS	(O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
#define LOOK_NS	(10 * 1000 * 1000)

static bool is_fifo(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISFIFO(status.st_mode);
}

/* ENXIO: a FIFO that nobody reads yet. */
static int open_patiently(const char *path)
{
	const struct timespec pause = { .tv_nsec = LOOK_NS };
	int fd;

	for (;;) {
		fd = open(path, FLAGS | O_CREAT | O_TRUNC, S_IRUSR | S_IWUSR);
		if (fd >= 0 || errno != ENXIO || !is_fifo(path))
			return fd < 0 ? -errno : fd;
		if (interrupted)
			return -EINTR;
		nanosleep(&pause, NULL);
	}
}

/* A file description of our own, if the file permits that: then only we do not block. */
static int open_standard(struct opened *opened)
{
	if (!opened->regular)
		opened->fd = open("/proc/self/fd/1", FLAGS);
	if (opened->fd >= 0)
		return 0;
	opened->blocks = !opened->regular;
	opened->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
	return opened->fd < 0 ? -errno : 0;
}

int output_file_open(const struct output_file *file, struct opened *ret_opened)
{
	struct opened opened = { .fd = -1 };
	struct stat status;
	int r;

	if (!file->path && fstat(STDOUT_FILENO, &status) < 0)
		return -errno;
	if (file->path) {
		opened.fd = open_patiently(file->path);
		if (opened.fd < 0)
			return opened.fd;
		if (fstat(opened.fd, &status) < 0)
			status.st_mode = 0;
	}
	opened.regular = S_ISREG(status.st_mode);
	opened.ours = file->path && opened.regular;
	r = file->path ? 0 : open_standard(&opened);
	if (r == 0)
		*ret_opened = opened;
	return r;
}

/* Renames the file of this number to the next number; 0: the file itself. */
static int rename_to_next(const char *path, unsigned int number)
{
	char *from = NULL, *to = NULL;
	int r = 0;

	if (asprintf(&to, "%s.%u", path, number + 1) < 0)
		return -ENOMEM;
	if (number && asprintf(&from, "%s.%u", path, number) < 0)
		r = -ENOMEM;
	else if (rename(number ? from : path, to) < 0 && errno != ENOENT)
		r = -errno;
	free(from);
	free(to);
	return r;
}

int output_file_rotate(const struct output_file *file, struct opened *opened)
{
	int r = 0, fd;

	if (!opened->ours)
		return -ENOTSUP;
	for (unsigned int i = file->files - 1; i-- > 0 && r == 0;)
		r = rename_to_next(file->path, i);
	if (r < 0)
		return r;
	fd = open(file->path, FLAGS | O_CREAT | O_EXCL | O_NOFOLLOW, S_IRUSR | S_IWUSR);
	if (fd < 0)
		return -errno;
	close(opened->fd);
	opened->fd = fd;
	return 0;
}
