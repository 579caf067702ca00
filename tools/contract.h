/* SPDX-License-Identifier: MIT */
/* The contract of a service, as the registry tells it: types that nobody compiled in. */
#ifndef TOOLS_CONTRACT_H
#define TOOLS_CONTRACT_H

#include <stddef.h>
#include <stdint.h>

#include <sluice.h>
#include <sluice/registry.h>

#define CONTRACT_WHY	512	/* a sentence */

/* Stays where it is while a service made from it is open. */
struct contract {
	struct sluice_registry_contract record;
	struct sluice_contract contract;	/* points into the record */
};

/*
 * Finds the contract of a service that is there.  0; or -errno as of
 * registry_find_service(), and the sentence for it.
 */
int contract_find(struct contract *contract, const char *domain, const char *name,
		  char ret_why[CONTRACT_WHY]);

/*
 * How many elements of a type so many bytes are.  0; or -EMSGSIZE: none, or not whole
 * ones, and the sentence that goes on after "the request", or what it was.
 */
int contract_elements(const struct sluice_type *type, size_t bytes, size_t *ret_elements,
		      char ret_why[CONTRACT_WHY]);

/*
 * Bytes in front of the elements of a message: its user header, up to what elements begin
 * on a multiple of.  Of a record of which registry_is_contract().
 */
uint64_t contract_request_lead(const struct sluice_registry_contract *record);
uint64_t contract_response_lead(const struct sluice_registry_contract *record);

#endif /* TOOLS_CONTRACT_H */
