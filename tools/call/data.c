// SPDX-License-Identifier: MIT
/*
 * The bytes of the request of sluice call, from a file or standard input, and the check of
 * its user header.  Data on the command line was taken by options.c.
 *
 * Data is JSON, and is made into bytes by the fields of the request, if --fields says so, or if
 * it is on the command line and begins with { or [ and the request is no slice of bytes.  A
 * file may begin with any byte, so there only --fields counts.
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

static bool is_fields(const struct call *call)
{
	const struct call_options *options = &call->options;
	const struct bytes *data = &call->data;
	size_t i = 0;

	if (options->fields)
		return true;
	if (options->file || options->hex || options->bytes ||
	    service_shapes_is_bytes(&call->contract.contract.request))
		return false;
	while (i < data->count && strchr(" \t\n\r", data->at[i]) && data->at[i])
		i++;
	return i < data->count && (data->at[i] == '{' || data->at[i] == '[');
}

/* Replaces the text by the bytes that it describes. */
static int make_bytes(struct bytes *bytes, const struct shape *shape,
		      const struct sluice_type *type, const char *what)
{
	struct bytes made = { 0 };
	char why[SERVICE_SHAPES_WHY];

	if (service_shapes_read(&made, shape, type, (const char *)bytes->at, bytes->count, why) < 0) {
		bytes_free(&made);
		return call_say("the %s: %s", what, why);
	}
	bytes_free(bytes);
	*bytes = made;
	return 0;
}

static int use_header(struct call *call)
{
	const char *text = call->options.header_fields;
	const struct sluice_type *type = &call->contract.contract.request_header;

	if (!text)
		return 0;
	if (!type->size)
		return call_say("requests of %s have no user header", call->options.service.name);
	if (!call->shapes.request_header)
		return call_say("the fields of the header are not known: %s", call->shapes.why);
	if (bytes_add(&call->header, text, strlen(text)) < 0)
		return call_say("there is no memory");
	return make_bytes(&call->header, call->shapes.request_header, type, "header");
}

/* Are the fields of responses to be shown? */
static bool shows_fields(const struct call *call)
{
	return !call->options.bytes &&
	       (call->options.form == CALL_TEXT || call->options.form == CALL_JSON);
}

int call_use_fields(struct call *call)
{
	const struct call_options *options = &call->options;
	bool wanted = is_fields(call);
	int r = 0;

	if (wanted || options->header_fields || options->types || shows_fields(call))
		r = service_shapes_find(&call->shapes, &call->contract.contract,
					call->contract.service, options->types);
	if (r < 0 && options->types)
		return call_say("%s", call->shapes.why);
	if (wanted && service_shapes_is_bytes(&call->contract.contract.request))
		return call_say("requests of %s are bytes, and have no fields", options->service.name);
	if (wanted && !call->shapes.request)
		return call_say("the fields of the request are not known, which --types names, or it is bytes (--bytes, --hex): %s",
				call->shapes.why);
	if (r < 0 && shows_fields(call))
		call_say("responses are shown as bytes: %s", call->shapes.why);
	if (wanted && make_bytes(&call->data, call->shapes.request,
				 &call->contract.contract.request, "request") < 0)
		return -1;
	return use_header(call);
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
