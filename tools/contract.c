// SPDX-License-Identifier: MIT
/*
 * The contract of a service, read from the registry.
 *
 * A program has the contract of its service compiled in.  A tool that speaks with any
 * service has none, and takes the one that the creator of the service has written to the
 * record.  The library compares it with the record once more when the service is opened.
 * So a service that was removed and created again in between, with other types, is refused.
 *
 * Another process chose the names of types.  They are cleaned before they are shown.
 */
#include "contract.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <sluice.h>

#include "tools/configured.h"
#include "tools/domain/lost_root.h"
#include "tools/domain/snapshot.h"
#include "tools/text/text.h"

void contract_point(struct contract *contract)
{
	const struct sluice_list_message *request = snapshot_request(contract->service);
	const struct sluice_list_message *response = snapshot_response(contract->service);

	contract->contract = (struct sluice_contract){
		.name = contract->service->info.name,
		.request = request->payload,
		.response = response->payload,
		.request_header = request->header,
		.response_header = response->header,
	};
}

static void explain(const struct contract *contract, int error, const char *name,
		    char why[CONTRACT_WHY])
{
	const char *domain = contract->snapshot.domain;
	char text[SUGGEST_TEXT];

	switch (error) {
	case -ENOENT:
		snprintf(why, CONTRACT_WHY, "no service %s runs in the domain %s%s", name, domain,
			 snapshot_suggest(&contract->snapshot, name, text));
		break;
	case -EPROTONOSUPPORT:
		snprintf(why, CONTRACT_WHY, "no service %s of this version runs in the domain %s, "
			 "but one of another version", name, domain);
		break;
	case -EACCES:
		snprintf(why, CONTRACT_WHY, "the registry of the domain %s may not be read, or "
			 "others can write to it", domain);
		break;
	case CONFIGURED_WRONG:
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
	int r = snapshot_take(&contract->snapshot, domain);

	contract->service = r < 0 ? NULL : snapshot_service(&contract->snapshot, name);
	if (!r && !contract->service)
		r = contract->snapshot.other_versions ? -EPROTONOSUPPORT : -ENOENT;
	if (r < 0)
		explain(contract, r, name, ret_why);
	else
		contract_point(contract);
	return r;
}

void contract_free(struct contract *contract)
{
	snapshot_free(&contract->snapshot);
	contract->service = NULL;
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
