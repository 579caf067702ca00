/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The other ends of a test: processes, or threads with a node each, that do one
 * step after another as the test asks.
 *
 * A step is a function that works on a struct side, which holds what this end
 * has made: node, service, ports and messages.  It returns 0 or more, or -errno.
 * at() has an end carry out a step and waits for its result, so that a test
 * reads from top to bottom although two processes are at work, and whatever
 * happens between them happens in the order in which it is written:
 *
 *	at(server, open_service, PTR(&calls), 0);
 *	at(server, open_server, 0, 0);
 *	ASSERT_EQ(1, wait_servers(&self->side, 1, LONG));
 *	ASSERT_EQ(1, ask(&self->side, 0, 20));
 *	ASSERT_EQ(20, at(server, take, 0, LONG));
 *	ASSERT_EQ(0, at(server, answer, 0, 42));
 *	ASSERT_EQ(42, hear(&self->side, 0, LONG));
 *
 * The test has a side too and takes the same steps itself.  begin() does not wait
 * for the result, finish() does: for steps that sleep, or that run on their own.
 *
 * A forked end has the test's memory of the moment of end_start(): pointers that
 * are handed to it must point to constant data, or to what was set before.  An end
 * that is stopped gives everything back and checks that it has lost nothing.  An end that
 * is killed does not.
 */
#ifndef SELFTESTS_END_H
#define SELFTESTS_END_H

#include "common.h"

#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

enum place {
	IN_PROCESS,
	IN_THREAD,
};

/* Messages of each kind that a side can hold: more than any default limit. */
#define SLOTS	64

struct side {
	uint32_t wait;		/* of its node, an enum sluice_wait */
	const struct sluice_contract *contract;
	struct sluice_node *node;
	struct sluice_service *service;
	struct sluice_client *client;
	struct sluice_server *server;
	struct sluice_request *request[SLOTS];
	struct sluice_pending_response *pending[SLOTS];
	struct sluice_response *response[SLOTS];
	struct sluice_active_request *active[SLOTS];
	struct sluice_reply *reply[SLOTS];
};

typedef long step(struct side *side, long a, long b);

struct order {
	step *step;		/* NULL: give everything back and end */
	long a, b;
};

struct result {
	long value;
	char sentence[256];	/* of the end's thread, after the step */
};

struct end {
	struct __test_metadata *_metadata;
	enum place place;
	bool sockets;		/* it waits with them, whatever others do */
	int socket;		/* the test's side */
	int far_socket;		/* the end's side */
	pid_t pid;		/* 0: does not run as a process */
	pid_t tid;
	pthread_t thread;
	struct result result;
};

#define PTR(pointer)	((long)(uintptr_t)(pointer))

/* Gives back everything, in the order of a tidy program. */
helper long leave(struct side *side, long a, long b)
{
	size_t i;

	(void)a, (void)b;
	for (i = 0; i < SLOTS; i++) {
		sluice_request_release(side->request[i]);
		sluice_response_release(side->response[i]);
		sluice_pending_response_release(side->pending[i]);
		sluice_reply_release(side->reply[i]);
		sluice_active_request_release(side->active[i]);
	}
	sluice_client_destroy(side->client);
	sluice_server_destroy(side->server);
	sluice_service_close(side->service);
	sluice_node_destroy(side->node);
	*side = (struct side){ .wait = side->wait };
	return 0;
}

/* ---- The end itself ------------------------------------------------------ */

helper void end_serve(struct end *end)
{
	struct result result;
	struct order order;
	struct side *side;

	side = calloc(1, sizeof(*side));
	if (side && end->sockets)
		side->wait = SLUICE_WAIT_SOCKET;
	while (side && recv(end->far_socket, &order, sizeof(order), 0) ==
	       (ssize_t)sizeof(order)) {
		memset(&result, 0, sizeof(result));
		if (order.step) {
			result.value = order.step(side, order.a, order.b);
			snprintf(result.sentence, sizeof(result.sentence), "%s",
				 sluice_strerror());
		} else {
			leave(side, 0, 0);
		}
		send(end->far_socket, &result, sizeof(result), MSG_NOSIGNAL);
		if (!order.step)
			break;
	}
	free(side);
}

helper void end_run_process(struct end *end)
{
	struct __test_metadata *_metadata = end->_metadata;
	int fds;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	close(end->socket);
	fds = count_fds();
	end_serve(end);
	if (_metadata->exit_code == KSFT_PASS) {
		EXPECT_EQ(fds, count_fds());
		EXPECT_EQ(0, count_leaks());
	}
	_exit(0);
}

helper void *end_run_thread(void *argument)
{
	struct end *end = argument;

	__atomic_store_n(&end->tid, (pid_t)syscall(SYS_gettid), __ATOMIC_RELAXED);
	end_serve(end);
	return NULL;
}

/* ---- The test's handle on it --------------------------------------------- */

helper void end_start(struct __test_metadata *_metadata, struct end *end,
		      enum place place)
{
	int sockets[2];

	*end = (struct end){ .sockets = end->sockets };
	ASSERT_EQ(0, socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
				sockets));
	end->_metadata = _metadata;
	end->place = place;
	end->socket = sockets[0];
	end->far_socket = sockets[1];
	if (place == IN_THREAD) {
		ASSERT_EQ(0, pthread_create(&end->thread, NULL, end_run_thread,
					    end));
		return;
	}
	end->pid = fork();
	ASSERT_LE(0, end->pid);
	if (end->pid == 0)
		end_run_process(end);
	end->tid = end->pid;
	close(end->far_socket);
}

helper bool end_runs(const struct end *end)
{
	return end->_metadata;
}

/* Asks for a step without waiting for its result. */
helper void begin(struct end *end, step *what, long a, long b)
{
	struct __test_metadata *_metadata = end->_metadata;
	struct order order = { .step = what, .a = a, .b = b };

	EXPECT_EQ((ssize_t)sizeof(order),
		  send(end->socket, &order, sizeof(order), MSG_NOSIGNAL));
}

/* The result of the step that was begun last; errno is set as in the end. */
helper long finish(struct end *end)
{
	struct __test_metadata *_metadata = end->_metadata;
	ssize_t size;

	memset(&end->result, 0, sizeof(end->result));
	size = recv(end->socket, &end->result, sizeof(end->result), 0);
	EXPECT_EQ((ssize_t)sizeof(end->result), size) {
		end->result.value = -EOWNERDEAD;
		TH_LOG("the other end died");
	}
	if (end->result.value < 0)
		errno = (int)-end->result.value;
	return end->result.value;
}

helper long at(struct end *end, step *what, long a, long b)
{
	begin(end, what, a, b);
	return finish(end);
}

/* The process was reaped or the thread was joined: the end is free for another start. */
helper void end_forget(struct end *end)
{
	close(end->socket);
	if (end->place == IN_THREAD)
		close(end->far_socket);
	*end = (struct end){ .sockets = end->sockets };
}

/* Has the end give everything back and go. */
helper void end_stop(struct end *end)
{
	struct __test_metadata *_metadata = end->_metadata;
	int status = 0;

	if (!end_runs(end))
		return;
	at(end, NULL, 0, 0);
	if (end->place == IN_THREAD) {
		EXPECT_EQ(0, pthread_join(end->thread, NULL));
	} else {
		EXPECT_EQ(end->pid, waitpid(end->pid, &status, 0));
		EXPECT_EQ(0, status);
	}
	end_forget(end);
}

/* Kills the end, whatever it does at the moment, and does not reap it. */
helper void end_kill(struct end *end)
{
	struct __test_metadata *_metadata = end->_metadata;

	EXPECT_EQ(0, kill(end->pid, SIGKILL));
}

helper void end_reap(struct end *end)
{
	struct __test_metadata *_metadata = end->_metadata;
	int status = 0;

	EXPECT_EQ(end->pid, waitpid(end->pid, &status, 0));
	EXPECT_EQ(SIGKILL, WTERMSIG(status));
	end_forget(end);
}

helper void end_kill_and_reap(struct end *end)
{
	end_kill(end);
	end_reap(end);
}

/* The n-th of several ends goes: every other process is killed, all others are stopped. */
helper void end_stop_or_kill(struct end *end, long n)
{
	if (end->place == IN_PROCESS && n % 2) {
		end_kill_and_reap(end);
	} else {
		end_stop(end);
	}
}

/* Of a service that nobody else has, for those who need any service. */
static const struct sluice_contract any_contract __attribute__((__unused__)) = {
	.name = "test/any",
	.request = SLUICE_TYPE(char),
	.response = SLUICE_TYPE(char),
};

/*
 * Whoever opens a service removes what dead processes have left.  A test that kills an end
 * does so last, so that its teardown finds nothing.
 */
helper void sweep(struct __test_metadata *_metadata)
{
	struct sluice_service *service;
	struct sluice_node *node;

	node = sluice_node_create("sweep", NULL);
	service = sluice_service_open(node, &any_contract, NULL);
	EXPECT_NE(NULL, service) TH_LOG("%s", sluice_strerror());
	sluice_service_close(service);
	sluice_node_destroy(node);
}

/*
 * For the teardown: stops the ends of a test that has passed.  After a failure it prints their
 * last sentences and kills processes; threads end with the test.
 */
helper void ends_stop(struct __test_metadata *_metadata, struct end *ends,
		      size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		if (!end_runs(&ends[i]))
			continue;
		if (_metadata->exit_code == KSFT_PASS) {
			end_stop(&ends[i]);
			continue;
		}
		TH_LOG("end %zu last said %ld: %s", i, ends[i].result.value,
		       ends[i].result.sentence);
		if (ends[i].place == IN_PROCESS) {
			kill(ends[i].pid, SIGKILL);
			waitpid(ends[i].pid, NULL, 0);
		}
	}
	if (_metadata->exit_code != KSFT_PASS)
		TH_LOG("the test itself was last told: %s", sluice_strerror());
}

/*
 * Waits until the end's thread sleeps.  After begin() it sleeps in the step, or it has not
 * begun the step.  The first is the case nearly always; tests must hold in both cases.
 */
helper void until_asleep(struct end *end)
{
	struct __test_metadata *_metadata = end->_metadata;
	char path[64], line[512], *state;
	int64_t deadline = now() + LONG;
	ssize_t size;
	pid_t tid;
	int fd, seen = 0;

	while (seen < 3 && now() < deadline) {
		pause_briefly();
		tid = __atomic_load_n(&end->tid, __ATOMIC_RELAXED);
		snprintf(path, sizeof(path), "/proc/%d/task/%d/stat",
			 end->pid ? end->pid : getpid(), tid);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		size = read(fd, line, sizeof(line) - 1);
		close(fd);
		line[size < 0 ? 0 : size] = '\0';
		state = strrchr(line, ')');
		seen = state && state[1] && state[2] == 'S' ? seen + 1 : 0;
	}
	EXPECT_EQ(3, seen) TH_LOG("the other end does not go to sleep");
}

#include "ends_fixture.h"

#endif /* SELFTESTS_END_H */
