// SPDX-License-Identifier: MIT
/*
 * The traced command: a child that waits on a pipe until everything is watched, and then
 * becomes the command; so nothing that it does is missed.  It has our standard streams and
 * is in our process group, so ^C reaches it too.  The tracer does not wait for a command
 * that does not end when it is asked to, since the tracer has to end.
 */
#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ending.h"

static void become(int wait_fd, char **argv)
{
	char byte;

	/* The end of the pipe without a byte: the tracer has given up. */
	if (read(wait_fd, &byte, 1) != 1)
		_exit(125);
	execvp(argv[0], argv);
	fprintf(stderr, "sluice trace: %s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

int command_prepare(struct command *command, char **argv)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	fflush(NULL);
	command->pid = fork();
	if (command->pid < 0) {
		close(ends[0]);
		close(ends[1]);
		return -errno;
	}
	if (command->pid == 0) {
		close(ends[1]);
		become(ends[0], argv);
	}
	close(ends[0]);
	command->go = ends[1];
	return 0;
}

void command_go(struct command *command)
{
	if (write(command->go, "", 1) != 1)
		command->status = -1;
	close(command->go);
	command->go = -1;
}

bool command_ended(struct command *command)
{
	pid_t r;

	if (!command->pid)
		return true;
	r = waitpid(command->pid, &command->status, WNOHANG);
	if (!r || (r < 0 && errno == EINTR))
		return false;
	command->pid = 0;
	return true;
}

bool command_end(struct command *command)
{
	const struct timespec pause = { .tv_nsec = 1000 * 1000 };

	if (command->go >= 0) {
		close(command->go);
		command->go = -1;
	}
	if (command_ended(command))
		return true;
	kill(command->pid, SIGTERM);
	while (!command_ended(command)) {
		if (!ending_has_time(ENDING_COMMAND))
			return false;
		nanosleep(&pause, NULL);
	}
	return true;
}

char *command_path(const char *name)
{
	const char *path = getenv("PATH"), *end;
	char *found;

	if (strchr(name, '/'))
		return strdup(name);
	for (path = path ? path : "/bin:/usr/bin"; *path; path = *end ? end + 1 : end) {
		end = strchrnul(path, ':');
		if (asprintf(&found, "%.*s/%s", (int)(end - path), path, name) < 0)
			return NULL;
		if (access(found, X_OK) == 0)
			return found;
		free(found);
	}
	return NULL;
}
