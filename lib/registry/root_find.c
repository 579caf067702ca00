// SPDX-License-Identifier: MIT
/*
 * The root directory and its domains, for a process that looks at them and makes no node.
 *
 * They must be as safe as for a node (registry/access.c).  Nothing is made, and the processes
 * in them notice nothing.  There is one exception: root_check_use() makes a file without a
 * name, to find out whether a node could be made.
 *
 * The default root may be missing, since the first node makes it.  If a root was named and is
 * missing, that is a failure: the name is wrong, or no node has been started yet.
 *
 * A root directory may be empty and stay so for ever.  That is so if it was removed while it
 * is mounted here, as in a container whose host has made /run/sluice anew, or if it is in a
 * file system such as /proc.  A missing domain does not show that, because domains come and
 * go.  So root_check_use() is called then.  A process that may not write there learns
 * nothing, and reports nothing.
 */
#include "registry/root.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "os/fd.h"

/* Writes the sentence for a root that could not be opened. */
static int tell_why(const struct root_found *root, bool named, int error)
{
	struct stat st;

	if (error == -ENOENT && named)
		return fail(ENXIO, "there is no root directory %s: its name is wrong, or no node has been started yet",
			    root->path);
	if (error == -EACCES &&
	    (lstat(root->path, &st) ? errno == ENOTDIR : !S_ISDIR(st.st_mode)))
		return fail(ENOTDIR, "the root directory %s is a file or a symbolic link",
			    root->path);
	return error;
}

int root_find(struct root_found *ret_root, const char *path)
{
	struct access access;
	struct stat st;
	int fd, r;

	*ret_root = (struct root_found){ .anybody = false };
	if (path)
		snprintf(ret_root->path, sizeof(ret_root->path), "%s", path);
	else
		root_default(ret_root->path, sizeof(ret_root->path));
	fd = access_open_directory(AT_FDCWD, ret_root->path, false);
	if (fd < 0)
		return tell_why(ret_root, path, fd);
	if (fstat(fd, &st)) {
		r = fail(errno, "cannot look at the root directory %s: %s", ret_root->path,
			 strerror(errno));
		fd_close(fd);
		return r;
	}
	access = access_of_root(&st);
	ret_root->shared = access_is_shared(&access);
	ret_root->anybody = ret_root->shared && st.st_uid == 0;
	return fd;
}

int root_check_use(const struct root_found *root, int root_fd)
{
	int fd = fd_own(openat(root_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
	struct stat st;

	if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR))
		return fail(EOPNOTSUPP, "the file system of the root directory %s lets nobody make files",
			    root->path);
	fd_close(fd);
	if (!fstat(root_fd, &st) && !st.st_nlink)
		return fail(ESTALE, "the root directory %s was removed, and only what is left of it can be reached",
			    root->path);
	return 0;
}

int root_find_domain(struct root_found *ret_root, const char *path, const char *domain)
{
	int fd, r = root_check_domain(domain), root;

	if (r < 0)
		return r;
	root = root_find(ret_root, path);
	if (root < 0)
		return root;
	fd = access_open_directory(root, domain, ret_root->anybody);
	if (fd == -ENOENT)
		r = root_check_use(ret_root, root);
	fd_close(root);
	return r < 0 ? r : fd;
}
