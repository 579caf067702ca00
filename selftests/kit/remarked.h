/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a node has remarked on (sluice_remarks.h), checked as it is told: level and keys are
 * those of Documentation/remarks.rst, each value has its form, a number always has the same text,
 * and no more than 4 remarks of a number come in a second.
 */
#ifndef SELFTESTS_REMARKED_H
#define SELFTESTS_REMARKED_H

#include "common.h"

#include <ctype.h>

#include <sluice_remarks.h>

#define REMARKED_NUMBERS	15
#define REMARKED_A_SECOND	4

struct remarked {
	int told;			/* of any number */
	int wrong;			/* which the page does not have like that */
	int count[REMARKED_NUMBERS];
	uint64_t left_out;
	/* Of each number, the last one. */
	long pid[REMARKED_NUMBERS], error[REMARKED_NUMBERS];
	uint64_t node[REMARKED_NUMBERS], port[REMARKED_NUMBERS], peer[REMARKED_NUMBERS];
	char service[REMARKED_NUMBERS][64];
	char text[REMARKED_NUMBERS][128];
	/* When the last ones were told, in turn. */
	int64_t at[REMARKED_NUMBERS][REMARKED_A_SECOND];
};

/* The table of Documentation/remarks.rst. */
static const struct {
	uint32_t level;
	const char *keys;
} remarked_page[REMARKED_NUMBERS] = {
	[1] = { SLUICE_REMARK_NOTICE, " node service port peer pid error" },
	[2] = { SLUICE_REMARK_WARNING, " node service port peer pid error" },
	[3] = { SLUICE_REMARK_NOTICE, " node service port peer pid error" },
	[4] = { SLUICE_REMARK_WARNING, " node service error" },
	[5] = { SLUICE_REMARK_WARNING, " node service" },
	[6] = { SLUICE_REMARK_NOTICE, " node pid" },
	[7] = { SLUICE_REMARK_NOTICE, " node service" },
	[8] = { SLUICE_REMARK_WARNING, " node service error" },
	[9] = { SLUICE_REMARK_NOTICE, " node" },
	[10] = { SLUICE_REMARK_NOTICE, " node" },
	[11] = { SLUICE_REMARK_WARNING, " node error" },
	[12] = { SLUICE_REMARK_NOTICE, " node" },
	[13] = { SLUICE_REMARK_NOTICE, " node" },
	[14] = { SLUICE_REMARK_NOTICE, " node" },
};

helper bool remarked_id(const char *value, uint64_t *ret_id)
{
	char *end;

	*ret_id = strtoull(value, &end, 16);
	return strlen(value) == 16 && !*end && *ret_id;
}

helper bool remarked_number(const char *value, long least, long *ret_number)
{
	char *end;

	*ret_number = strtol(value, &end, 10);
	return *value && !*end && *ret_number >= least;
}

/* Is the value of this key in order? */
helper bool remarked_field(struct remarked *remarked, uint32_t number,
			   const struct sluice_remark_field *field)
{
	if (!strcmp(field->key, "node"))
		return remarked_id(field->value, &remarked->node[number]);
	if (!strcmp(field->key, "port"))
		return remarked_id(field->value, &remarked->port[number]);
	if (!strcmp(field->key, "peer"))
		return remarked_id(field->value, &remarked->peer[number]);
	if (!strcmp(field->key, "pid"))
		return remarked_number(field->value, 0, &remarked->pid[number]);
	if (!strcmp(field->key, "error"))
		return remarked_number(field->value, 1, &remarked->error[number]);
	snprintf(remarked->service[number], sizeof(remarked->service[number]), "%s", field->value);
	return !strcmp(field->key, "service") && field->value[0];
}

/* Was the number told no more often in the last second than is promised? */
helper bool remarked_in_time(struct remarked *remarked, uint32_t number)
{
	int64_t *at = &remarked->at[number][remarked->count[number] % REMARKED_A_SECOND];
	bool holds = remarked->count[number] < REMARKED_A_SECOND || now() - *at >= SECOND;

	*at = now();
	return holds;
}

/* Why a remark is not as the page has it; or NULL. */
helper const char *remarked_judge(struct remarked *remarked, const struct sluice_remark *remark)
{
	uint32_t number = remark->number;
	char keys[128] = "";
	size_t i;

	if (remark->size != sizeof(*remark) || !number || number >= REMARKED_NUMBERS)
		return "size or number";
	if (remark->level != remarked_page[number].level || !remark->text[0])
		return "level or text";
	if (remarked->count[number] && strcmp(remarked->text[number], remark->text))
		return "another text than before";
	snprintf(remarked->text[number], sizeof(remarked->text[number]), "%s", remark->text);
	for (i = 0; i < remark->field_count; i++) {
		strncat(keys, " ", sizeof(keys) - strlen(keys) - 1);
		strncat(keys, remark->fields[i].key, sizeof(keys) - strlen(keys) - 1);
		if (!remarked_field(remarked, number, &remark->fields[i]))
			return remark->fields[i].key;
	}
	if (strcmp(keys, remarked_page[number].keys))
		return "other keys";
	return remarked_in_time(remarked, number) ? NULL : "more than 4 in a second";
}

/* The function for a node; its context is the struct. */
helper void remarked_note(const struct sluice_remark *remark, void *context)
{
	struct remarked *remarked = context;
	const char *wrong = remarked_judge(remarked, remark);

	if (wrong) {
		fprintf(TH_LOG_STREAM, "# remark %u: %s\n", remark->number, wrong);
		remarked->wrong++;
	}
	remarked->told++;
	remarked->left_out += remark->left_out;
	if (remark->number < REMARKED_NUMBERS)
		remarked->count[remark->number]++;
}

/* Only this number was told, so often, and in order. */
#define EXPECT_REMARKED_ONLY(times, number, remarked)				\
	do {									\
		EXPECT_EQ(times, (remarked)->count[number]);			\
		EXPECT_EQ(times, (remarked)->told);				\
		EXPECT_EQ(0, (remarked)->wrong);				\
	} while (0)

#endif /* SELFTESTS_REMARKED_H */
