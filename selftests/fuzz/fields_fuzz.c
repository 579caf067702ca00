// SPDX-License-Identifier: GPL-2.0-only
/*
 * Payloads by their fields (tools/payload/): a shape, and a payload of any bytes, which is
 * printed; or a text of any bytes, which is read.  The first bytes of the input make the shape,
 * as shape_make.c would: contents lie within their size.  It may overlap itself, as unions do.
 *
 * Promises: what is printed is JSON.  If no fields overlap, and each element has bytes, it is
 * read again, and that prints the same.  What is read has the size of the shape, or there is a
 * sentence.  Printing a payload that is smaller than its shape is refused.
 */
#include "fuzz.h"

#include <errno.h>
#include <string.h>

#include "tools/payload/print.h"
#include "tools/payload/reading.h"

#define PARTS	64
#define NESTING	6
#define LARGE	4096	/* bytes; what is larger is not repeated */

struct making {
	struct input *input;
	int parts, nesting;
	bool overlaps;
};

static struct shape *make(struct making *making);

static struct shape *number(struct making *making, enum shape_kind kind)
{
	static const uint64_t sizes[] = { 1, 2, 4, 8 };
	uint64_t size = sizes[input_byte(making->input) % 4];
	struct shape *shape;

	if (kind == SHAPE_BOOLEAN)
		size = 1;
	if (kind == SHAPE_FLOAT)
		size = size < 8 ? 4 : 8;
	shape = shape_create(kind, size, NULL);
	PROMISE(shape != NULL);
	if (kind == SHAPE_ENUM) {
		shape->is_signed = input_byte(making->input) & 1;
		PROMISE(shape_add_constant(shape, input_byte(making->input), "ONE") == 0);
		PROMISE(shape_add_constant(shape, UINT64_MAX, "LAST") == 0);
	}
	return shape;
}

/* Members one behind the other, or, if they overlap, at the beginning. */
static struct shape *structure(struct making *making)
{
	struct shape *shape = shape_create(SHAPE_STRUCT, 0, NULL);
	uint8_t members = input_byte(making->input) % 5;
	bool is_union = input_byte(making->input) % 8 == 7;
	char name[3] = "a";

	PROMISE(shape != NULL);
	making->overlaps |= is_union;
	for (uint8_t i = 0; i < members; i++) {
		struct shape_member member = { .shape = make(making) };

		if (!is_union)
			member.offset = shape->size;
		if (member.shape->kind == SHAPE_UNSIGNED && input_byte(making->input) & 1) {
			member.first_bit = input_byte(making->input) % 8;
			member.bits = 1 + input_byte(making->input) % 8;
			member.bits = member.bits > 8 * member.shape->size ? 8 : member.bits;
		}
		if (member.offset + member.shape->size + 1 > shape->size)
			shape->size = member.offset + member.shape->size + 1;
		name[0] = (char)('a' + i);
		PROMISE(shape_add_member(shape, &member, name) == 0);
	}
	return shape;
}

static struct shape *container(struct making *making, enum shape_kind kind)
{
	uint8_t count = input_byte(making->input) % 9;
	struct shape *content = kind == SHAPE_STRING ? NULL : make(making);
	struct shape *shape = shape_create(kind, 0, NULL);

	PROMISE(shape != NULL);
	making->overlaps |= content && !content->size;
	if (content && content->size > LARGE)
		count = 1;
	shape->offset = kind == SHAPE_STRING ? 4 : 8;
	shape->count = count;
	shape->content = content;
	shape->size = shape->offset + (kind == SHAPE_OPTIONAL ? 1 : count) * (content ? content->size : 1);
	return shape;
}

static struct shape *array(struct making *making)
{
	uint8_t count = input_byte(making->input) % 9;
	struct shape *content = make(making), *shape;

	making->overlaps |= !content->size;
	if (content->size > LARGE)
		count = 1;
	shape = shape_create(SHAPE_ARRAY, count * content->size, NULL);
	PROMISE(shape != NULL);
	shape->count = count;
	shape->content = content;
	return shape;
}

static struct shape *make(struct making *making)
{
	enum shape_kind kind = input_byte(making->input) % (SHAPE_OPTIONAL + 1);
	struct shape *shape;

	if (making->parts++ > PARTS || making->nesting > NESTING)
		kind = SHAPE_OPAQUE;
	making->nesting++;
	if (kind == SHAPE_OPAQUE || kind == SHAPE_TEXT)
		shape = shape_create(kind, input_byte(making->input) % 9, NULL);
	else if (kind == SHAPE_STRUCT)
		shape = structure(making);
	else if (kind == SHAPE_ARRAY)
		shape = array(making);
	else if (kind >= SHAPE_STRING)
		shape = container(making, kind);
	else
		shape = number(making, kind);
	making->nesting--;
	PROMISE(shape != NULL);
	return shape;
}

static void check_again(const struct shape *shape, const struct bytes *text)
{
	struct bytes data = { 0 }, again = { 0 };
	char why[PAYLOAD_WHY] = "";

	PROMISE(payload_from_json(&data, shape, (char *)text->at, text->count, why) == 0);
	PROMISE(data.count == shape->size);
	PROMISE(payload_to_json(&again, shape, data.at ? (void *)data.at : why, data.count) == 0);
	PROMISE(again.count == text->count && memcmp(again.at, text->at, text->count) == 0);
	bytes_free(&data);
	bytes_free(&again);
}

static void print(const struct making *making, const struct shape *shape)
{
	struct input *input = making->input;
	struct bytes text = { 0 };
	char why[PAYLOAD_WHY];
	json_t *json = NULL;
	unsigned char *data = calloc(1, (size_t)shape->size + 1);
	size_t size = input->left < shape->size ? input->left : (size_t)shape->size;
	int r;

	PROMISE(data != NULL);
	memcpy(data, input->at, size);
	r = payload_to_json(&text, shape, data, (size_t)shape->size);
	PROMISE(r == 0 || (r == -E2BIG && making->overlaps));
	if (shape->size)
		PROMISE(payload_to_json(&text, shape, data, (size_t)shape->size - 1) == -EMSGSIZE);
	if (r == 0) {
		PROMISE(reading_parse((char *)text.at, text.count, &json, why) == 0);
		json_decref(json);
	}
	if (r == 0 && !making->overlaps)
		check_again(shape, &text);
	bytes_free(&text);
	free(data);
}

static void read_text(struct input *input, const struct shape *shape, bool slice)
{
	struct bytes data = { 0 };
	char why[PAYLOAD_WHY] = "";
	int r;

	if (slice)
		r = slice_from_json(&data, shape, (const char *)input->at, input->left, why);
	else
		r = payload_from_json(&data, shape, (const char *)input->at, input->left, why);
	PROMISE(r == 0 || (r == -EINVAL && why[0]));
	PROMISE(r < 0 ? data.count == 0 : slice || data.count == shape->size);
	bytes_free(&data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { .at = data, .left = size };
	struct making making = { .input = &input };
	uint8_t choice = input_byte(&input);
	struct shape *shape;

	fuzz_begin();
	shape = make(&making);
	if (choice & 1)
		read_text(&input, shape, choice & 2);
	else
		print(&making, shape);
	shape_free(shape);
	fuzz_end();
	return 0;
}
