// SPDX-License-Identifier: MIT
/*
 * The contract of a service, read from the registry.
 *
 * A program has the contract of its service compiled in.  A tool that speaks with any
 * service has none, and takes the one that the creator of the service has written to the
 * record.  The library compares it with the record once more when the service is opened.
 * So a service that was removed and created again in between, with other types, is refused.
 *
 * The record also says where the elements of a message begin: behind the user header, on
 * a multiple of the alignment of their type or of the alignment that the service asks for,
 * whichever is larger.
 *
 * Another process chose the names of types.  They are cleaned before they are shown.
 */
#include "contract.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <sluice.h>

#include "tools/domain/lost_root.h"
#include "tools/domain/registry.h"
#include "tools/domain/snapshot.h"
#include "tools/text/text.h"

static struct sluice_type type_of(const struct sluice_registry_type *record)
{
	if (!record->size)
		return (struct sluice_type){ 0 };
	return (struct sluice_type){ record->name, record->size, record->alignment, record->kind,
				     record->fingerprint };
}

static void point(struct contract *contract)
{
	const struct sluice_registry_contract *record = &contract->record;

	contract->contract = (struct sluice_contract){
		.name = record->name,
		.request = type_of(&record->message[SLUICE_REGISTRY_REQUEST].payload),
		.response = type_of(&record->message[SLUICE_REGISTRY_RESPONSE].payload),
		.request_header = type_of(&record->message[SLUICE_REGISTRY_REQUEST].header),
		.response_header = type_of(&record->message[SLUICE_REGISTRY_RESPONSE].header),
	};
}

/* "; did you mean X?", if a service of the domain is like it. */
static char *suggest(const char *domain, const char *name, char text[SUGGEST_TEXT])
{
	struct snapshot snapshot;

	text[0] = 0;
	if (snapshot_take(&snapshot, domain) < 0)
		return text;
	snapshot_suggest(&snapshot, name, text);
	snapshot_free(&snapshot);
	return text;
}

static void explain(int error, const char *domain, const char *name, char why[CONTRACT_WHY])
{
	char text[SUGGEST_TEXT];

	switch (error) {
	case -ENOENT:
		snprintf(why, CONTRACT_WHY, "no service %s runs in the domain %s%s", name, domain,
			 suggest(domain, name, text));
		break;
	case -EPROTONOSUPPORT:
		snprintf(why, CONTRACT_WHY, "no service %s of this version runs in the domain %s, "
			 "but one of another version", name, domain);
		break;
	case -EACCES:
		snprintf(why, CONTRACT_WHY, "the registry of the domain %s may not be read, or "
			 "others can write to it", domain);
		break;
	case REGISTRY_MISCONFIGURED:
		snprintf(why, CONTRACT_WHY, "%s", sluice_strerror());
		break;
	default:
		snprintf(why, CONTRACT_WHY, "cannot look for %s in the domain %s: %s", name, domain,
			 lost_root_why(error));
	}
}

int contract_find(struct contract *contract, const char *domain, const char *name,
		  char ret_why[CONTRACT_WHY])
{
	int r;

	domain = registry_domain(domain);
	r = registry_find_service(domain, name, &contract->record);
	if (r < 0)
		explain(r, domain, name, ret_why);
	else
		point(contract);
	return r;
}

/* Sizes are at most PTRDIFF_MAX and alignments are powers of two: no overflow. */
static uint64_t lead_of(const struct sluice_registry_message *message, uint32_t alignment)
{
	const struct sluice_registry_type *header = &message->header, *type = &message->payload;
	uint64_t elements = type->alignment > alignment ? type->alignment : alignment;

	return (header->size + elements - 1) & ~(elements - 1);
}

uint64_t contract_request_lead(const struct sluice_registry_contract *record)
{
	return lead_of(&record->message[SLUICE_REGISTRY_REQUEST],
		       record->settings.request_alignment);
}

uint64_t contract_response_lead(const struct sluice_registry_contract *record)
{
	return lead_of(&record->message[SLUICE_REGISTRY_RESPONSE],
		       record->settings.response_alignment);
}

int contract_elements(const struct sluice_type *type, size_t bytes, size_t *ret_elements,
		      char ret_why[CONTRACT_WHY])
{
	if (type->kind == SLUICE_KIND_FIXED && bytes != type->size) {
		snprintf(ret_why, CONTRACT_WHY, "has %zu bytes, and must have the %" PRIu64
			 " of one %s", bytes, type->size, type->name);
		return -EMSGSIZE;
	}
	if (bytes % type->size) {
		snprintf(ret_why, CONTRACT_WHY, "has %zu bytes, and must have a multiple of the %"
			 PRIu64 " of one %s", bytes, type->size, type->name);
		return -EMSGSIZE;
	}
	*ret_elements = (size_t)(bytes / type->size);
	return 0;
}
