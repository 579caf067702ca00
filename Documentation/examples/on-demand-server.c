/* SPDX-License-Identifier: MIT */
/*
 * on-demand-server.c - answers adder-client, is started by its first request, and ends when idle
 *
 *	on-demand-server --path		says where the socket of the unit is bound, and ends
 *	on-demand-server [SECONDS]	ends when nothing was asked for so long (30)
 *
 * on-demand.socket and on-demand.service beside it are units of systemd for one user.  systemd
 * binds the socket, starts this program when a client connects, and hands the socket over
 * (LISTEN_FDS, LISTEN_PID; sd_listen_fds(3)).  The program says when it is ready and when it
 * stops, and that it is alive (NOTIFY_SOCKET, WATCHDOG_USEC; sd_notify(3)).  All of that is an
 * environment variable and a datagram, so libsystemd is not needed.
 */
#include <limits.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "answer.h"
#include "usage.h"

#define SECOND		INT64_C(1000000000)
#define FIRST_FD	3		/* SD_LISTEN_FDS_START */

/* A number in the environment; 0: there is none. */
static int64_t number(const char *name)
{
	const char *value = getenv(name);

	return value ? strtoll(value, NULL, 10) : 0;
}

/* The socket that was handed over to this process; 0: none, and the server has its own. */
static int handed_over(void)
{
	if (number("LISTEN_PID") != getpid() || number("LISTEN_FDS") != 1)
		return 0;
	return FIRST_FD;
}

static void notify(const char *state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *path = getenv("NOTIFY_SOCKET");
	size_t length = path ? strlen(path) : 0;
	int fd;

	if (!length || length >= sizeof(address.sun_path))
		return;
	memcpy(address.sun_path, path, length);
	if (*path == '@')
		address.sun_path[0] = 0;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	if (sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&address,
		   (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)) < 0)
		warn("cannot notify %s", path);
	close(fd);
}

/* How often the watchdog wants to hear: twice in its time.  SLUICE_FOREVER: there is none. */
static int64_t watchdog_pace(void)
{
	int64_t microseconds = number("WATCHDOG_USEC"), pid = number("WATCHDOG_PID");

	if (microseconds <= 0 || (pid && pid != getpid()))
		return SLUICE_FOREVER;
	return microseconds * 1000 / 2;
}

/* Answers until nothing was asked for so long. */
static void serve(struct sluice_node *node, int64_t idle)
{
	int64_t pace = watchdog_pace(), end = sluice_deadline(idle), now;
	int r;

	do {
		now = sluice_deadline(0);
		r = sluice_node_wait(node, pace >= 0 && pace < end - now ? pace : end - now);
		if (r < 0 && r != -ETIMEDOUT && r != -EINTR)
			errx(1, "%s", sluice_strerror());
		if (answer_all(node))
			end = sluice_deadline(idle);
		/* Only a loop that goes round is alive. */
		if (pace >= 0)
			notify("WATCHDOG=1");
	} while (sluice_deadline(0) < end);
}

int main(int argc, char **argv)
{
	struct sluice_server_opts opts = SLUICE_SERVER_OPTS(.listen_fd = handed_over());
	char path[PATH_MAX];

	usage(argc, argv, "[--path | SECONDS]");
	sluice_auto(sluice_node) node = sluice_node_create("on-demand-server", NULL);
	sluice_auto(sluice_service) service = sluice_service_open(node, &adder, NULL);
	if (argc > 1 && !strcmp(argv[1], "--path")) {
		if (sluice_service_activation_path(service, path, sizeof(path)) < 0)
			errx(1, "%s", sluice_strerror());
		puts(path);
		return 0;
	}

	sluice_auto(sluice_server) server = sluice_server_create(service, &opts);
	if (!server)
		errx(1, "%s", sluice_strerror());
	notify("READY=1");
	serve(node, (argc > 1 ? atoi(argv[1]) : 30) * SECOND);
	notify("STOPPING=1");
	return 0;
}
