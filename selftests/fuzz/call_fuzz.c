// SPDX-License-Identifier: GPL-2.0-only
/*
 * What sluice call is given: a command line (tools/call/options.c), the bytes or hex digits of
 * a request (tools/call/data.c), and a response of any bytes, which it prints
 * (tools/call/print.c).
 *
 * The input is a command line of words that end in a 0 byte, WORDS_MAX at most.  An empty word
 * ends it, and the rest are the bytes that the file or standard input has.  A file that the
 * words name is not opened: the input's own file takes its place.
 *
 * Promises: 2 and a sentence, or the data has as many bytes as were given, or half as many as
 * there are hex digits.  What cannot be used is said.
 */
#include "fuzz.h"

#include <string.h>

#include "tools/call/call.h"

#define WORDS_MAX	12
#define WORD_SIZE	256

struct line {
	char text[WORDS_MAX][WORD_SIZE];
	char *word[WORDS_MAX + 1];
	int words;
};

static void read_line(struct line *line, struct input *input)
{
	const uint8_t *end;
	size_t length;

	line->words = 0;
	while (line->words < WORDS_MAX && input->left) {
		end = memchr(input->at, 0, input->left);
		length = end ? (size_t)(end - input->at) : input->left;
		if (length >= WORD_SIZE)
			break;
		input_copy(input, line->text[line->words], length);
		line->text[line->words][length] = 0;
		if (input->left)
			input_byte(input);
		if (!length)
			break;
		line->word[line->words] = line->text[line->words];
		line->words++;
	}
	line->word[line->words] = NULL;
}

/* The server answers what it was asked. */
static void print_response(struct call *call)
{
	const struct call_response response = {
		.request = 1, .index = 1, .round_trip = 1000, .bytes = &call->response,
		.header = call->data.count < 4 ? 0 : 4, .call = call,
	};

	PROMISE(bytes_add(&call->response, call->data.at ? (char *)call->data.at : "",
			  call->data.count) == 0);
	PROMISE(call_print(call->options.form, &response) == 0);
}

static void feed(struct call *call, struct input *input)
{
	size_t before = call->data.count;
	int r;

	fuzz_file(input->at, input->left);
	if (call->options.file)
		call->options.file = fuzz_path();
	r = call_read_data(call);
	PROMISE(r == 0 || (r == -1 && fuzz_said()));
	if (r)
		return;
	if (call->options.file && !call->options.hex)
		PROMISE(call->data.count == before + input->left);
	PROMISE(call_check_header(call) == 0 || fuzz_said());
	print_response(call);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { .at = data, .left = size };
	struct call call = { .contract.contract.request_header.size = 8 };
	struct line line;
	int r;

	fuzz_begin();
	read_line(&line, &input);
	if (line.words) {
		r = call_parse(&call, line.words, line.word);
		PROMISE(r == 0 || r == -1 || (r == 2 && fuzz_said()));
		if (!r)
			feed(&call, &input);
	}
	bytes_free(&call.data);
	bytes_free(&call.header);
	bytes_free(&call.response);
	fuzz_end();
	return 0;
}
