// SPDX-License-Identifier: MIT
/*
 * The processes of a run.  The parent commands, and measures nothing itself.  Each child
 * has a socket from which it takes one command after another and answers each.  The client
 * writes its times into memory that it shares with the parent.
 *
 * A child whose socket ends releases its resources and ends.  A child that fails prints
 * why; the parent then ends all at once, since the other side may wait for ever.  If the
 * parent dies, the kernel kills the children.  The parent alone handles signals that end a
 * run early: children ignore them.
 */
#include "bench.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <sluice.h>

#define LEAVE_MS	10000	/* for a child to end by itself */

static char why[sizeof(((struct answer *)0)->why)];

int complain(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(why, sizeof(why), format, arguments);
	va_end(arguments);
	return -1;
}

int because_of_sluice(const char *what)
{
	return complain("%s: %s", what, sluice_strerror());
}

const char *complaint(void)
{
	return why;
}

int64_t time_now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

/* ---- In a child ---------------------------------------------------------- */

static int call_round(const struct thing *thing, void *state, uint32_t *stamps,
		      int64_t *ret_ns)
{
	int (*call)(void *state, bool last) = thing->method[CLIENT].step;
	int64_t begin, before, now;
	int r = 0;

	for (unsigned int i = 0; i < thing->warm && r == 0; i++)
		r = call(state, false);
	begin = time_now();
	for (unsigned int i = 0; i < thing->trips && r == 0; i++)
		r = call(state, false);
	before = time_now();
	*ret_ns = before - begin;
	for (unsigned int i = 0; i < thing->stamped && r == 0; i++) {
		r = call(state, i == thing->stamped - 1);
		now = time_now();
		stamps[i] = now - before < UINT32_MAX ? (uint32_t)(now - before) : UINT32_MAX;
		before = now;
	}
	return r;
}

static int serve_round(const struct thing *thing, void *state)
{
	unsigned int trips = thing->warm + thing->trips + thing->stamped;
	int r = 0;

	for (unsigned int i = 0; i < trips && r == 0; i++)
		r = thing->method[SERVER].step(state, i == trips - 1);
	return r;
}

static int obey(const struct team *team, enum side side, const struct command *command,
		struct answer *answer)
{
	static void *states[THINGS_MAX];
	const struct thing *thing = &team->things->thing[command->thing];
	void **state = &states[command->thing];

	switch (command->order) {
	case SETUP:
		return thing->method[side].setup(thing, side, state);
	case ROUND:
		return side == SERVER ? serve_round(thing, *state) :
		       call_round(thing, *state, team->stamps, &answer->ns);
	case ADMIT:
		return thing->method[SERVER].admit(*state, command->count);
	case CROWD:
		return idle_crowd(thing, command->count);
	case SETTLE:
		return idle_settle();
	case LEAVE:
		if (*state)
			thing->method[side].teardown(*state);
		*state = NULL;
		return 0;
	}
	return complain("there is no such command");
}

static void work(const struct team *team, enum side side, int socket)
{
	struct command command;

	while (recv(socket, &command, sizeof(command), 0) == sizeof(command)) {
		struct answer answer = { 0 };

		answer.status = obey(team, side, &command, &answer);
		if (answer.status)
			memcpy(answer.why, why, sizeof(why));
		if (send(socket, &answer, sizeof(answer), MSG_NOSIGNAL) < 0)
			break;
	}
	command.order = LEAVE;
	for (command.thing = 0; command.thing < team->things->count; command.thing++)
		obey(team, side, &command, NULL);
}

void child_begin(pid_t parent, int cpu)
{
	cpu_set_t cpus;

	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	CPU_ZERO(&cpus);
	if (cpu >= 0)
		CPU_SET((size_t)cpu, &cpus);
	if (cpu >= 0 && sched_setaffinity(0, sizeof(cpus), &cpus) < 0)
		_exit(1);
}

/* ---- In the parent ------------------------------------------------------- */

int team_start(struct team *team, const char *name, int cpu)
{
	struct child *child = &team->child[team->count];
	pid_t parent = getpid();
	int sockets[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) < 0)
		return complain("socketpair: %s", strerror(errno));
	*child = (struct child){ .name = name, .socket = sockets[0] };
	fflush(NULL);
	child->pid = fork();
	if (child->pid == 0) {
		close(sockets[0]);
		for (unsigned int i = 0; i < team->count; i++)
			close(team->child[i].socket);
		child_begin(parent, cpu);
		work(team, team->count == CLIENT ? CLIENT : SERVER, sockets[1]);
		_exit(0);
	}
	close(sockets[1]);
	if (child->pid < 0) {
		close(sockets[0]);
		return complain("fork: %s", strerror(errno));
	}
	team->count++;
	return 0;
}

int team_tell(struct team *team, unsigned int child, struct command command)
{
	struct child *to = &team->child[child];

	if (send(to->socket, &command, sizeof(command), MSG_NOSIGNAL) < 0)
		return complain("the %s has died", to->name);
	to->busy = true;
	return 0;
}

/* Takes one answer; -1 if there was none, or if the child failed. */
static int hear(struct child *child, struct answer *answer)
{
	if (recv(child->socket, answer, sizeof(*answer), 0) != sizeof(*answer))
		return complain("the %s has died", child->name);
	child->busy = false;
	if (answer->status < 0)
		return complain("%s: %s", child->name, answer->why);
	return 0;
}

/* Waits until all children that were told something have answered, or one of them failed. */
int team_hear(struct team *team, struct answer *answers)
{
	struct pollfd *polls = calloc(team->count, sizeof(*polls));
	unsigned int left = 0;
	int r = polls ? 0 : complain("no memory");

	for (unsigned int i = 0; r == 0 && i < team->count; i++) {
		polls[i].fd = team->child[i].busy ? team->child[i].socket : -1;
		polls[i].events = POLLIN;
		left += team->child[i].busy;
	}
	while (r == 0 && left) {
		if (*team->interrupts > 1) {
			r = complain("interrupted");
			break;
		}
		if (poll(polls, team->count, 1000) <= 0)
			continue;
		for (unsigned int i = 0; r == 0 && i < team->count; i++) {
			if (polls[i].fd < 0 || !polls[i].revents)
				continue;
			r = hear(&team->child[i], &answers[i]);
			polls[i].fd = -1;
			left--;
		}
	}
	free(polls);
	return r;
}

static bool ends_by_itself(pid_t pid, int64_t deadline)
{
	const struct timespec moment = { .tv_nsec = 1000 * 1000 };

	while (waitpid(pid, NULL, WNOHANG) == 0) {
		if (time_now() > deadline)
			return false;
		nanosleep(&moment, NULL);
	}
	return true;
}

void team_end(struct team *team, bool at_once)
{
	int64_t deadline = time_now() + LEAVE_MS * INT64_C(1000000);

	for (unsigned int i = 0; i < team->count; i++)
		close(team->child[i].socket);
	for (unsigned int i = 0; i < team->count; i++) {
		pid_t pid = team->child[i].pid;

		if (!at_once && ends_by_itself(pid, deadline))
			continue;
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	team->count = 0;
}
