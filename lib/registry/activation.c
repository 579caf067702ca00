// SPDX-License-Identifier: MIT
/*
 * The socket on which somebody listens for a server that is not started yet:
 * <domain>/activation/<hash>.sock, SOCK_SEQPACKET, with the hash of the service's name.
 *
 * An administrator's program, usually systemd, binds it, listens, and keeps it.  When a client
 * connects, that program starts the server and hands the listening socket over to it.  The
 * server accepts from it as from one of its own (activation_adopt()).  The connection, and the
 * requests that the client has written by then, wait for the server.
 *
 * The directory is not part of a service's, which comes and goes with the processes that have
 * the service open.  Nobody of the library makes, removes or sweeps anything in it.  So there
 * is nothing to renew either: the socket stays when the server ends, and the next connection
 * starts a server again.
 *
 * A client believes the directory as it believes those of a private root: it belongs to root or
 * to the client's user, is no symbolic link, and is sticky if others may write it
 * (registry/access.c).  Who has bound the socket, and who answers, is asked after the connection
 * (channel/handshake.c).  A socket that another user has put there is refused like any server of
 * that user.  Who listens for a server is believed to choose the process that gets it.
 */
#include "registry/activation.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "os/fd.h"
#include "os/socket.h"

#define DIRECTORY	"activation"

static void name_of(const struct service_dir *dir, char name[NODE_ENTRY_NAME_SIZE])
{
	node_entry_name(name, dir->hash, ".sock");
}

int activation_path(const struct service_dir *dir, char *path, size_t size)
{
	char name[NODE_ENTRY_NAME_SIZE];
	int n;

	name_of(dir, name);
	n = snprintf(path, size, "%s/" DIRECTORY "/%s", dir->node->root.path, name);
	if (n < 0 || (size_t)n >= size)
		return fail(ENAMETOOLONG, "the path has %d bytes, and there is room for %zu", n,
			    size ? size - 1 : 0);
	return 0;
}

/* Has it the name under which clients look?  The directories above may have others here. */
static bool has_name(int fd, const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNSPEC };
	socklen_t size = sizeof(address) - 1;	/* a full path has no NUL */
	const char *last;

	if (getsockname(fd, (struct sockaddr *)&address, &size) || address.sun_family != AF_UNIX)
		return false;
	last = strrchr(address.sun_path, '/');
	return last && !strcmp(last + 1, name);
}

/* 0 or -errno. */
static int check_listener(const struct service_dir *dir, int fd)
{
	char name[NODE_ENTRY_NAME_SIZE], path[sizeof(DIRECTORY) + NODE_ENTRY_NAME_SIZE];
	struct stat st;
	int r;

	r = socket_check_listener(fd, SOCK_SEQPACKET);
	if (r < 0)
		return r;
	name_of(dir, name);
	snprintf(path, sizeof(path), DIRECTORY "/%s", name);
	if (!has_name(fd, name))
		return fail(ENOENT, "listen_fd is not bound to %s/%s, where clients look",
			    dir->node->root.path, path);
	if (fstatat(dir->node->root.domain_fd, path, &st, AT_SYMLINK_NOFOLLOW) ||
	    !S_ISSOCK(st.st_mode))
		return fail(ENOENT, "listen_fd is not in this domain: there is no %s/%s",
			    dir->node->root.path, path);
	return 0;
}

int activation_adopt(const struct service_dir *dir, int fd)
{
	int r = check_listener(dir, fd);

	return r < 0 ? r : fd_duplicate(fd);
}

int activation_connect(const struct service_dir *dir)
{
	char name[NODE_ENTRY_NAME_SIZE];
	struct sockaddr_un address;
	struct identity identity;
	int directory, fd, r;

	directory = access_find_directory(dir->node->root.domain_fd, DIRECTORY, false, &identity);
	if (directory < 0)
		return directory;
	name_of(dir, name);
	r = socket_address(&address, NULL, directory, name);
	fd = r < 0 ? r : socket_create(SOCK_SEQPACKET);
	r = fd < 0 ? fd : socket_connect(fd, &address);
	fd_close(directory);
	if (!r)
		return fd;
	fd_close(fd);
	return r;
}
