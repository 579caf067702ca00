// SPDX-License-Identifier: MIT
/*
 * The contract of a service as a record, and the comparison of two records.
 *
 * The record is made from the contract that a program has compiled in.  It is kept in the
 * directory of the service.  When a program opens a service that exists, its own record is
 * compared with the one found there, and the first difference becomes an error sentence.
 * api/contract_settings.c has the settings; this file has names, types and the whole.
 *
 * A record has fixed widths and is padded with zeros, so that equal contracts make equal
 * bytes.  The record in a directory comes from a process that this user trusts
 * (registry/root.c), but perhaps from another program or another version.  Its names may
 * lack their terminating 0, and its numbers may be out of range.  Both are checked before
 * anything is computed from them.
 */
#include "api/contract.h"

#include <errno.h>
#include <string.h>

#include "api/contract_settings.h"
#include "base/error.h"
#include "base/limits.h"

/* ---- Types ---- */

/* A type's name without its tag, which C++ programs leave out. */
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

/* The names of the messages of request-response in a contract. */
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
	return r < 0 ? r : contract_settings_fill(&ret_record->settings, opts);
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
		return fail(EPROTOTYPE, "service %s would have the directory of service %.*s", service,
			    (int)sizeof(found->name), found->name);
	r = compare_messages(found, wanted);
	return r < 0 ? r : contract_settings_compare(service, &found->settings, opts);
}
