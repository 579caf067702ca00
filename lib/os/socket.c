// SPDX-License-Identifier: MIT
/*
 * Unix sockets that are found by a name in a directory.
 *
 * An address holds 107 bytes of path.  A directory whose path leaves no room for the name
 * is reached through /proc/self/fd.  So is one whose path others could change: then the
 * open directory is used, whatever its name stands for now.
 *
 * No socket blocks, and none raises SIGPIPE: the callers pass MSG_NOSIGNAL.
 */
#include "os/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "os/fd.h"

int socket_address(struct sockaddr_un *ret_address, const char *directory, int directory_fd,
		   const char *name)
{
	size_t room = sizeof(ret_address->sun_path);
	int n = -1;

	memset(ret_address, 0, sizeof(*ret_address));
	ret_address->sun_family = AF_UNIX;
	if (directory)
		n = snprintf(ret_address->sun_path, room, "%s/%s", directory, name);
	if (n > 0 && (size_t)n < room)
		return 0;
	n = snprintf(ret_address->sun_path, room, "/proc/self/fd/%d/%s", directory_fd, name);
	if (n > 0 && (size_t)n < room)
		return 0;
	return fail(ENAMETOOLONG, "the name %s is too long for a socket", name);
}

int socket_set_mode(int directory, const char *name, mode_t mode)
{
	char path[32];
	struct stat st;
	int fd, r;

	fd = fd_own(openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC));
	if (fd < 0)
		return fail_system("cannot find a socket");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (fstat(fd, &st) || !S_ISSOCK(st.st_mode) || st.st_uid != geteuid())
		r = fail(EACCES, "the socket %s was replaced", name);
	else
		r = chmod(path, mode) ? fail_system("cannot set the mode of a socket") : 0;
	fd_close(fd);
	return r;
}

int socket_create(int type)
{
	int fd = fd_own(socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));

	return fd < 0 ? fail_system("cannot create a socket") : fd;
}

int socket_connect(int fd, const struct sockaddr_un *address)
{
	return connect(fd, (const struct sockaddr *)address, sizeof(*address)) ? -errno : 0;
}

int socket_accept(int fd)
{
	int peer;

	fd_hold_forks();
	peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	/*
	 * A caller that cannot note the descriptor tells the peer, which must not take us
	 * for dead.
	 */
	if (peer >= 0)
		(void)!fd_note_open(peer);
	else
		peer = -errno;
	fd_let_forks();
	return peer;
}

static bool has_option(int fd, int option, int wanted)
{
	int value = -1;
	socklen_t size = sizeof(value);

	return !getsockopt(fd, SOL_SOCKET, option, &value, &size) && value == wanted;
}

int socket_check_listener(int fd, int type)
{
	int flags, value;
	socklen_t size = sizeof(value);

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &size))
		return fail(errno, "listen_fd, %d, is no socket: %s", fd, strerror(errno));
	if (value != type || !has_option(fd, SO_DOMAIN, AF_UNIX))
		return fail(EINVAL, "listen_fd, %d, is not AF_UNIX, SOCK_SEQPACKET", fd);
	if (!has_option(fd, SO_ACCEPTCONN, 1))
		return fail(EINVAL, "listen_fd, %d, does not listen", fd);
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK))
		return fail_system("cannot set up listen_fd");
	return 0;
}

int socket_peer(int fd, struct ucred *ret_peer)
{
	socklen_t size = sizeof(*ret_peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, ret_peer, &size))
		return fail_system("cannot ask the kernel for the user of the peer");
	return 0;
}

int socket_tell_sender(int fd, bool tell)
{
	int on = tell;

	if (setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)))
		return fail_system("cannot ask the kernel for the senders of packets");
	return 0;
}

bool socket_has_news(int fd)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };

	/* If poll() fails, the call that accepts or reads finds out. */
	return poll(&pollfd, 1, 0);
}

bool socket_is_read(int fd)
{
	int unread = 0;

	return ioctl(fd, SIOCOUTQ, &unread) || !unread;
}

/*
 * Each packet names its sender then, even an empty one, and the end of all does not.  A byte
 * is taken of each: qemu-user receives nothing, and says that all is well, where there is
 * no room for one.
 */
void socket_discard(int fd)
{
	union {
		char bytes[CMSG_SPACE(sizeof(struct ucred))];
		struct cmsghdr align;
	} control;
	struct msghdr msg;
	char byte;
	struct iovec iov = { &byte, sizeof(byte) };

	if (socket_tell_sender(fd, true) < 0)
		return;
	do {
		msg = (struct msghdr){
			.msg_iov = &iov,
			.msg_iovlen = 1,
			.msg_control = control.bytes,
			.msg_controllen = sizeof(control.bytes),
		};
	} while (recvmsg(fd, &msg, MSG_DONTWAIT) >= 0 && msg.msg_controllen);
}

void socket_nudge(int fd)
{
	(void)!send(fd, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}
