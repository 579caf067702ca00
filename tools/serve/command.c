// SPDX-License-Identifier: MIT
/*
 * A request's command, from its start to its end.
 *
 * It is started in a process group of its own, so that it can be ended together with its
 * children, and ^C on the terminal reaches this process alone.  It has a pipe from us as
 * standard input, a pipe to us as standard output, and our standard error.  It has no other
 * descriptor of ours: every descriptor is close-on-exec from birth.
 *
 *	started --> writes, reads --> exits --> reaped
 *		\-> is ended: its time or its client's is over, the client has
 *		    gone, its output is of no use, or we shall end
 *
 *  1. A process that was started is reaped before the job ends, whatever happens.
 *  2. It is sent signals only before that, so its number is its own.
 *  3. Neither side waits for the other: the request is written as far as there is room
 *     in the pipe, while the output is read.  A command that reads nothing leaves the
 *     request where it is.
 *  4. It is over when the process has exited.  What it has started and left behind, and
 *     which still has the pipe open, goes on, but nobody listens to it any more.
 *  5. Its output is a reply only when it has exited with 0; but with --lines each line
 *     is one as it comes, and what follows the last is one if it has exited with 0.
 */
#include "serve.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "environment.h"
#include "tools/interrupt.h"
#include "tools/text/text.h"

/* The interval of checks whether the client is still there, and whether we shall end. */
#define LOOK_MS		100
/* The time between asking the command to end and ending it. */
#define GRACE_MS	500
/*
 * The time that we wait beyond the client's deadline.  A client that keeps it has gone by
 * then, and has not taken the end of the command for the end of its stream.
 */
#define CLIENT_GRACE	SECOND_NS
/* The bytes that it may write; a reply would not become much longer. */
#define OUTPUT_MOST	((size_t)1 << 30)
#define MS		INT64_C(1000000)

struct command {
	struct serve *serve;
	struct job *job;
	int input, output;		/* our ends of the pipes; -1: closed */
	pid_t pid;
	int exited;			/* a pidfd: readable when it has exited */
	size_t written;			/* of the request */
	int64_t deadline;
	bool is_clients;		/* the deadline is that of the client, and not ours */
};

static void shut(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* ---- Is there such a command? ---------------------------------------------- */

/* Looks in one directory of the path, where an empty name is the current one. */
static bool is_in(const char *directory, size_t length, const char *name)
{
	char *file;
	bool found;

	if (asprintf(&file, "%.*s%s%s", (int)length, directory, length ? "/" : "", name) < 0)
		return true;
	found = access(file, X_OK) == 0;
	free(file);
	return found;
}

bool command_exists(const char *name)
{
	const char *path = getenv("PATH"), *end;

	if (strchr(name, '/'))
		return access(name, X_OK) == 0;
	if (!path)
		return true;		/* it is looked for where the system says */
	for (; path; path = *end ? end + 1 : NULL) {
		end = strchrnul(path, ':');
		if (is_in(path, (size_t)(end - path), name))
			return true;
	}
	return false;
}

/* ---- Its start ------------------------------------------------------------- */

/* In a process group of its own, and with SIGPIPE, which we ignore, as it is usual. */
static int spawn(struct command *command, int input, int output)
{
	char **argv = command->serve->options.command;
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t defaults;
	int r;

	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setpgroup(&attributes, 0);
	posix_spawnattr_setsigdefault(&attributes, &defaults);
	posix_spawn_file_actions_init(&files);
	r = posix_spawn_file_actions_adddup2(&files, input, STDIN_FILENO);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
	if (r == 0)
		r = posix_spawnp(&command->pid, argv[0], &files, &attributes, argv,
				 environment_for(command->serve->environment, command->serve,
						 command->job));
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attributes);
	return -r;
}

static void unblock(int fd)
{
	(void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

/* 0, or -errno, and then there is no process. */
static int start(struct command *command)
{
	int in[2] = { -1, -1 }, out[2] = { -1, -1 };
	int r;

	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
		r = -errno;
	else
		r = spawn(command, in[0], out[1]);
	shut(&in[0]);
	shut(&out[1]);
	command->input = in[1];
	command->output = out[0];
	if (r < 0)
		return r;
	unblock(command->input);
	unblock(command->output);
	command->exited = (int)syscall(SYS_pidfd_open, command->pid, 0);
	return 0;
}

/* ---- Its end --------------------------------------------------------------- */

static bool exits_within(const struct command *command, int milliseconds)
{
	struct pollfd fd = { .fd = command->exited, .events = POLLIN };
	int r;

	do
		r = poll(&fd, 1, milliseconds);
	while (r < 0 && errno == EINTR);
	return r > 0;
}

/* Ends it with all its children; first it may end in good order. */
static void end(const struct command *command)
{
	kill(-command->pid, SIGTERM);
	if (command->exited >= 0)
		(void)exits_within(command, GRACE_MS);
	kill(-command->pid, SIGKILL);
}

/* How it ended (1). */
static int reap(struct command *command)
{
	int status = 0;

	while (waitpid(command->pid, &status, 0) < 0 && errno == EINTR)
		;
	shut(&command->exited);
	shut(&command->input);
	shut(&command->output);
	return status;
}

static int judge(struct job *job, int status)
{
	if (WIFSIGNALED(status))
		return job_failed(job, "the command was ended by signal %d (%s)", WTERMSIG(status),
				  strsignal(WTERMSIG(status)));
	if (WEXITSTATUS(status))
		return job_failed(job, "the command ended with status %d", WEXITSTATUS(status));
	return 0;
}

/* ---- Input and output ------------------------------------------------------- */

static void feed(struct command *command)
{
	const struct job *job = command->job;
	const char *data = job->input;
	ssize_t wrote = 0;

	while (command->written < job->input_bytes && wrote >= 0) {
		wrote = write(command->input, data + command->written,
			      job->input_bytes - command->written);
		command->written += wrote > 0 ? (size_t)wrote : 0;
	}
	/* It has everything, or wants no more: closes its input. */
	if (wrote >= 0 || (errno != EAGAIN && errno != EINTR))
		shut(&command->input);
}

/* Replies each whole line, and drops it; before from there is no end of one. */
static int reply_lines(struct command *command, size_t from)
{
	struct bytes *output = &command->serve->output;
	size_t begin = 0, end;
	unsigned char *newline;
	int r = 0;

	while (r == 0 && from < output->count) {
		newline = memchr(output->at + from, '\n', output->count - from);
		if (!newline)
			break;
		end = (size_t)(newline - output->at);
		r = job_reply_output(command->serve, command->job, output->at + begin, end - begin);
		begin = from = end + 1;
	}
	bytes_drop(output, begin);
	return r;
}

/* Reads once.  Bytes; 0: there is nothing now; or -1 and it is known why. */
static ssize_t drain(struct command *command)
{
	struct bytes *output = &command->serve->output;
	size_t before = output->count;
	ssize_t got = bytes_read(output, command->output);

	if (got == -EAGAIN || got == -EINTR)
		return 0;
	if (got < 0)
		return job_failed(command->job, "cannot read from the command: %s",
				  strerror((int)-got));
	if (got == 0)
		shut(&command->output);
	if (command->serve->options.lines && reply_lines(command, before) < 0)
		return -1;
	if (output->count > OUTPUT_MOST)
		return job_failed(command->job, "the command writes more than %zu bytes",
				  OUTPUT_MOST);
	return got;
}

/* Reads the rest when it has exited: as much as a pipe holds, though others may write (4). */
static int drain_rest(struct command *command)
{
	ssize_t left = command->output < 0 ? 0 : fcntl(command->output, F_GETPIPE_SZ);
	ssize_t got = 1;

	for (; left > 0 && got > 0; left -= got)
		got = drain(command);
	return got < 0 ? -1 : 0;
}

/* ---- The course of it ------------------------------------------------------ */

/* Is there a reason to end it?  0, or -1 and it is known why. */
static int go_on(const struct command *command)
{
	struct job *job = command->job;

	if (interrupted)
		return job_failed(job, "the command was ended, since we end");
	if (sluice_deadline(0) >= command->deadline)
		return job_failed(job, command->is_clients ?
				  "the command was ended: its client waits no longer" :
				  "the command was ended: it took too long");
	if (sluice_active_request_is_connected(job->request) == 0)
		return job_failed(job, "the command was ended: its client has gone");
	return 0;
}

/* Waits until the next look at the time, the client and the signals. */
static int patience(const struct command *command)
{
	int64_t left = (command->deadline - sluice_deadline(0)) / MS + 1;

	return left < 0 ? 0 : left < LOOK_MS ? (int)left : LOOK_MS;
}

/* Until it has exited.  0, or -1 and it is known why. */
static int converse(struct command *command)
{
	enum { INPUT, OUTPUT, EXIT, ALL };

	for (;;) {
		struct pollfd fd[ALL] = {
			[INPUT] = { .fd = command->input, .events = POLLOUT },
			[OUTPUT] = { .fd = command->output, .events = POLLIN },
			[EXIT] = { .fd = command->exited, .events = POLLIN },
		};

		if (poll(fd, ALL, patience(command)) < 0 && errno != EINTR)
			return job_failed(command->job, "cannot wait: %s", strerror(errno));
		if (fd[INPUT].revents)
			feed(command);
		if (fd[OUTPUT].revents && drain(command) < 0)
			return -1;
		if (fd[EXIT].revents)
			return drain_rest(command);
		if (go_on(command) < 0)
			return -1;
	}
}

/* The sooner of what we and what the client allow. */
static void set_deadline(struct command *command)
{
	int64_t timeout = command->serve->options.timeout;
	int64_t clients = command->job->request->deadline;

	command->deadline = sluice_deadline(timeout ? timeout : SLUICE_FOREVER);
	command->is_clients = clients && clients < command->deadline - CLIENT_GRACE;
	if (command->is_clients)
		command->deadline = clients + CLIENT_GRACE;
}

/* Sends the rest as a reply (5). */
static int reply_rest(struct command *command)
{
	struct bytes *output = &command->serve->output;

	if (command->serve->options.lines && !output->count)
		return 0;
	return job_reply_output(command->serve, command->job, output->at, output->count);
}

int command_run(struct serve *serve, struct job *job)
{
	struct command command = { .serve = serve, .job = job, .exited = -1 };
	int r, status;

	serve->output.count = 0;
	set_deadline(&command);
	r = start(&command);
	if (r < 0) {
		shut(&command.input);
		shut(&command.output);
		return job_failed(job, "cannot start %s: %s", serve->options.command[0],
				  strerror(-r));
	}
	if (command.exited < 0)
		r = job_failed(job, "cannot watch the command: %s", strerror(errno));
	else
		r = converse(&command);
	if (r < 0)
		end(&command);
	status = reap(&command);
	if (r < 0 || judge(job, status) < 0)
		return -1;
	return reply_rest(&command);
}
