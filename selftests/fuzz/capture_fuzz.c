// SPDX-License-Identifier: GPL-2.0-only
/*
 * A capture of any contents, as sluice trace replay reads it: blocks, interfaces and packets
 * (tools/trace/pcapng_reader.c), and the messages of one service in them, joined and compared
 * with a contract (tools/trace/recording.c).  And as sluice trace read prints it, by the fields
 * of that contract (tools/trace/service_layouts.c, message_json.c).
 *
 * The first byte chooses whether replies are wanted too, whether a service is named, and
 * whether messages are slices behind a user header.
 *
 * Promises: a capture is loaded, or refused with a sentence.  Each message that was loaded has
 * all the bytes that it says.  Each that is printed is an object of JSON on one line, which has
 * fields only if the message has the size for them.
 */
#include "fuzz.h"

#include <string.h>

#include <jansson.h>

#include "tools/trace/message_json.h"
#include "tools/trace/recording.h"

enum { WITH_REPLIES = 1, NAMED = 2, SLICES = 4 };

static struct sluice_list_message message_of(uint8_t choice)
{
	return (struct sluice_list_message){
		.payload = {
			.name = "uint32_t", .size = 4, .alignment = 4,
			.kind = choice & SLICES ? SLUICE_KIND_SLICE : SLUICE_KIND_FIXED,
		},
		.lead = choice & SLICES ? 8 : 0,
	};
}

/* ---- Printed --------------------------------------------------------------- */

static struct sluice_contract contract_of(uint8_t choice)
{
	const struct sluice_type type = message_of(choice).payload;
	const struct sluice_type header = {
		.name = "uint64_t", .size = choice & SLICES ? 8 : 0, .alignment = 8,
	};

	return (struct sluice_contract){
		.request = type, .response = type,
		.request_header = header, .response_header = header,
	};
}

/* The line of a message, without its end. */
static void check_line(const struct bytes *line, const struct capture_packet *packet)
{
	json_t *json, *fields;
	size_t size;

	PROMISE(line->count && !memchr(line->at, '\n', line->count - 1));
	json = json_loadb((const char *)line->at, line->count,
			  JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL, NULL);
	PROMISE(json_is_object(json));
	fields = json_object_get(json, "fields");
	PROMISE(!fields != !json_object_get(json, "hex"));
	size = json_is_array(fields) ? 4 * json_array_size(fields) : 4;
	PROMISE(!fields || packet->header.bytes == size);
	/* No elements are there whole, also behind a part of a header. */
	PROMISE(!fields || !size || packet->captured == packet->header.lead + size);
	json_decref(json);
}

static int print(void *context, const struct capture_packet *packet)
{
	struct message_layout layout;
	struct bytes line = { 0 };

	PROMISE(service_layouts_find(context, packet, &layout) == 0);
	PROMISE(message_json(&line, packet, &layout) == 0);
	check_line(&line, packet);
	bytes_free(&line);
	return 0;
}

/* One service is known.  Others are not looked for, and nothing is told. */
static void print_all(uint8_t choice)
{
	const struct sluice_contract contract = contract_of(choice);
	char why[CAPTURE_FILE_WHY] = "", name[] = "fuzz/service";
	struct service_layout layout = { .name = name, .contract = &contract, .misfit = true };
	struct service_layouts layouts = { .at = { &layout }, .count = 1, .full = true };
	int r;

	PROMISE(service_shapes_find(&layout.shapes, &contract, NULL, NULL) == 0);
	r = capture_file_each(fuzz_path(), print, &layouts, why);
	PROMISE(r == (why[0] ? -1 : 0));
	service_shapes_free(&layout.shapes);
}

/* ---- Loaded ---------------------------------------------------------------- */

static void check(const struct recording *recording)
{
	const struct message *request, *reply;

	for (size_t i = 0; i < recording->requests.count; i++) {
		request = &recording->requests.at[i];
		PROMISE(request->captured == request->lead + request->bytes);
		fuzz_read_all(request->payload, request->captured);
		for (size_t j = 0; j < request->reply_count; j++) {
			reply = &request->replies[j];
			PROMISE(reply->number == request->number);
			PROMISE(reply->captured == reply->lead + reply->bytes);
			fuzz_read_all(reply->payload, reply->captured);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { .at = data, .left = size };
	uint8_t choice = input_byte(&input);
	const struct sluice_list_message messages[] = { message_of(choice), message_of(choice) };
	const struct sluice_list_service service = { .messages = messages };
	struct recording recording = {
		.path = fuzz_path(),
		.wanted = "fuzz/service",
		.from = choice & NAMED ? "fuzz/service" : NULL,
		.with_replies = choice & WITH_REPLIES,
	};
	int r;

	fuzz_begin();
	fuzz_file(input.at, input.left);
	r = recording_load(&recording);
	if (!r) {
		check(&recording);
		r = recording_fits(&recording, &service);
	}
	PROMISE(r == 0 || r == -1);
	PROMISE(!r || recording.why[0]);
	recording_free(&recording);
	print_all(choice);
	fuzz_end();
	return 0;
}
