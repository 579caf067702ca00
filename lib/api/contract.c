// SPDX-License-Identifier: MIT
/*
 * The contract of a service: the record of what a program has compiled in, which is kept
 * in the directory of the service, and a sentence about what differs in two records.
 *
 * A record has fixed widths and is padded with zeros, so that equal contracts make equal
 * bytes.  The record in a directory comes from a process that this user trusts
 * (registry/root.c), but perhaps from another program or another version.  Its names may
 * lack their terminating 0, and its numbers may be out of range; both are checked before
 * anything is computed from them.
 */
#include "api/contract.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "config/settings.h"
#include "exchange/layout.h"

/* ---- Settings ---- */

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

static int fill_settings(struct sluice_registry_settings *record,
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

static int compare_settings(const char *service, const struct sluice_registry_settings *found,
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

/* ---- Types ---- */

/* A type's name without the tag that C needs in front of it, and C++ does not. */
static const char *bare_name(const char *name)
{
	static const char *const tags[] = { "struct ", "union ", "enum " };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(tags); i++)
		if (!strncmp(name, tags[i], strlen(tags[i])))
			return name + strlen(tags[i]);
	return name;
}

static int fill_type(struct sluice_registry_type *record, const struct sluice_type *type,
		     const char *what)
{
	const char *name;

	if (!type->name)
		return fail(EINVAL, "%s has no name", what);
	name = bare_name(type->name);
	if (!*name || strlen(name) >= sizeof(record->name))
		return fail(EINVAL, "%s.name has %zu bytes, and must have 1 to %zu", what,
			    strlen(name), sizeof(record->name) - 1);
	if (!type->size || type->size > PTRDIFF_MAX)
		return fail(EINVAL, "%s.size is %llu, which is no size of a type", what,
			    (unsigned long long)type->size);
	if (!type->alignment || type->alignment & (type->alignment - 1) ||
	    type->alignment > ALIGNMENT_LIMIT)
		return fail(EINVAL, "%s.alignment is %u, and must be a power of two of at most %u",
			    what, type->alignment, ALIGNMENT_LIMIT);
	if (type->kind > SLUICE_KIND_SLICE)
		return fail(EINVAL, "%s.kind is %u, which is no enum sluice_kind", what, type->kind);
	record->size = type->size;
	record->alignment = type->alignment;
	record->kind = type->kind;
	record->fingerprint = type->fingerprint;
	memcpy(record->name, name, strlen(name));
	return 0;
}

/* The type of a user header; a service may have none. */
static int fill_header(struct sluice_registry_type *record, const struct sluice_type *type,
		       const char *what)
{
	if (!type->name && !type->size)
		return 0;
	if (type->kind != SLUICE_KIND_FIXED)
		return fail(EINVAL, "%s.kind is %u, and a user header is always one element",
			    what, type->kind);
	return fill_type(record, type, what);
}

static int compare_type(const char *service, const char *what,
			const struct sluice_registry_type *found,
			const struct sluice_registry_type *wanted)
{
	int room = (int)sizeof(found->name);

	if (strncmp(found->name, wanted->name, sizeof(found->name)))
		return fail(EPROTOTYPE, "service %s has %s.name \"%.*s\", and \"%s\" is wanted",
			    service, what, room, found->name, wanted->name);
	if (found->size != wanted->size)
		return fail(EPROTOTYPE, "service %s has %s.size %llu, and %llu is wanted", service,
			    what, (unsigned long long)found->size,
			    (unsigned long long)wanted->size);
	if (found->alignment != wanted->alignment)
		return fail(EPROTOTYPE, "service %s has %s.alignment %u, and %u is wanted", service,
			    what, found->alignment, wanted->alignment);
	if (found->kind != wanted->kind)
		return fail(EPROTOTYPE, "service %s has %s.kind %s, and %s is wanted", service, what,
			    found->kind ? "slice" : "fixed", wanted->kind ? "slice" : "fixed");
	if (found->fingerprint && wanted->fingerprint && found->fingerprint != wanted->fingerprint)
		return fail(EPROTOTYPE, "service %s has %s.fingerprint 0x%016llx, and 0x%016llx is wanted: the members of %s differ",
			    service, what, (unsigned long long)found->fingerprint,
			    (unsigned long long)wanted->fingerprint, wanted->name);
	return 0;
}

static int compare_message(const char *service, const char *const names[2],
			   const struct sluice_registry_message *found,
			   const struct sluice_registry_message *wanted)
{
	int r = compare_type(service, names[0], &found->payload, &wanted->payload);

	return r < 0 ? r : compare_type(service, names[1], &found->header, &wanted->header);
}

/* ---- The whole ---- */

/* What the messages of request-response are called in a contract. */
static const char *const messages[SLUICE_REGISTRY_REQUEST_RESPONSE_MESSAGES][2] = {
	[SLUICE_REGISTRY_REQUEST] = { "request", "request_header" },
	[SLUICE_REGISTRY_RESPONSE] = { "response", "response_header" },
};

static int fill_messages(struct sluice_registry_contract *record,
			 const struct sluice_contract *contract)
{
	const struct sluice_type *const types[ARRAY_SIZE(messages)][2] = {
		[SLUICE_REGISTRY_REQUEST] = { &contract->request, &contract->request_header },
		[SLUICE_REGISTRY_RESPONSE] = { &contract->response, &contract->response_header },
	};
	size_t i;
	int r;

	record->pattern = SLUICE_REGISTRY_REQUEST_RESPONSE;
	record->messages = ARRAY_SIZE(messages);
	for (i = 0; i < ARRAY_SIZE(messages); i++) {
		r = fill_type(&record->message[i].payload, types[i][0], messages[i][0]);
		if (!r)
			r = fill_header(&record->message[i].header, types[i][1], messages[i][1]);
		if (r < 0)
			return r;
	}
	return 0;
}

int contract_record(struct sluice_registry_contract *ret_record,
		    const struct sluice_contract *contract,
		    const struct sluice_service_opts *opts)
{
	size_t length;
	int r;

	if (!contract || !contract->name)
		return fail(EINVAL, "contract, or its name, is NULL");
	length = strlen(contract->name);
	if (!length || length >= sizeof(ret_record->name))
		return fail(EINVAL, "contract.name has %zu bytes, and must have 1 to %zu",
			    length, sizeof(ret_record->name) - 1);
	memset(ret_record, 0, sizeof(*ret_record));
	ret_record->magic = SLUICE_REGISTRY_MAGIC_CONTRACT;
	ret_record->version = SLUICE_PROTOCOL_VERSION;
	ret_record->size = sizeof(*ret_record);
	memcpy(ret_record->name, contract->name, length);

	r = fill_messages(ret_record, contract);
	return r < 0 ? r : fill_settings(&ret_record->settings, opts);
}

void contract_settings(const struct sluice_registry_contract *record,
		       struct sluice_service_opts *ret_opts)
{
	size_t i;

	*ret_opts = (struct sluice_service_opts){
		.size = sizeof(*ret_opts),
		.mode = record->settings.mode,
		.group = record->settings.group,
	};
	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		setting_set(setting_of(i), ret_opts, record_get(&record->settings, i));
	for (i = 0; i < ARRAY_SIZE(flags); i++)
		if (record->settings.flags & flags[i].record)
			ret_opts->flags |= flags[i].opt;
		else
			ret_opts->refused_flags |= flags[i].opt;
}

uint32_t contract_other_flags(const struct sluice_registry_contract *record)
{
	uint32_t other = record->settings.flags;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(flags); i++)
		other &= ~flags[i].record;
	return other;
}

static int compare_messages(const struct sluice_registry_contract *found,
			    const struct sluice_registry_contract *wanted)
{
	size_t i;
	int r;

	if (found->pattern != SLUICE_REGISTRY_REQUEST_RESPONSE ||
	    found->messages != wanted->messages)
		return fail(EPROTOTYPE, "service %s has the messaging pattern %u with %u kinds of message, and request-response (%u with %u) is wanted",
			    wanted->name, found->pattern, found->messages, wanted->pattern,
			    wanted->messages);
	for (i = 0; i < ARRAY_SIZE(messages); i++) {
		r = compare_message(wanted->name, messages[i], &found->message[i],
				    &wanted->message[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

int contract_compare(const struct sluice_registry_contract *found,
		     const struct sluice_registry_contract *wanted,
		     const struct sluice_service_opts *opts)
{
	const char *service = wanted->name;
	int r;

	if (strncmp(found->name, wanted->name, sizeof(found->name)))
		return fail(EPROTOTYPE, "service %s has the place of service %.*s", service,
			    (int)sizeof(found->name), found->name);
	r = compare_messages(found, wanted);
	return r < 0 ? r : compare_settings(service, &found->settings, opts);
}
