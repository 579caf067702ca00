// SPDX-License-Identifier: MIT
/*
 * The bytes of the request of sluice call, from a file or standard input, and the check of
 * its user header.  Data on the command line was taken by options.c.
 */
#include "call.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

static int read_file(const char *name, struct bytes *ret_bytes)
{
	bool standard = strcmp(name, "-") == 0;
	int fd = standard ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
	int r;

	if (standard)
		name = "standard input";
	if (fd < 0)
		return call_say("cannot open %s: %s", name, strerror(errno));
	r = bytes_read_all(ret_bytes, fd);
	if (!standard)
		close(fd);
	return r < 0 ? call_say("cannot read %s: %s", name, strerror(-r)) : 0;
}

int call_read_data(struct call *call)
{
	const struct call_options *options = &call->options;
	struct bytes read = { 0 };
	int r;

	if (!options->file)
		return 0;
	if (!options->hex)
		return read_file(options->file, &call->data);
	r = read_file(options->file, &read);
	if (r == 0 && bytes_add_hex(&call->data, (const char *)read.at, read.count) < 0)
		r = call_say("the input is not pairs of hex digits");
	bytes_free(&read);
	return r;
}

int call_check_header(const struct call *call)
{
	uint64_t size = call->contract.contract.request_header.size;

	if (!call->options.with_header || call->header.count == size)
		return 0;
	if (!size)
		return call_say("requests of %s have no user header", call->options.service.name);
	return call_say("the header has %zu bytes, and must have %" PRIu64, call->header.count,
			size);
}
