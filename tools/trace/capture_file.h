/* SPDX-License-Identifier: MIT */
/* The messages of a capture, one after the other. */
#ifndef TRACE_CAPTURE_FILE_H
#define TRACE_CAPTURE_FILE_H

#include "pcapng.h"

#define CAPTURE_FILE_WHY	512	/* a sentence */

/* A message that is valid until it returns; negative: no more are wanted. */
typedef int capture_file_take(void *context, const struct capture_packet *packet);

/*
 * Gives each message to take().  0; the negative value that take() has returned; or -1 and
 * ret_why is a sentence: the messages in front of the fault were taken.
 */
int capture_file_each(const char *path, capture_file_take *take, void *context,
		      char ret_why[CAPTURE_FILE_WHY]);

#endif /* TRACE_CAPTURE_FILE_H */
