// SPDX-License-Identifier: MIT
/*
 * The directories below which processes find each other: a root, below it a
 * directory per domain, below that nodes/ and services/.
 *
 * Whoever can write to these directories can pose as a service, so a directory is
 * used only if it belongs to this user or to root, if others cannot write to it
 * unless it is sticky, and if it is not a symbolic link.  What is found below is
 * still checked: files by their magic, sockets by who answers.
 *
 * The directories outlive nobody: the last node of a domain removes them.  That
 * can happen between another process making a directory and using it, which then
 * makes it once more.
 */
#include "link/root.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "os/fd.h"

#define SYSTEM_ROOT	"/run/sluice"
#define DOMAIN_DEFAULT	"default"
#define DOMAIN_LENGTH	63u

/* How often directories may vanish under our hands. */
#define TRIES		16

static int check_directory(int fd, const char *path)
{
	struct stat st;

	if (fstat(fd, &st))
		return fail_system("cannot look at a directory");
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return fail(EACCES, "the directory %s belongs to user %u, not to %u or root",
			    path, st.st_uid, geteuid());
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) && !(st.st_mode & S_ISVTX))
		return fail(EACCES, "the directory %s can be written by others (mode %04o, not sticky)",
			    path, st.st_mode & 07777);
	return 0;
}

int root_directory(int at, const char *name)
{
	int fd, r;

	if (mkdirat(at, name, 0700) && errno != EEXIST)
		return fail(errno, "cannot make the directory %s: %s", name, strerror(errno));
	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && (errno == ENOTDIR || errno == ELOOP))
		return fail(EACCES, "%s is a symbolic link or no directory", name);
	if (fd < 0)
		return fail(errno, "cannot open the directory %s: %s", name, strerror(errno));
	r = check_directory(fd, name);
	if (r < 0) {
		fd_close(fd);
		return r;
	}
	return fd_own(fd);
}

static void root_path(char *path, size_t size)
{
	const char *chosen = secure_getenv("SLUICE_ROOT");
	struct stat st;

	if (chosen && *chosen)
		snprintf(path, size, "%s", chosen);
	else if (!stat(SYSTEM_ROOT, &st) && S_ISDIR(st.st_mode))
		snprintf(path, size, "%s", SYSTEM_ROOT);
	else
		snprintf(path, size, "/dev/shm/sluice-%u", geteuid());
}

static int check_domain(const char *domain)
{
	size_t length = strlen(domain);

	if (!length || length > DOMAIN_LENGTH || domain[0] == '.' || strchr(domain, '/'))
		return fail(EINVAL, "the domain \"%s\" is not a name of 1 to %u bytes without \"/\" and a leading \".\"",
			    domain, DOMAIN_LENGTH);
	return 0;
}

static int open_below(struct root *root, const char *domain)
{
	int fd;

	root_path(root->path, sizeof(root->path));
	fd = root_directory(AT_FDCWD, root->path);
	if (fd < 0)
		return fd;
	root->domain_fd = root_directory(fd, domain);
	fd_close(fd);
	if (root->domain_fd < 0)
		return root->domain_fd;
	root->nodes_fd = root_directory(root->domain_fd, "nodes");
	if (root->nodes_fd < 0)
		return root->nodes_fd;
	root->services_fd = root_directory(root->domain_fd, "services");
	return root->services_fd < 0 ? root->services_fd : 0;
}

int root_open(struct root *root, const char *domain)
{
	int r, tries = 0;
	size_t used;

	if (!domain)
		domain = secure_getenv("SLUICE_DOMAIN");
	if (!domain || !*domain)
		domain = DOMAIN_DEFAULT;
	r = check_domain(domain);
	if (r < 0)
		return r;
	do {
		root->domain_fd = root->nodes_fd = root->services_fd = -1;
		r = open_below(root, domain);
		if (r < 0)
			root_close(root);
	} while (r == -ENOENT && ++tries < TRIES);
	if (r < 0)
		return r;

	used = strlen(root->path);
	if ((size_t)snprintf(root->path + used, sizeof(root->path) - used, "/%s", domain) >=
	    sizeof(root->path) - used) {
		root_close(root);
		return fail(ENAMETOOLONG, "the path of the root directory is too long");
	}
	return 0;
}

int root_reopen_services(struct root *root)
{
	root->services_fd = fd_close(root->services_fd);
	root->services_fd = root_directory(root->domain_fd, "services");
	return root->services_fd < 0 ? root->services_fd : 0;
}

void root_close(struct root *root)
{
	if (root->domain_fd >= 0)
		root->domain_fd = fd_close(root->domain_fd);
	if (root->nodes_fd >= 0)
		root->nodes_fd = fd_close(root->nodes_fd);
	if (root->services_fd >= 0)
		root->services_fd = fd_close(root->services_fd);
}

void root_leave(struct root *root)
{
	/* Not empty means that somebody is there. */
	if (!unlinkat(root->domain_fd, "nodes", AT_REMOVEDIR) &&
	    !unlinkat(root->domain_fd, "services", AT_REMOVEDIR))
		rmdir(root->path);
	root_close(root);
}
