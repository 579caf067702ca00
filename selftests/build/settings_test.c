// SPDX-License-Identifier: GPL-2.0-only
/*
 * Documentation/settings.rst is true: settings_test.sh names the page, and each row of
 * its tables is tried.  What nobody sets is what the page says; the least and the most
 * are taken, and are there afterwards; one more than the most is the errno of the page,
 * and the sentence names the field.  Limits that can be used up are 1, and used up.
 *
 * The page also says what the table of the library says (config/settings.def): each row of
 * each table, cell by cell.
 *
 * A row says of which struct it is by the heading above it.  A row that this program has
 * nothing for fails; so does what it has no row for.
 */
#include "settings.h"
#include "use_up.h"

#include <limits.h>

FIXTURE(settings)
{
	struct root root;
	struct page page;
	struct side side;
};

FIXTURE_SETUP(settings)
{
	const char *path = getenv("SETTINGS");

	if (!path)
		SKIP(return, "settings_test.sh says where the page is");
	root_make(_metadata, &self->root);
	ASSERT_TRUE(page_read(&self->page, path));
	ASSERT_LT(0, self->page.ranges);
	ASSERT_LT(0, self->page.uses);
}

FIXTURE_TEARDOWN(settings)
{
	leave(&self->side, 0, 0);
	TEARDOWN_CHECKS(&self->root);
}

/* ---- Ranges -------------------------------------------------------------- */

/* Each row is of a field, and each field has one row. */
TEST_F(settings, each_field_has_a_row)
{
	size_t i, j, rows;

	for (i = 0; i < self->page.ranges; i++) {
		EXPECT_NE(NULL, field_of(&self->page.range[i]))
			TH_LOG("no field: %s", self->page.range[i].name);
	}
	for (i = 0; i < FIELDS; i++) {
		for (j = 0, rows = 0; j < self->page.ranges; j++)
			rows += field_of(&self->page.range[j]) == &fields[i];
		EXPECT_EQ(1, rows) TH_LOG("%s.%s", fields[i].owner, fields[i].name);
	}
}

/* ---- The table of the library ---- */

/* As the page should have it; what is NULL comes from the numbers. */
struct row {
	const char *owner, *name, *kind;
	uint64_t preset_number, least_number, most_number;
	const char *preset, *least, *most, *unit, *error;
};

static const struct row table[] = {
#define SETTING(section, field, kind_, words, preset_, least_, most_, unit_, ...)	\
	{ .owner = #section, .name = #field, .kind = #kind_, .preset_number = preset_,	\
	  .least_number = least_, .most_number = most_, .unit = unit_ },
#define TEXT(section, name_, kind_, words, preset_, least_, most_, unit_, ...)	\
	{ .owner = #section, .name = #name_, .kind = #kind_, .preset = preset_,	\
	  .preset_number = 1, .least_number = least_, .most_number = most_, .unit = unit_ },
#define FIELD(section, field, preset_, least_, most_, unit_, error_)		\
	{ .owner = #section, .name = #field, .kind = "FIELD", .preset = preset_,	\
	  .least = least_, .most = most_, .unit = unit_, .error = error_ },
#include "config/settings.def"
};

/* What the page says of an option where the configuration has something else. */
static const struct row differs[] = {
#define PAGE(section, field, preset_, least_, most_, error_)			\
	{ .owner = #section, .name = #field, .preset = preset_, .least = least_,	\
	  .most = most_, .error = error_ },
#include "config/settings.def"
};

/* Words if there are any, else the number with its unit. */
static void write_cell(char cell[CELL], const struct row *row, const char *words, uint64_t number)
{
	static const char *const units[] = { "", " KiB", " MiB", " GiB", " TiB" };
	bool octal = !strcmp(row->unit, "permissions");
	size_t unit = 0;

	while (!strcmp(row->kind, "BYTES") && number && number % 1024 == 0) {
		number /= 1024;
		unit++;
	}
	if (words)
		snprintf(cell, CELL, "%s", words);
	else
		snprintf(cell, CELL, octal ? "0%llo%s" : "%llu%s", (unsigned long long)number,
			 units[unit]);
}

static const struct row *option_of(const struct row *row)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(differs); i++)
		if (!strcmp(differs[i].owner, row->owner) && !strcmp(differs[i].name, row->name))
			return &differs[i];
	return row;
}

/* The row of the page.  If the default is 0, that is also the least. */
static void write_row(struct range *range, const struct row *row)
{
	const struct row *option = option_of(row);
	bool bits = !strcmp(row->kind, "WORDS");

	memset(range, 0, sizeof(*range));
	snprintf(range->owner, CELL, "%s", row->owner);
	snprintf(range->name, CELL, "%s", row->name);
	write_cell(range->preset, row, option->preset, row->preset_number);
	write_cell(range->least, row, option->least,
		   row->preset_number ? row->least_number : 0);
	write_cell(range->most, row, bits ? "bits" : option->most, row->most_number);
	snprintf(range->unit, CELL, "%s", row->unit);
	snprintf(range->error, CELL, "%s", option->error ? option->error : "EINVAL");
}

TEST_F(settings, ranges_are_those_of_the_table)
{
	struct range range;
	size_t i, count = 0;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		if (!strcmp(table[i].kind, "PATH"))
			continue;
		write_row(&range, &table[i]);
		EXPECT_EQ(0, memcmp(&range, &self->page.range[count++], sizeof(range)))
			TH_LOG("of %s: %s  %s  %s  %s  %s  %s", range.owner, range.name, range.preset,
			       range.least, range.most, range.unit, range.error);
	}
	EXPECT_EQ(count, self->page.ranges);
}

/* What sluice show calls a setting, where it has another name there; and the flags. */
static const struct pair pairs[] = {
#define CONTRACT(record, field, ...)	{ #field, #record },
#include "config/settings.def"
#define FLAG(flag, name, meaning)	{ #name, meaning },
#include "config/settings.def"
};

TEST_F(settings, names_are_those_of_the_table)
{
	size_t i, count = 0;

	for (i = 0; i < ARRAY_SIZE(pairs); i++) {
		if (!strcmp(pairs[i].first, pairs[i].second))
			continue;
		EXPECT_STREQ(pairs[i].first, self->page.pair[count].first);
		EXPECT_STREQ(pairs[i].second, self->page.pair[count].second);
		count++;
	}
	EXPECT_EQ(count, self->page.pairs);
}

TEST_F(settings, defaults)
{
	struct sluice_service_opts found = { .size = sizeof(found) };
	uint64_t expected, value = 0;
	const struct field *field;
	size_t i;

	ASSERT_EQ(0, open_service(&self->side, PTR(&blobs), 0));
	ASSERT_EQ(0, sluice_service_settings(self->side.service, &found));
	for (i = 0; i < self->page.ranges; i++) {
		field = field_of(&self->page.range[i]);
		if (!field || strcmp(field->owner, "service") || field->kind != NUMBER_FIELD ||
		    !number_of(self->page.range[i].preset, &expected))
			continue;
		memcpy(&value, (char *)&found + field->offset, field->width);
		EXPECT_EQ(expected, value) TH_LOG("%s", field->name);
	}
}

/* With this value the object is made; of a service it is also found. */
#define EXPECT_TAKEN(row, field, value)					\
	do {								\
		uint64_t found_ = value;				\
									\
		EXPECT_EQ(0, try_value(field, value, &found_)) \
			TH_LOG("%s.%s %llu: %s", (row)->owner, (row)->name, \
			       (unsigned long long)(value), sluice_strerror()); \
		EXPECT_EQ(value, found_)				\
			TH_LOG("%s.%s", (row)->owner, (row)->name);	\
	} while (0)

TEST_F(settings, the_least_and_the_most_are_taken)
{
	const struct range *row;
	const struct field *field;
	uint64_t least, most;
	size_t i;

	for (i = 0; i < self->page.ranges; i++) {
		row = &self->page.range[i];
		field = field_of(row);
		if (!field || field->kind == POINTER_FIELD)
			continue;
		if (number_of(row->least, &least)) {
			EXPECT_TAKEN(row, field, least);
		}
		if (most_of(row, field, &most)) {
			EXPECT_TAKEN(row, field, most);
		}
	}
}

TEST_F(settings, what_has_no_range_takes_all)
{
	const struct range *row;
	const struct field *field;
	size_t i, tried = 0;

	for (i = 0; i < self->page.ranges; i++) {
		row = &self->page.range[i];
		field = field_of(row);
		if (!field || field->kind != NUMBER_FIELD || strcmp(row->most, "any") ||
		    strcmp(row->error, "none"))
			continue;
		EXPECT_TAKEN(row, field, UINT64_MAX);
		EXPECT_TAKEN(row, field, (uint64_t)INT64_MAX);
		EXPECT_TAKEN(row, field, UINT64_C(1) << 63);
		tried++;
	}
	EXPECT_EQ(1, tried);
}

TEST_F(settings, one_more_is_too_much)
{
	uint64_t value, ignored;
	const struct range *row;
	const struct field *field;
	size_t i;

	for (i = 0; i < self->page.ranges; i++) {
		row = &self->page.range[i];
		field = field_of(row);
		if (!field || !strcmp(row->error, "none"))
			continue;
		ASSERT_TRUE(too_much(row, field, &value)) TH_LOG("%s", row->name);
		EXPECT_EQ(error_of(row->error),
			  try_value(field, value, &ignored))
			TH_LOG("%s.%s: %s", row->owner, row->name, sluice_strerror());
		EXPECT_SAYS(row->name);
	}
}

/* One less than the least is the default elsewhere, or there is none. */
TEST_F(settings, a_key_is_not_empty)
{
	const struct sluice_attribute attribute = { .key = "", .value = "" };
	const struct sluice_service_opts service = SLUICE_SERVICE_OPTS(
		.attributes = &attribute, .attribute_count = 1);

	EXPECT_EQ(-EINVAL, open_service(&self->side, PTR(&blobs), PTR(&service)));
	EXPECT_SAYS("key");
}

/* ---- Limits in use --------------------------------------------------------- */

static bool is_row(const struct use *row, size_t limit)
{
	return !strcmp(row->owner, limits[limit].owner) && !strcmp(row->name, limits[limit].name) &&
	       !strcmp(row->error, limits[limit].error);
}

TEST_F(settings, limits_are_used_up)
{
	size_t i, j, rows;

	EXPECT_EQ(ARRAY_SIZE(limits), self->page.uses);
	for (i = 0; i < ARRAY_SIZE(limits); i++) {
		for (j = 0, rows = 0; j < self->page.uses; j++)
			rows += is_row(&self->page.use[j], i);
		EXPECT_EQ(1, rows)
			TH_LOG("%s.%s: %s", limits[i].owner, limits[i].name, limits[i].error);
		EXPECT_EQ(-error_of(limits[i].error), limits[i].use_up(&self->side))
			TH_LOG("%s.%s: %s", limits[i].owner, limits[i].name, sluice_strerror());
		leave(&self->side, 0, 0);
	}
}

/* Of ports nobody tells the defaults; but a sentence does, once they are exceeded. */
TEST_F(settings, defaults_of_memory)
{
	uint64_t limit;
	size_t i;

	ASSERT_EQ(1, have_blob(&self->side, &server_without_other_limits));
	for (i = 0; i < self->page.ranges; i++) {
		const struct range *row = &self->page.range[i];
		bool server = !strcmp(row->owner, "server");
		char number[32];

		if (strcmp(row->name, "memory_limit"))
			continue;
		ASSERT_TRUE(number_of(row->preset, &limit));
		snprintf(number, sizeof(number), " %llu ", (unsigned long long)limit);
		EXPECT_EQ(-EMSGSIZE, (server ? loan_reply : loan_request)(&self->side, 1,
									  limit + 1));
		EXPECT_SAYS(number);
	}
}

TEST_HARNESS_MAIN
