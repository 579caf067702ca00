// SPDX-License-Identifier: GPL-2.0-only
/*
 * What can stand where a client looks for the socket of a server: files of each kind, a socket
 * that nobody listens on, links.  A client takes none of them for a server, waits for none, and
 * is connected to the servers that are there.
 */
#include <sys/un.h>

#include "hostile.h"

enum { FILE_OF_BYTES, EMPTY_FILE, DIRECTORY, FIFO, LINK_TO_ITSELF, LINK_TO_A_DEVICE, STALE_SOCKET,
       DATAGRAM_SOCKET, STREAM_SOCKET, DEAF_SOCKET, NAMES };

static int bind_socket(int servers, const char *name, int type)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s", servers, name);
	if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address))) {
		close(fd);
		return -1;
	}
	return fd;
}

/* 0, or a descriptor that is to stay open; -1: it cannot be made. */
static int make(int servers, const char *name, int kind)
{
	int fd;

	switch (kind) {
	case DIRECTORY:
		return mkdirat(servers, name, 0700);
	case FIFO:
		return mkfifoat(servers, name, 0600);
	case LINK_TO_ITSELF:
		return symlinkat(name, servers, name);
	case LINK_TO_A_DEVICE:
		return symlinkat("/dev/null", servers, name);
	case STALE_SOCKET:
		fd = bind_socket(servers, name, SOCK_SEQPACKET);
		return fd < 0 ? -1 : close(fd);
	case DATAGRAM_SOCKET:
		return bind_socket(servers, name, SOCK_DGRAM);
	case STREAM_SOCKET:
		fd = bind_socket(servers, name, SOCK_STREAM);
		return fd < 0 || listen(fd, 4) ? -1 : fd;
	case DEAF_SOCKET:
		return bind_socket(servers, name, SOCK_SEQPACKET);
	default:
		fd = openat(servers, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		return fd < 0 || (kind == FILE_OF_BYTES && write(fd, "slic", 4) != 4) ? -1 : close(fd);
	}
}

/* The library has it open only while it uses it. */
static int open_servers(const struct root *root, const struct service_dir *dir)
{
	char path[200];

	snprintf(path, sizeof(path), "%s/default/services/%s/servers", root->path, dir->name);
	return open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

TEST_F(hostile, what_is_no_server)
{
	int servers = open_servers(&self->root, &self->bad.service->dir);
	int kind, kept, fds = count_fds();
	char name[32];

	ASSERT_LE(0, servers) TH_LOG("%s", strerror(errno));
	for (kind = 0; kind < NAMES; kind++) {
		snprintf(name, sizeof(name), "%016x.sock", 0x100 + kind);
		kept = make(servers, name, kind);
		ASSERT_LE(0, kept) TH_LOG("%d: %s", kind, strerror(errno));
		ASSERT_EQ(0, open_client(&self->bad, 0, 0)) TH_LOG("%d", kind);
		EXPECT_EQ(1, wait_servers(&self->bad, 1, LONG)) TH_LOG("%d", kind);
		EXPECT_EQ(1, ask_blob(&self->bad, 0, 10)) TH_LOG("%d", kind);
		EXPECT_EQ(10, take_blob(&self->server, 0, LONG)) TH_LOG("%d", kind);
		EXPECT_EQ(0, done(&self->server, 0, 0));
		EXPECT_EQ(0, cancel(&self->bad, 0, 0));
		EXPECT_EQ(0, close_client(&self->bad, 0, 0));
		EXPECT_EQ(-EAGAIN, take_blob(&self->server, 2, SLUICE_NOWAIT));
		if (kept > 0)
			close(kept);
		EXPECT_EQ(0, unlinkat(servers, name, kind == DIRECTORY ? AT_REMOVEDIR : 0));
		EXPECT_EQ(fds, settled_fds(self)) TH_LOG("%d", kind);
	}
	close(servers);
}

TEST_HARNESS_MAIN
