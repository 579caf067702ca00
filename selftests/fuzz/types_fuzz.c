// SPDX-License-Identifier: GPL-2.0-only
/*
 * A file that sluice types takes for a program: ELF, with debug information of any contents.
 * libelf and libdw read it; what they return goes through tools/types/.  The first byte chooses
 * whether fingerprints are made anew, and how the result is printed.
 *
 * Promises: types are found, or a sentence is printed.  Debug information that leads to itself
 * comes to an end, and so does a list that is longer than the file.
 *
 * libelf and libdw are those of the system, without instrumentation: how far a change got is
 * seen by what tools/types/ does with it.
 */
#include "fuzz.h"

#include "tools/types/report.h"

enum { RENEW = 1, STRICT = 2, FORM = 12, HEADER = 4, TEXT = 8 };

static void print(const struct shared *shared, uint8_t choice)
{
	if ((choice & FORM) == HEADER)
		report_header(shared);
	else if ((choice & FORM) == TEXT)
		report_text(shared, choice & STRICT);
	else
		PROMISE(report_json(shared, choice & STRICT) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { .at = data, .left = size };
	uint8_t choice = input_byte(&input);
	struct shared shared;
	int r;

	fuzz_begin();
	fuzz_file(input.at, input.left);
	r = shared_read(&shared, fuzz_path(), choice & RENEW);
	if (r)
		PROMISE(fuzz_said());
	else
		print(&shared, choice);
	shared_free(&shared);
	fuzz_end();
	return 0;
}
