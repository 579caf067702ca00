/* SPDX-License-Identifier: MIT */
/* The contract of a service, read from the registry. */
#ifndef TOOLS_CONTRACT_H
#define TOOLS_CONTRACT_H

#include <stddef.h>
#include <stdint.h>

#include <sluice.h>
#include <sluice/registry.h>

#define CONTRACT_WHY	512	/* a sentence */

/* Must not move while a service made from it is open. */
struct contract {
	struct sluice_registry_contract record;
	struct sluice_contract contract;	/* points into the record */
};

/*
 * Finds the contract of a service that exists.  0; or -errno as registry_find_service()
 * returns it, and a sentence in ret_why.
 */
int contract_find(struct contract *contract, const char *domain, const char *name,
		  char ret_why[CONTRACT_WHY]);

/*
 * Tells how many elements of a type these bytes are.  0; or -EMSGSIZE if they are not a
 * whole number of elements, or not one where the type is of fixed size.  Then ret_why is
 * the end of a sentence that begins with what the bytes are, such as "the request".
 */
int contract_elements(const struct sluice_type *type, size_t bytes, size_t *ret_elements,
		      char ret_why[CONTRACT_WHY]);

/*
 * The bytes in front of the elements of a message: its user header, and the bytes that
 * align the elements.  The record must have passed registry_is_contract().
 */
uint64_t contract_request_lead(const struct sluice_registry_contract *record);
uint64_t contract_response_lead(const struct sluice_registry_contract *record);

#endif /* TOOLS_CONTRACT_H */
