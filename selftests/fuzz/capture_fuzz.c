// SPDX-License-Identifier: GPL-2.0-only
/*
 * A capture of any contents, as sluice trace replay reads it: blocks, interfaces and packets
 * (tools/trace/pcapng_reader.c), and the messages of one service in them, joined and compared
 * with a contract (tools/trace/recording.c).
 *
 * The first byte chooses whether replies are wanted too, and whether a service is named.
 *
 * Promises: a capture is loaded, or refused with a sentence.  Each message that was loaded has
 * all the bytes that it says.
 */
#include "fuzz.h"

#include <string.h>

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
	fuzz_end();
	return 0;
}
