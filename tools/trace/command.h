/* SPDX-License-Identifier: MIT */
/* The command that is traced from its beginning. */
#ifndef TRACE_COMMAND_H
#define TRACE_COMMAND_H

#include <stdbool.h>
#include <sys/types.h>

struct command {
	pid_t pid;
	int go;			/* a pipe: its end lets the command begin */
	int status;		/* of waitpid(2), when it has ended */
};

/* Makes the process, which waits before it becomes the command.  0 or -errno. */
int command_prepare(struct command *command, char **argv);

/* Lets it begin. */
void command_go(struct command *command);

/* Has it ended?  Does not wait. */
bool command_ended(struct command *command);

/* Asks it to end, and waits a while.  False if it has not ended by then. */
bool command_end(struct command *command);

/* The path of a command, as execvp(3) finds it; to be freed.  NULL: there is none. */
char *command_path(const char *name);

#endif /* TRACE_COMMAND_H */
