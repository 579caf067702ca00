// SPDX-License-Identifier: GPL-2.0-only
/*
 * A server that is started on demand: the test listens for it, as systemd does, and hands the
 * socket over.  Requests wait for the server, each server that comes takes them, and a client
 * that sends nothing starts nothing.  What is handed over is checked, and so is the directory in
 * which clients look.
 */
#include "steps.h"

#include <poll.h>
#include <sys/stat.h>
#include <sys/un.h>

ENDS_FIXTURE(activation);

static char path[PATH_MAX];

/* The directory that the administrator makes. */
static void directory_of(char *directory)
{
	strcpy(directory, path);
	*strrchr(directory, '/') = 0;
}

static int listen_at(const char *name, int type, bool listens)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	strncpy(address.sun_path, name, sizeof(address.sun_path) - 1);
	unlink(name);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) || (listens && listen(fd, 8))) {
		close(fd);
		return -errno;
	}
	return fd;
}

/* The side has the service open, and somebody listens for its server. */
static int listen_for_server(struct __test_metadata *_metadata, struct side *side)
{
	char directory[PATH_MAX];
	int fd;

	ASSERT_EQ(0, open_service(side, PTR(&calls), 0));
	ASSERT_EQ(0, sluice_service_activation_path(side->service, path, sizeof(path)));
	directory_of(directory);
	ASSERT_EQ(0, mkdir(directory, 0700));
	fd = listen_at(path, SOCK_SEQPACKET, true);
	ASSERT_LE(0, fd);
	return fd;
}

static void listen_no_more(struct __test_metadata *_metadata, int fd)
{
	char directory[PATH_MAX];

	directory_of(directory);
	close(fd);
	EXPECT_EQ(0, unlink(path));
	EXPECT_EQ(0, rmdir(directory));
}

static bool somebody_waits(int fd)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN };

	return poll(&pollfd, 1, 0) == 1;
}

/* serve_from(fd): a server that was handed the descriptor over. */
static long serve_from(struct side *side, long fd, long unused)
{
	const struct sluice_server_opts opts = SLUICE_SERVER_OPTS(.listen_fd = (int)fd);

	(void)unused;
	side->server = sluice_server_create(side->service, &opts);
	return side->server ? 0 : -errno;
}

static void start_activated(struct __test_metadata *_metadata, struct end *end, enum place place,
			    int fd)
{
	start_service(_metadata, end, place, &calls, NULL);
	ASSERT_EQ(0, at(end, serve_from, fd, 0)) TH_LOG("%s", end->result.sentence);
}

TEST_F(activation, requests_wait_for_each_server)
{
	struct side *side = &self->side;
	struct end *server;
	int fd = listen_for_server(_metadata, side);
	long n;

	ASSERT_EQ(0, open_client(side, 0, 0));
	EXPECT_FALSE(somebody_waits(fd));
	for (n = 0; n < 3; n++) {
		server = &self->end[n];
		ASSERT_EQ(1, ask(side, 0, 20 + n)) TH_LOG("%s", sluice_strerror());
		EXPECT_TRUE(somebody_waits(fd));
		start_activated(_metadata, server, variant->place, fd);
		ASSERT_EQ(20 + n, at(server, take, 0, LONG));
		ASSERT_EQ(0, at(server, answer_and_done, 0, 40 + n));
		ASSERT_EQ(40 + n, hear(side, 0, LONG));
		ASSERT_EQ(0, cancel(side, 0, 0));
		end_stop(server);
		ASSERT_TRUE(EVENTUALLY(wait_servers(side, 0, SLUICE_NOWAIT) == 0));
		/* It stays away until it is wanted. */
		EXPECT_FALSE(somebody_waits(fd));
	}
	listen_no_more(_metadata, fd);
}

TEST_F(activation, waiting_for_servers_starts_one)
{
	struct end *client = &self->end[0], *server = &self->end[1];
	int fd = listen_for_server(_metadata, &self->side);

	start_service(_metadata, client, variant->place, &calls, NULL);
	ASSERT_EQ(0, at(client, open_client, 0, 0));
	ASSERT_EQ(1, at(client, wait_servers, 1, LONG));
	EXPECT_TRUE(somebody_waits(fd));
	start_activated(_metadata, server, variant->place, fd);
	ASSERT_EQ(1, at(client, ask, 0, 5));
	ASSERT_EQ(5, at(server, take, 0, LONG));
	ASSERT_EQ(0, at(server, answer_and_done, 0, 6));
	ASSERT_EQ(6, at(client, hear, 0, LONG));
	listen_no_more(_metadata, fd);
}

/* A server that is there already is enough. */
TEST_F(activation, is_not_needed_beside_another_server)
{
	struct end *server = &self->end[0];
	int fd = listen_for_server(_metadata, &self->side);

	start_server(_metadata, server, variant->place, &calls, NULL, NULL);
	ASSERT_EQ(0, open_client(&self->side, 0, 0));
	ASSERT_EQ(1, wait_servers(&self->side, 1, LONG));
	ASK_AND_TAKE(&self->side, server, 0, 1);
	EXPECT_FALSE(somebody_waits(fd));
	listen_no_more(_metadata, fd);
}

TEST_F(activation, a_killed_server_is_started_again)
{
	struct side *side = &self->side;
	struct end *first = &self->end[0], *second = &self->end[1];
	int fd;

	if (variant->place != IN_PROCESS)
		SKIP(return, "a thread cannot be killed");
	fd = listen_for_server(_metadata, side);
	ASSERT_EQ(0, open_client(side, 0, 0));
	ASSERT_EQ(1, ask(side, 0, 1));
	start_activated(_metadata, first, variant->place, fd);
	ASSERT_EQ(1, at(first, take, 0, LONG));
	end_kill_and_reap(first);
	EXPECT_EQ(-ECONNRESET, hear(side, 0, LONG));
	ASSERT_EQ(0, cancel(side, 0, 0));
	ASSERT_EQ(1, ask(side, 0, 2)) TH_LOG("%s", sluice_strerror());
	start_activated(_metadata, second, variant->place, fd);
	ASSERT_EQ(2, at(second, take, 0, LONG));
	ASSERT_EQ(0, at(second, answer_and_done, 0, 3));
	EXPECT_EQ(3, hear(side, 0, LONG));
	listen_no_more(_metadata, fd);
}

/* Who answers is told, and not who listened. */
TEST_F(activation, the_peer_is_who_answers)
{
	struct sluice_peer peer = { .size = sizeof(peer) };
	struct side *side = &self->side;
	struct end *server = &self->end[0];
	int fd = listen_for_server(_metadata, side);

	ASSERT_EQ(0, open_client(side, 0, 0));
	ASSERT_EQ(1, ask(side, 0, 1));
	start_activated(_metadata, server, variant->place, fd);
	ASSERT_EQ(1, at(server, take, 0, LONG));
	ASSERT_EQ(0, at(server, answer_and_done, 0, 2));
	side->response[0] = sluice_pending_response_receive(side->pending[0], LONG);
	ASSERT_NE(NULL, side->response[0]);
	ASSERT_EQ(0, sluice_response_peer(side->response[0], &peer));
	EXPECT_EQ(variant->place == IN_PROCESS ? server->pid : getpid(), peer.pid);
	EXPECT_NE(0, peer.port);
	/* The kernel has a pidfd of who listened, and that is another process. */
	EXPECT_FAILS_INT(ENOSYS, sluice_response_pidfd(side->response[0]));
	listen_no_more(_metadata, fd);
}

/* Nobody but the test: what is handed over by mistake. */
TEST_F(activation, refuses_what_clients_would_not_find)
{
	struct side *side = &self->side;
	char other[PATH_MAX + 8], directory[PATH_MAX];
	int fd = listen_for_server(_metadata, side), wrong[2];

	ASSERT_EQ(0, pipe(wrong));
	EXPECT_EQ(-EBADF, serve_from(side, -1, 0));
	EXPECT_EQ(-ENOTSOCK, serve_from(side, wrong[0], 0));
	close(wrong[0]);
	close(wrong[1]);

	directory_of(directory);
	snprintf(other, sizeof(other), "%s/other", directory);
	wrong[0] = listen_at(other, SOCK_SEQPACKET, true);
	EXPECT_EQ(-ENOENT, serve_from(side, wrong[0], 0));
	EXPECT_SAYS("where clients look");
	close(wrong[0]);
	wrong[0] = listen_at(other, SOCK_STREAM, true);
	EXPECT_EQ(-EINVAL, serve_from(side, wrong[0], 0));
	close(wrong[0]);
	wrong[0] = listen_at(other, SOCK_SEQPACKET, false);
	EXPECT_EQ(-EINVAL, serve_from(side, wrong[0], 0));
	EXPECT_SAYS("does not listen");
	close(wrong[0]);
	EXPECT_EQ(0, unlink(other));

	/* And the right one, when all that has failed. */
	EXPECT_EQ(0, serve_from(side, fd, 0)) TH_LOG("%s", sluice_strerror());
	EXPECT_EQ(0, close_server(side, 0, 0));
	/* It is the program's, and still open. */
	EXPECT_EQ(0, listen(fd, 8));
	EXPECT_EQ(0, unlink(path));
	EXPECT_EQ(-ENOENT, serve_from(side, fd, 0));
	EXPECT_SAYS("not in this domain");
	close(fd);
	EXPECT_EQ(0, rmdir(directory));
}

TEST_F(activation, clients_check_the_directory)
{
	struct side *side = &self->side;
	char directory[PATH_MAX];
	int fd = listen_for_server(_metadata, side);

	directory_of(directory);
	ASSERT_EQ(0, open_client(side, 0, 0));
	ASSERT_EQ(0, chmod(directory, 0777));
	EXPECT_EQ(0, ask(side, 0, 1));
	EXPECT_FALSE(somebody_waits(fd));
	ASSERT_EQ(0, chmod(directory, 0700));
	EXPECT_EQ(1, ask(side, 1, 1));
	EXPECT_TRUE(somebody_waits(fd));
	listen_no_more(_metadata, fd);
}

TEST_F(activation, the_path_needs_room)
{
	struct side *side = &self->side;
	char little[8];

	ASSERT_EQ(0, open_service(side, PTR(&calls), 0));
	EXPECT_FAILS_INT(ENAMETOOLONG,
			 sluice_service_activation_path(side->service, little, sizeof(little)));
	EXPECT_FAILS_INT(EINVAL, sluice_service_activation_path(side->service, NULL, 8));
	EXPECT_FAILS_INT(EINVAL, sluice_service_activation_path(NULL, little, sizeof(little)));
}

TEST_HARNESS_MAIN
