/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A killer: an end (end.h) whose children are the victims of a test that kills many.
 * It starts one after another, and kills them while the test sleeps or at any time.
 * Run as mixed/NAME, the victims wait with sockets and the test does not.
 */
#ifndef SELFTESTS_VICTIMS_H
#define SELFTESTS_VICTIMS_H

#include "steps.h"
#include "table.h"

#define ROUNDS		1000
#define ROUNDS_MOST	100000

/* $KILLS; or as many as there is time for. */
helper long rounds(void)
{
	unsigned long wanted = number_from("KILLS", in_full() ? ROUNDS : ROUNDS / 5);

	return wanted < ROUNDS_MOST ? (long)wanted : ROUNDS_MOST;
}

/* ---- The killer, an end whose children are the victims -------------------- */

/* What a victim does when it has opened the service: a step that ends with its process. */
typedef long deed(struct side *side);

#define VICTIMS	256

static pid_t victims[VICTIMS];		/* the killer's own */
static int victim_count;
static int victim_fd;			/* the newest victim says through it that it is ready */

helper void be_victim(deed *what, int socket)
{
	struct side side = { .node = NULL };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	victim_fd = socket;
	if (getenv("SELFTEST_MIXED"))
		setenv("SLUICE_WAIT", "socket", 1);
	open_service(&side, PTR(&calls), 0);
	what(&side);
	for (;;)
		pause();
}

helper void say(long what)
{
	(void)!write(victim_fd, &what, sizeof(what));
}

/* raise_victim(deed): what the victim says when it is ready. */
helper long raise_victim(struct side *side, long what, long unused)
{
	long said = -EPIPE;
	int pipes[2];
	pid_t pid;

	(void)side, (void)unused;
	if (victim_count == VICTIMS || pipe2(pipes, O_CLOEXEC))
		return -EMFILE;
	pid = fork();
	if (!pid)
		be_victim((deed *)what, pipes[1]);
	close(pipes[1]);
	if (pid < 0 || read(pipes[0], &said, sizeof(said)) != (ssize_t)sizeof(said))
		said = -EPIPE;
	close(pipes[0]);
	if (pid > 0)
		victims[victim_count++] = pid;
	return said;
}

helper bool sleeps(pid_t pid)
{
	char path[64], line[512], *state;
	ssize_t size;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	size = read(fd, line, sizeof(line) - 1);
	close(fd);
	line[size < 0 ? 0 : size] = '\0';
	state = strrchr(line, ')');
	return state && state[1] && state[2] == 'S';
}

#define WHEN_ASLEEP	(-1L)

/* kill_victim(when, pid): after a time, or when pid sleeps.  The time of the kill. */
helper long kill_victim(struct side *side, long when, long pid)
{
	int64_t time, deadline = now() + LONG;
	int seen = 0;

	(void)side;
	if (when >= 0)
		nanosleep(&(struct timespec){ .tv_nsec = when }, NULL);
	while (when < 0 && seen < 3 && now() < deadline) {
		pause_briefly();
		seen = sleeps((pid_t)pid) ? seen + 1 : 0;
	}
	time = now();
	if (kill(victims[victim_count - 1], SIGKILL))
		return -errno;
	return when < 0 && seen < 3 ? -ETIMEDOUT : time;
}

/* Kills the newest victims and does not reap them. */
helper long leave_zombies(struct side *side, long count, long unused)
{
	siginfo_t info;
	pid_t pid;

	(void)side, (void)unused;
	while (count--) {
		pid = victims[victim_count - 1 - count];
		if (kill(pid, SIGKILL) ||
		    waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT))
			return -errno;
	}
	return 0;
}

/* Reaps all victims, which have been killed; how many there were. */
helper long reap_victims(struct side *side, long a, long b)
{
	int status, reaped = victim_count;

	(void)side, (void)a, (void)b;
	while (victim_count)
		if (waitpid(victims[--victim_count], &status, 0) < 0 ||
		    !WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
			return -ECHILD;
	return reaped;
}

#endif /* SELFTESTS_VICTIMS_H */
