// SPDX-License-Identifier: MIT
/*
 * The contract of a service as a program has it, as sluice types reads it: names, sizes and
 * fingerprints are what the program starts with, so that it can open a service made with them.
 */
#include "program_contract.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/types/shared.h"

static struct sluice_type *type_of(struct sluice_contract *contract, const char *role)
{
	if (!strcmp(role, "request"))
		return &contract->request;
	if (!strcmp(role, "response"))
		return &contract->response;
	return !strcmp(role, "request_header") ? &contract->request_header :
						 &contract->response_header;
}

/* The first of each role is taken: others are the same, or the library refuses them. */
static void take(struct sluice_contract *contract, const struct payload *payload)
{
	struct sluice_type *type = type_of(contract, payload->role);

	if (!type->name)
		*type = (struct sluice_type){
			.name = payload->name,
			.size = payload->size,
			.alignment = payload->alignment,
			.kind = payload->kind,
			.fingerprint = payload->fingerprint,
		};
}

int program_contract_read(struct program_contract *contract, const char *program,
			  const char *service, char ret_why[PROGRAM_CONTRACT_WHY])
{
	contract->read = calloc(1, sizeof(*contract->read));
	contract->contract = (struct sluice_contract){ .name = service };
	if (!contract->read || shared_read(contract->read, program, false) < 0) {
		snprintf(ret_why, PROGRAM_CONTRACT_WHY, "the contracts of %.200s cannot be read", program);
		return -EINVAL;
	}
	for (size_t i = 0; i < contract->read->types; i++)
		if (!strcmp(contract->read->type[i].payload.service, service))
			take(&contract->contract, &contract->read->type[i].payload);
	if (contract->contract.request.name && contract->contract.response.name)
		return 0;
	snprintf(ret_why, PROGRAM_CONTRACT_WHY, "%.200s has no contract of a service %.200s", program,
		 service);
	return -ENOENT;
}

void program_contract_free(struct program_contract *contract)
{
	if (contract->read)
		shared_free(contract->read);
	free(contract->read);
	*contract = (struct program_contract){ 0 };
}
