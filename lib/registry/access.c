// SPDX-License-Identifier: MIT
/*
 * Owners, groups and modes in the registry: who may do what in its directories, and the check
 * that a directory is safe to use.
 *
 * A root directory that only its owner can write belongs to one user, and everything below it
 * has mode 0700 or 0600.  A root that others can write is shared.  The entries below it are
 * made by the first process that needs them, and are as open as the root.  The mode of a
 * service, which its creator chooses, decides about the entries of the service:
 *
 *	mode	directory	ports/, servers/	files		sockets
 *	0600	0700		0700			0600		0600
 *	0660	02750		03770			0640		0660
 *	0666	0755		01777			0644		0666
 *
 * So the kernel decides who can use a service: a process that may not write a socket cannot
 * connect to it.
 *
 *  1. A directory that several users write is sticky: an entry can be removed only by its
 *     maker, the owner of the directory and root.  Only its maker can write a file.
 *  2. The contract, and the names of ports/ and servers/, are in a directory that only the
 *     creator of the service can write.
 *  3. The umask has no effect, and is not changed, because other threads would see that.  A
 *     directory gets more than its first mode only before it has a name that others look for.
 *
 * The owner of a directory can remove its entries, and can put others there.  The owner of a
 * service is trusted, or the service is not opened.  The owners of the directories above are
 * not trusted if the root directory belongs to root and is for all users.  Then a name is
 * only a hint, and the kernel says who a server is (channel/handshake.c).  So a hostile owner
 * can keep processes from meeting, and can do nothing else.
 */
#include "registry/access.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "os/directory.h"
#include "os/fd.h"
#include "os/random.h"

#define WRITABLE_BY_OTHERS	(S_IWGRP | S_IWOTH)

static struct access private_access(void)
{
	return (struct access){
		.directory = 0700, .meeting = 0700, .file = 0600, .socket = 0600,
	};
}

struct access access_of_root(const struct stat *root)
{
	struct access access = private_access();

	if (!(root->st_mode & WRITABLE_BY_OTHERS))
		return access;
	access.meeting = root->st_mode & 07777;
	/* The bits of the group mean the root's group, whichever user makes an entry. */
	if (!(root->st_mode & S_IWOTH))
		access.meeting |= S_ISGID;
	access.directory = access.meeting;
	if (root->st_mode & S_IXGRP) {
		access.file |= S_IRGRP;
		access.socket |= S_IRGRP | S_IWGRP;
	}
	if (root->st_mode & S_IXOTH) {
		access.file |= S_IROTH;
		access.socket |= S_IROTH | S_IWOTH;
	}
	return access;
}

struct access access_of_service(uint32_t mode)
{
	if (mode & 06)
		return (struct access){
			.directory = 0755, .meeting = 01777, .file = 0644, .socket = 0666,
		};
	if (mode & 060)
		return (struct access){
			.directory = 02750, .meeting = 03770, .file = 0640, .socket = 0660,
		};
	return private_access();
}

/* Checks that this is the directory that was just made, and gives it its mode and group. */
static int set_access(int fd, const char *name, const struct access_making *making,
		      struct identity *ret_identity)
{
	mode_t mode = making->mode;
	gid_t group = making->group;
	struct stat st;

	if (fstat(fd, &st))
		return fail(errno, "cannot look at the directory %s: %s", name, strerror(errno));
	if (st.st_uid != geteuid())
		return fail(EACCES, "the directory %s was replaced by one of user %u", name,
			    st.st_uid);
	if (group != ACCESS_ANY_GROUP && st.st_gid != group && fchown(fd, (uid_t)-1, group))
		return fail(errno, "cannot give the directory %s to group %u: %s", name, group,
			    strerror(errno));
	if ((st.st_mode & 07777) != mode && fchmod(fd, mode))
		return fail(errno, "cannot give the directory %s mode %04o: %s", name, mode,
			    strerror(errno));
	*ret_identity = identity_from(&st);
	return 0;
}

int access_make_directory(int at, const char *name, const struct access_making *making,
			  struct identity *ret_identity)
{
	int fd, r;

	if (mkdirat(at, name, making->mode & 0700))
		return errno == EEXIST || errno == ENOENT ? -errno :
		       fail(errno, "cannot make the directory %s: %s", name, strerror(errno));
	fd = directory_open(at, name);
	if (fd < 0)
		r = fail(errno, "cannot open the directory %s: %s", name, strerror(errno));
	else
		r = set_access(fd, name, making, ret_identity);
	if (!r)
		return fd;
	fd_close(fd);
	unlinkat(at, name, AT_REMOVEDIR);
	return r;
}

int access_make_aside(int at, const char *name, const struct access_making *making)
{
	struct identity unused;
	char made[24];
	int fd, r;

	snprintf(made, sizeof(made), ".%016llx", (unsigned long long)random_id());
	fd = access_make_directory(at, made, making, &unused);
	if (fd < 0)
		return fd;
	fd_close(fd);
	if (!renameat(at, made, at, name))
		return 0;
	r = fail(errno, "cannot name the directory %s: %s", name, strerror(errno));
	unlinkat(at, made, AT_REMOVEDIR);
	return r;
}

static int check_directory(int fd, const char *name, bool anybody, struct identity *ret_identity)
{
	struct stat st;

	if (fstat(fd, &st))
		return fail(errno, "cannot look at the directory %s: %s", name, strerror(errno));
	if (!anybody && st.st_uid != geteuid() && st.st_uid != 0)
		return fail(EACCES, "the directory %s belongs to user %u, not to %u or root",
			    name, st.st_uid, geteuid());
	if ((st.st_mode & WRITABLE_BY_OTHERS) && !(st.st_mode & S_ISVTX))
		return fail(EACCES, "the directory %s can be written by others (mode %04o, not sticky)",
			    name, st.st_mode & 07777);
	*ret_identity = identity_from(&st);
	return 0;
}

int access_find_directory(int at, const char *name, bool anybody, struct identity *ret_identity)
{
	int fd, r;

	fd = directory_open(at, name);
	if (fd < 0 && errno == ENOENT)
		return -ENOENT;
	if (fd < 0 && (errno == ENOTDIR || errno == ELOOP))
		return fail(EACCES, "%s is a symbolic link or no directory", name);
	if (fd < 0)
		return fail(errno, "cannot open the directory %s: %s", name, strerror(errno));
	r = check_directory(fd, name, anybody, ret_identity);
	if (r < 0) {
		fd_close(fd);
		return r;
	}
	return fd;
}

int access_open_directory(int at, const char *name, bool anybody)
{
	struct identity unused;

	return access_find_directory(at, name, anybody, &unused);
}

int access_reopen_directory(int at, const char *name, bool anybody,
			    const struct identity *identity)
{
	struct identity found;
	int fd = access_find_directory(at, name, anybody, &found);

	if (fd < 0 || identity_equals(&found, identity))
		return fd;
	fd_close(fd);
	return -ENOENT;
}
