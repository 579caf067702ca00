/* SPDX-License-Identifier: MIT */
/* The environment of a command, which describes its request. */
#ifndef TOOLS_ENVIRONMENT_H
#define TOOLS_ENVIRONMENT_H

#include "serve.h"

/* The environment of this process, with room for ours.  NULL: no memory. */
struct environment *environment_create(const struct serve *serve);

/* That for a job, as execve(2) takes it; valid until the next call. */
char **environment_for(struct environment *environment, const struct serve *serve,
		       const struct job *job);

void environment_free(struct environment *environment);

#endif /* TOOLS_ENVIRONMENT_H */
