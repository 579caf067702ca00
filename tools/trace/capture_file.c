// SPDX-License-Identifier: MIT
/*
 * The messages of a capture, one after the other, and sentences about what is no capture.
 *
 * The file may hold anything: the reader of pcapng files returns only complete packets of
 * ours, and ends at the first fault.  Only one message is in memory at a time.
 */
#include "capture_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int cannot_open(const char *path, char why[CAPTURE_FILE_WHY])
{
	if (errno == EINVAL)
		snprintf(why, CAPTURE_FILE_WHY, "%s is no capture of messages", path);
	else if (errno == ENOTSUP)
		snprintf(why, CAPTURE_FILE_WHY,
			 "%s was written by a machine whose byte order is the other one", path);
	else
		snprintf(why, CAPTURE_FILE_WHY, "cannot read %s: %s", path, strerror(errno));
	return -1;
}

int capture_file_each(const char *path, capture_file_take *take, void *context,
		      char ret_why[CAPTURE_FILE_WHY])
{
	struct pcapng_reader *reader = pcapng_open(path);
	struct capture_packet packet;
	unsigned long long packets = 0;
	int r, taken = 0;

	if (!reader)
		return cannot_open(path, ret_why);
	while (taken >= 0 && (r = pcapng_next(reader, &packet)) > 0) {
		taken = take(context, &packet);
		packets++;
	}
	pcapng_close(reader);
	if (taken < 0)
		return taken;
	if (r == -EINVAL)
		snprintf(ret_why, CAPTURE_FILE_WHY, "%s is cut or damaged after %llu messages", path,
			 packets);
	else if (r < 0)
		snprintf(ret_why, CAPTURE_FILE_WHY, "cannot read %s: %s", path, strerror(-r));
	return r < 0 ? -1 : 0;
}
