// SPDX-License-Identifier: MIT
/*
 * The settings of a service, by name.  The names, and which flags there are, come from
 * lib/config/settings.def.
 *
 * As JSON they are an object, which has the names that settings have in the registry.
 * Most are whole numbers.  The others are
 *
 *	mode		string, as of a file: "0600", "0660" or "0666"
 *	group		number; null if the mode gives a group nothing
 *	group_name	string; null in the same case, and if the group has no name here
 *	flags		array of names, such as "no_request_overflow"; the flags that have no
 *			name here are one more string, a hexadecimal number
 */
#include "settings.h"

#include <grp.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <sluice.h>

#include "tools/text/printable.h"
#include "tools/text/text.h"

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))
#define FLAGS_TEXT	128
#define GROUP_NAME	64
#define NO_GROUP_MODE	0600u

static const struct {
	const char *name;
	size_t offset;
} number[] = {
#define CONTRACT(record, field, ...)	{ #record, offsetof(struct sluice_service_opts, field) },
#include "lib/config/settings.def"
};

static const struct {
	uint64_t opt;
	const char *name;
} flag_name[] = {
#define FLAG(flag, name, ...)	{ SLUICE_SERVICE_##flag, #name },
#include "lib/config/settings.def"
};

static uint32_t value_of(const struct sluice_service_opts *settings, size_t i)
{
	uint32_t value;

	memcpy(&value, (const char *)settings + number[i].offset, sizeof(value));
	return value;
}

/* The name of a group, cleaned, in a buffer of GROUP_NAME; NULL: it has none. */
static const char *group_name(char *buffer, uint32_t group)
{
	const struct group *entry = getgrgid(group);

	return entry ? text_clean(buffer, GROUP_NAME, entry->gr_name) : NULL;
}

/* The names of flags; those of a later version are one number, in other.  Returns how many. */
static size_t name_flags(const struct sluice_list_service *service,
			 const char *ret_name[COUNT(flag_name) + 1],
			 char other[TEXT_NUMBER])
{
	size_t count = 0;

	for (size_t i = 0; i < COUNT(flag_name); i++)
		if (service->settings->flags & flag_name[i].opt)
			ret_name[count++] = flag_name[i].name;
	snprintf(other, TEXT_NUMBER, "0x%" PRIx32, service->other_flags);
	if (service->other_flags)
		ret_name[count++] = other;
	return count;
}

/* ---- For people ---- */

static void add_flags(struct columns *columns, const struct sluice_list_service *service)
{
	char text[FLAGS_TEXT] = "none", other[TEXT_NUMBER];
	const char *name[COUNT(flag_name) + 1];
	size_t length = 0, count = name_flags(service, name, other);

	for (size_t i = 0; i < count && length < sizeof(text); i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length, "%s%s",
					   i ? ", " : "", name[i]);
	columns_add(columns, STYLE_PLAIN, "  flags\t%s", text);
}

static void add_group(struct columns *columns, const struct sluice_service_opts *settings)
{
	char buffer[GROUP_NAME];
	const char *name = group_name(buffer, settings->group);

	if (settings->mode == NO_GROUP_MODE)
		columns_add(columns, STYLE_PLAIN, "  group\tnone");
	else
		columns_add(columns, STYLE_PLAIN, "  group\t%" PRIu32 "%s%s", settings->group,
			    name ? ", " : "", name ? name : "");
}

void settings_add(struct columns *columns, const struct sluice_list_service *service)
{
	const struct sluice_service_opts *settings = service->settings;

	for (size_t i = 0; i < COUNT(number); i++)
		columns_add(columns, STYLE_PLAIN, "  %s\t%" PRIu32, number[i].name,
			    value_of(settings, i));
	columns_add(columns, STYLE_PLAIN, "  mode\t%04" PRIo32, settings->mode);
	add_group(columns, settings);
	add_flags(columns, service);
}

/* ---- From the command line ---- */

static uint64_t flag_named(const char *name, size_t length)
{
	for (size_t i = 0; i < COUNT(flag_name); i++)
		if (strlen(flag_name[i].name) == length &&
		    memcmp(flag_name[i].name, name, length) == 0)
			return flag_name[i].opt;
	return 0;
}

bool settings_take_flags(const char *names, uint64_t *flags)
{
	size_t length;
	uint64_t flag;

	for (;; names += length + 1) {
		length = strcspn(names, ",");
		flag = flag_named(names, length);
		if (!flag)
			return false;
		*flags |= flag;
		if (!names[length])
			return true;
	}
}

/* ---- JSON ---- */

static void set_group(json_t *object, const struct sluice_service_opts *settings)
{
	bool given = settings->mode != NO_GROUP_MODE;
	char buffer[GROUP_NAME];
	const char *name = given ? group_name(buffer, settings->group) : NULL;

	json_object_set_new(object, "group",
			    given ? json_integer(settings->group) : json_null());
	json_object_set_new(object, "group_name", name ? json_string(name) : json_null());
}

static json_t *flags_json(const struct sluice_list_service *service)
{
	const char *name[COUNT(flag_name) + 1];
	char other[TEXT_NUMBER];
	size_t count = name_flags(service, name, other);
	json_t *array = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(array, json_string(name[i]));
	return array;
}

json_t *settings_json(const struct sluice_list_service *service)
{
	const struct sluice_service_opts *settings = service->settings;
	json_t *object = json_object();

	for (size_t i = 0; i < COUNT(number); i++)
		json_object_set_new(object, number[i].name, json_integer(value_of(settings, i)));
	json_object_set_new(object, "mode", json_sprintf("%04" PRIo32, settings->mode));
	set_group(object, settings);
	json_object_set_new(object, "flags", flags_json(service));
	return object;
}
