// SPDX-License-Identifier: MIT
/*
 * The probes of uapi/sluice/trace.h, as data: their names, and the names of their
 * arguments.  The name of an argument says how it is shown, and what a filter compares it
 * with.
 */
#include "trace.h"

#include <string.h>

#define ARGUMENT_NAME	16

struct probe {
	const char *name;
	unsigned int count;
	char argument[SLUICE_TRACE_ARGUMENTS][ARGUMENT_NAME];
};

#define NAME_1(a)			{ #a }
#define NAME_2(a, b)			{ #a, #b }
#define NAME_3(a, b, c)			{ #a, #b, #c }
#define NAME_4(a, b, c, d)		{ #a, #b, #c, #d }
#define NAME_5(a, b, c, d, e)		{ #a, #b, #c, #d, #e }
#define NAME_6(a, b, c, d, e, f)	{ #a, #b, #c, #d, #e, #f }
#define ROW(name, count, ...)		{ #name, count, NAME_##count(__VA_ARGS__) },

static const struct probe probes[] = { SLUICE_TRACE_PROBES(ROW) };

const char *probe_name(unsigned int probe)
{
	return probes[probe].name;
}

unsigned int probe_arguments(unsigned int probe)
{
	return probes[probe].count;
}

const char *probe_argument(unsigned int probe, unsigned int index)
{
	return probes[probe].argument[index];
}

int probe_argument_index(unsigned int probe, const char *name)
{
	for (unsigned int i = 0; i < probes[probe].count; i++)
		if (!strcmp(probes[probe].argument[i], name))
			return (int)i;
	return -1;
}

bool probe_numbered(const char *name, size_t length, unsigned int *ret_probe)
{
	for (unsigned int i = 0; i < SLUICE_TRACE_COUNT; i++) {
		if (strlen(probes[i].name) != length || memcmp(probes[i].name, name, length) != 0)
			continue;
		*ret_probe = i;
		return true;
	}
	return false;
}

/* The index of the first of these names, separated by 0 and ended by another. */
static int8_t find(unsigned int probe, const char *names)
{
	int index = -1;

	for (; *names && index < 0; names += strlen(names) + 1)
		index = probe_argument_index(probe, names);
	return (int8_t)index;
}

void probe_shapes(struct probe_shape shapes[PROBES_MAX])
{
	for (unsigned int i = 0; i < SLUICE_TRACE_COUNT; i++)
		shapes[i] = (struct probe_shape){
			.port = find(i, "port\0"),
			.peer = find(i, "peer\0"),
			.bytes = find(i, "bytes\0"),
			.duration = find(i, "held\0waited\0late\0"),
			.text = find(i, "name\0service\0reason\0"),
		};
}
