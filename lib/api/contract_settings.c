// SPDX-License-Identifier: MIT
/*
 * The settings of a service: from a program's options to the record, and back, and the
 * comparison of a record with options.
 *
 * config/settings.def lists them, with their ranges and defaults.  An option that is 0 is
 * left open: a new service gets the default, and any value of an existing service will do.
 * The record may come from another program or another version, so its numbers are checked
 * against the ranges too.
 */
#include "api/contract_settings.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "config/settings.h"
#include "exchange/layout.h"

/* The settings that are numbers of the record, and where they are in it. */
static const struct {
	unsigned int setting;
	size_t offset;
} numbers[] = {
#define CONTRACT(record, field, ...)					\
	{ SETTING_service_##field, offsetof(struct sluice_registry_settings, record) },
#include "config/settings.def"
};

/* The flags in the options of a service and in the record. */
static const struct {
	uint64_t opt;
	uint32_t record;
	const char *name;
} flags[] = {
#define FLAG(flag, ...)		{ SLUICE_SERVICE_##flag, SLUICE_REGISTRY_##flag, #flag },
#include "config/settings.def"
};

static const struct setting *setting_of(size_t i)
{
	return &setting_table[numbers[i].setting];
}

static uint32_t record_get(const struct sluice_registry_settings *record, size_t i)
{
	uint32_t value;

	memcpy(&value, (const char *)record + numbers[i].offset, sizeof(value));
	return value;
}

static void record_set(struct sluice_registry_settings *record, size_t i, uint32_t value)
{
	memcpy((char *)record + numbers[i].offset, &value, sizeof(value));
}

/* Fails if a channel of these settings would be too large. */
static int check_channel(const struct sluice_registry_settings *record, int error)
{
	struct layout layout;

	layout_compute(&layout, record);
	if (layout.size > CHANNEL_SIZE_LIMIT)
		return fail(error, "with max_active_requests_per_client %u and max_response_buffer_size %u a channel would take %llu bytes, more than %llu",
			    record->max_active_requests, record->response_buffer,
			    (unsigned long long)layout.size,
			    (unsigned long long)CHANNEL_SIZE_LIMIT);
	return 0;
}

static int check_alignments(const struct sluice_registry_settings *record, int error)
{
	uint32_t request = record->request_alignment, response = record->response_alignment;

	if (request & (request - 1) || response & (response - 1))
		return fail(error, "request_alignment is %u and response_alignment %u, which must be powers of two",
			    request, response);
	return 0;
}

static int fill_access(struct sluice_registry_settings *record,
		       const struct sluice_service_opts *opts)
{
	record->mode = opts->mode ? opts->mode : (uint32_t)setting_table[SETTING_service_mode].preset;
	record->group = opts->group;
	if (record->mode != 0600 && record->mode != 0660 && record->mode != 0666)
		return fail(EINVAL, "mode is 0%o, and can be 0600, 0660 or 0666", record->mode);
	if (record->group && record->mode == 0600)
		return fail(EINVAL, "group is %u, and mode 0600 gives a group nothing",
			    record->group);
	return 0;
}

static int compare_access(const char *service, const struct sluice_registry_settings *found,
			  const struct sluice_service_opts *opts)
{
	if (opts->mode & ~found->mode)
		return fail(EPROTOTYPE, "service %s has mode 0%o, and 0%o is wanted", service,
			    found->mode, opts->mode);
	if (opts->group && opts->group != found->group)
		return fail(EPROTOTYPE, "service %s has group %u, and %u is wanted", service,
			    found->group, opts->group);
	return 0;
}

static int fill_numbers(struct sluice_registry_settings *record,
			const struct sluice_service_opts *opts)
{
	const struct setting *setting;
	uint32_t value;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		setting = setting_of(i);
		value = (uint32_t)setting_get(setting, opts);
		if (value > setting->most)
			return fail(EINVAL, "%s is %u, and can be at most %u", setting->name, value,
				    (uint32_t)setting->most);
		record_set(record, i, value ? value : (uint32_t)setting->preset);
	}
	return 0;
}

int contract_settings_fill(struct sluice_registry_settings *record,
			   const struct sluice_service_opts *opts)
{
	size_t i;
	int r;

	r = fill_numbers(record, opts);
	if (r < 0)
		return r;
	for (i = 0; i < ARRAY_SIZE(flags); i++)
		if (opts->flags & flags[i].opt)
			record->flags |= flags[i].record;
	r = check_alignments(record, EINVAL);
	if (!r)
		r = fill_access(record, opts);
	return r < 0 ? r : check_channel(record, EINVAL);
}

static int compare_numbers(const char *service, const struct sluice_registry_settings *found,
			   const struct sluice_service_opts *opts)
{
	const struct setting *setting;
	uint32_t has, wanted;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		setting = setting_of(i);
		has = record_get(found, i);
		wanted = (uint32_t)setting_get(setting, opts);
		if ((!has && setting->preset) || has > setting->most)
			return fail(EPROTOTYPE, "service %s has %s %u, which is out of range",
				    service, setting->name, has);
		if (wanted > has)
			return fail(EPROTOTYPE, "service %s has %s %u, and %u is wanted",
				    service, setting->name, has, wanted);
	}
	return 0;
}

static int compare_flags(const char *service, const struct sluice_registry_settings *found,
			 const struct sluice_service_opts *opts)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(flags); i++)
		if (opts->flags & flags[i].opt && !(found->flags & flags[i].record))
			return fail(EPROTOTYPE, "service %s is without %s, which is wanted", service,
				    flags[i].name);
	for (i = 0; i < ARRAY_SIZE(flags); i++)
		if (opts->refused_flags & flags[i].opt && found->flags & flags[i].record)
			return fail(EPROTOTYPE, "service %s has %s, which is refused", service,
				    flags[i].name);
	return 0;
}

int contract_settings_compare(const char *service, const struct sluice_registry_settings *found,
			      const struct sluice_service_opts *opts)
{
	int r;

	r = compare_numbers(service, found, opts);
	if (!r)
		r = compare_flags(service, found, opts);
	if (!r)
		r = check_alignments(found, EPROTOTYPE);
	if (!r)
		r = compare_access(service, found, opts);
	return r < 0 ? r : check_channel(found, EPROTOTYPE);
}

void contract_settings_opts(const struct sluice_registry_settings *record,
			    struct sluice_service_opts *ret_opts)
{
	size_t i;

	*ret_opts = (struct sluice_service_opts){
		.size = sizeof(*ret_opts),
		.mode = record->mode,
		.group = record->group,
	};
	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		setting_set(setting_of(i), ret_opts, record_get(record, i));
	for (i = 0; i < ARRAY_SIZE(flags); i++)
		if (record->flags & flags[i].record)
			ret_opts->flags |= flags[i].opt;
		else
			ret_opts->refused_flags |= flags[i].opt;
}

uint32_t contract_settings_other_flags(const struct sluice_registry_settings *record)
{
	uint32_t other = record->flags;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(flags); i++)
		other &= ~flags[i].record;
	return other;
}
