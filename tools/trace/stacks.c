// SPDX-License-Identifier: MIT
/*
 * User stacks: read from the map "stacks" by their keys, with names for their frames.  The
 * innermost frame is the place of the probe itself, which says nothing and is left out.
 *
 * A frame is known by the build id of its file and an offset, so that it can be named when
 * its process has gone; files become known as processes are looked at.
 */
#include "stacks.h"

#include <string.h>

#include <bpf/bpf.h>
#include <jansson.h>

#include "symbols.h"
#include "tracer.h"

#define FRAME_TEXT	256

struct stack {
	size_t count;
	char frame[STACK_DEPTH][FRAME_TEXT];	/* innermost first */
};

static void read_stack(struct trace *trace, int32_t key, struct stack *ret_stack)
{
	struct bpf_stack_build_id frames[STACK_DEPTH];
	char *text;

	ret_stack->count = 0;
	memset(frames, 0, sizeof(frames));
	if (key < 0 || bpf_map_lookup_elem(tracer_map(trace->tracer, "stacks"), &key, frames) < 0)
		return;
	for (size_t i = 0; i < STACK_DEPTH; i++) {
		if (frames[i].status == BPF_STACK_BUILD_ID_EMPTY)
			break;
		text = ret_stack->frame[ret_stack->count];
		symbols_name(trace->symbols, &frames[i], i, text, FRAME_TEXT);
		if (i > 0 || strncmp(text, "probe_", strlen("probe_")) != 0)
			ret_stack->count++;
	}
}

void stacks_print(struct trace *trace, int32_t key, const char *indent)
{
	struct stack stack;

	read_stack(trace, key, &stack);
	for (size_t i = 0; i < stack.count; i++)
		printf("%s%s\n", indent, stack.frame[i]);
	if (!stack.count)
		printf("%s(the stack could not be taken)\n", indent);
}

/* Up to the blank in front of file and line, which flame graphs have no use for. */
static int name_length(const char *frame)
{
	return (int)strcspn(frame, " ;");
}

void stacks_print_folded(struct trace *trace, int32_t key, uint64_t value)
{
	struct stack stack;

	read_stack(trace, key, &stack);
	for (size_t i = stack.count; i-- > 0;)
		printf("%.*s%s", name_length(stack.frame[i]), stack.frame[i], i ? ";" : "");
	printf("%s %llu\n", stack.count ? "" : "unknown", (unsigned long long)value);
}

json_t *stacks_json(struct trace *trace, int32_t key)
{
	json_t *array = json_array();
	struct stack stack;

	read_stack(trace, key, &stack);
	for (size_t i = 0; i < stack.count; i++)
		json_array_append_new(array, json_string(stack.frame[i]));
	return array;
}
