// SPDX-License-Identifier: MIT
/*
 * The sockets on which the servers of a service listen, servers/<port id>.sock.
 *
 * A socket is bound under a temporary name, listens, and only then gets the name that clients
 * look for.  So a refused connection means that the server has closed it, and never that it
 * is not ready yet.  A name without a server does no harm: the port's presence file shows
 * whether the server lives.
 *
 * A process that may write a socket may connect to it, so the socket has the mode that the
 * service asks for before it listens.  If the directories above may be another user's, an
 * address is built from the descriptor of the directory that was checked, and not from its
 * path.
 */
#include "registry/server_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/limits.h"
#include "registry/presence.h"
#include "os/directory.h"
#include "os/fd.h"
#include "os/inode_watch.h"
#include "os/socket.h"

void server_socket_unlink(const struct service_dir *dir, uint64_t id)
{
	char name[NODE_ENTRY_NAME_SIZE];

	node_entry_name(name, id, ".sock");
	service_dir_unlink(dir, dir->servers_fd, name);
	node_entry_name(name, id, ".new");
	service_dir_unlink(dir, dir->servers_fd, name);
}

int server_socket_bury(int servers_fd, uint64_t id, uid_t user)
{
	static const char *const suffixes[] = { ".sock", ".new" };
	char name[NODE_ENTRY_NAME_SIZE];
	struct stat st;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(suffixes); i++) {
		node_entry_name(name, id, suffixes[i]);
		if (!fstatat(servers_fd, name, &st, AT_SYMLINK_NOFOLLOW) && st.st_uid == user &&
		    unlinkat(servers_fd, name, 0) && errno != ENOENT)
			return -errno;
	}
	return 0;
}

static int address_of(const struct service_dir *dir, struct sockaddr_un *address,
		      uint64_t id, const char *suffix)
{
	char name[NODE_ENTRY_NAME_SIZE], directory[PATH_MAX + 64];
	bool shared = access_is_shared(&dir->node->root.access);

	node_entry_name(name, id, suffix);
	snprintf(directory, sizeof(directory), "%s/services/%s/servers", dir->node->root.path,
		 dir->name);
	return socket_address(address, shared ? NULL : directory, dir->servers_fd, name);
}

static int bind_and_listen(int fd, const struct service_dir *dir, uint64_t id,
			   struct identity *ret_socket)
{
	char name[NODE_ENTRY_NAME_SIZE], temporary[NODE_ENTRY_NAME_SIZE];
	struct sockaddr_un address;
	int r;

	r = address_of(dir, &address, id, ".new");
	if (r < 0)
		return r;
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)))
		return fail_system("cannot bind a server's socket");
	node_entry_name(temporary, id, ".new");
	node_entry_name(name, id, ".sock");
	if (access_is_shared(&dir->access)) {
		r = socket_set_mode(dir->servers_fd, temporary, dir->access.socket);
		if (r < 0)
			return r;
	}
	if (listen(fd, SERVER_BACKLOG))
		return fail_system("cannot listen on a server's socket");
	if (!identity_named(dir->servers_fd, temporary, ret_socket))
		return fail_system("cannot find a server's socket");
	r = presence_evict(dir->servers_fd, name);
	if (r < 0)
		return r;
	if (renameat(dir->servers_fd, temporary, dir->servers_fd, name))
		return fail_system("cannot name a server's socket");
	return 0;
}

int server_socket_listen(const struct service_dir *dir, uint64_t id,
			 struct identity *ret_socket)
{
	int fd, r;

	fd = socket_create(SOCK_SEQPACKET);
	if (fd < 0)
		return fd;
	r = bind_and_listen(fd, dir, id, ret_socket);
	if (r < 0) {
		server_socket_unlink(dir, id);
		fd_close(fd);
		return r;
	}
	return fd;
}

bool server_socket_is_there(const struct service_dir *dir, uint64_t id,
			    const struct identity *socket)
{
	char name[NODE_ENTRY_NAME_SIZE];
	char path[sizeof("services//servers/") + 2 * NODE_ENTRY_NAME_SIZE];

	node_entry_name(name, id, ".sock");
	snprintf(path, sizeof(path), "services/%s/servers/%s", dir->name, name);
	return identity_is(dir->node->root.domain_fd, path, socket);
}

int server_socket_watch(const struct service_dir *dir, uint64_t id, int watch)
{
	char name[NODE_ENTRY_NAME_SIZE];

	node_entry_name(name, id, ".sock");
	return inode_watch_file(watch, dir->servers_fd, name);
}

int server_socket_connect(const struct service_dir *dir, uint64_t id)
{
	struct sockaddr_un address;
	int fd, r;

	r = address_of(dir, &address, id, ".sock");
	if (r < 0)
		return r;
	fd = socket_create(SOCK_SEQPACKET);
	if (fd < 0)
		return fd;
	r = socket_connect(fd, &address);
	if (r < 0) {
		fd_close(fd);
		return r;
	}
	return fd;
}

/* Is an address a path that does not lead through a descriptor? */
static bool goes_by_path(const struct service_dir *dir)
{
	struct sockaddr_un address;

	return !address_of(dir, &address, 0, ".sock") &&
	       strncmp(address.sun_path, "/proc/self/fd/", strlen("/proc/self/fd/"));
}

static int each(DIR *servers, void (*found)(void *context, uint64_t id), void *context)
{
	struct dirent *entry;
	uint64_t id;
	char *end;
	int r;

	while ((errno = 0, entry = readdir(servers))) {
		id = strtoull(entry->d_name, &end, 16);
		if (end == entry->d_name + 16 && !strcmp(end, ".sock"))
			found(context, id);
	}
	r = -errno;
	directory_close(servers);
	return r;
}

int server_socket_each(struct service_dir *dir, int held,
		       void (*found)(void *context, uint64_t id), void *context)
{
	DIR *servers = held < 0 ? NULL : directory_list(dir->servers_fd);
	bool early = !servers || goes_by_path(dir);
	int r = held;

	if (!r && !servers)
		r = -errno;
	if (early)
		service_dir_release(dir);
	if (servers)
		r = each(servers, found, context);
	if (!early)
		service_dir_release(dir);
	return r;
}
