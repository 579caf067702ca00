// SPDX-License-Identifier: MIT
/*
 * Who may do what in the registry: owners, groups and modes of its directories, and the
 * check that one is safe to use.
 *
 * A root that others may not write is of one user: all below it has mode 0700 or 0600.
 * One that others may write is shared, and what is below it, made by whoever needs it
 * first, is as open as the root.  A service is as open as its creator has said:
 *
 *	mode	directory	ports/, servers/	files		sockets
 *	0600	0700		0700			0600		0600
 *	0660	02750		03770			0640		0660
 *	0666	0755		01777			0644		0666
 *
 * So the kernel decides who gets in: who may not write a socket cannot connect to it.
 *
 *  1. What several write is sticky: nobody but its maker, the owner of the directory and
 *     root can remove an entry.  Files are written by their maker alone.
 *  2. The contract, and the names of ports/ and servers/, are in a directory that the
 *     creator of the service alone can write.
 *  3. The umask is not consulted, and not changed, which would be seen by other threads.
 *     What is opened further after it was made has no name yet that others would look for.
 *
 * The owner of a directory can take its entries away or put others there.  Of services he
 * is trusted, or they are not opened.  Of what is above them he is not, where the root
 * directory, being root's, is for all users: there a name is a hint, and who a server is
 * the kernel says (channel/handshake.c).  A hostile owner can keep processes from meeting,
 * and no more.
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
	/* The bits of the group are for that of the root, whoever makes an entry. */
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

/* What was just made: is it that, and has it what was asked for? */
static int set_access(int fd, const char *name, mode_t mode, gid_t group)
{
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
	return 0;
}

int access_make_directory(int at, const char *name, mode_t mode, gid_t group)
{
	int fd, r;

	if (mkdirat(at, name, mode & 0700))
		return errno == EEXIST || errno == ENOENT ? -errno :
		       fail(errno, "cannot make the directory %s: %s", name, strerror(errno));
	fd = directory_open(at, name);
	if (fd < 0)
		r = fail(errno, "cannot open the directory %s: %s", name, strerror(errno));
	else
		r = set_access(fd, name, mode, group);
	if (!r)
		return fd;
	fd_close(fd);
	unlinkat(at, name, AT_REMOVEDIR);
	return r;
}

int access_make_aside(int at, const char *name, mode_t mode, gid_t group)
{
	char made[24];
	int fd, r;

	snprintf(made, sizeof(made), ".%016llx", (unsigned long long)random_id());
	fd = access_make_directory(at, made, mode, group);
	if (fd < 0)
		return fd;
	fd_close(fd);
	if (!renameat(at, made, at, name))
		return 0;
	r = fail(errno, "cannot name the directory %s: %s", name, strerror(errno));
	unlinkat(at, made, AT_REMOVEDIR);
	return r;
}

static int check_directory(int fd, const char *name, bool anybody)
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
	return 0;
}

int access_open_directory(int at, const char *name, bool anybody)
{
	int fd, r;

	fd = directory_open(at, name);
	if (fd < 0 && errno == ENOENT)
		return -ENOENT;
	if (fd < 0 && (errno == ENOTDIR || errno == ELOOP))
		return fail(EACCES, "%s is a symbolic link or no directory", name);
	if (fd < 0)
		return fail(errno, "cannot open the directory %s: %s", name, strerror(errno));
	r = check_directory(fd, name, anybody);
	if (r < 0) {
		fd_close(fd);
		return r;
	}
	return fd;
}
