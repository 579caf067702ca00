// SPDX-License-Identifier: MIT
/*
 * Shortages of the system, in words.
 *
 * Descriptors and memory can be short for a while: a limit is reached and raised, or
 * another process frees some.  That says nothing about a peer, and the user must learn
 * which limit it was.  No peer influences the sentences.
 */
#include "os/shortage.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "base/error.h"

bool is_shortage(int error)
{
	switch (error) {
	case EMFILE:
	case ENFILE:
	case ENOMEM:
	case ENOBUFS:
	case ENOSPC:
	case EAGAIN:
		return true;
	default:
		return false;
	}
}

void shortage_describe(char text[SHORTAGE_TEXT_SIZE], int error)
{
	struct rlimit files = { .rlim_cur = 0 };

	switch (error) {
	case EMFILE:
		getrlimit(RLIMIT_NOFILE, &files);
		snprintf(text, SHORTAGE_TEXT_SIZE,
			 "this process has no descriptor left (RLIMIT_NOFILE %llu)",
			 (unsigned long long)files.rlim_cur);
		break;
	case ENFILE:
		snprintf(text, SHORTAGE_TEXT_SIZE,
			 "this machine has no descriptor left (fs.file-max)");
		break;
	case ENOMEM:
	case ENOBUFS:
		snprintf(text, SHORTAGE_TEXT_SIZE, "this process has no memory left");
		break;
	default:
		snprintf(text, SHORTAGE_TEXT_SIZE, "the system says: %s,", strerror(error));
		break;
	}
}

int fail_for_want(int error, const char *what_for)
{
	char text[SHORTAGE_TEXT_SIZE];

	shortage_describe(text, error);
	return fail(error, "%s for %s", text, what_for);
}
