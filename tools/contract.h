/* SPDX-License-Identifier: MIT */
/* The contract of a service, as the registry tells it: types that nobody compiled in. */
#ifndef TOOLS_CONTRACT_H
#define TOOLS_CONTRACT_H

#include <stddef.h>
#include <stdint.h>

#include <sluice.h>

#include "snapshot.h"

#define CONTRACT_WHY	512	/* a sentence */

/* Stays where it is while a service made from it is open.  Begins as zeros. */
struct contract {
	struct snapshot snapshot;		/* in which it was found */
	const struct snapshot_service *service;	/* NULL: it was not */
	struct sluice_contract contract;	/* points into the snapshot */
};

/*
 * Finds the contract of a service that is there.  0; -ENOENT: there is none;
 * -EPROTONOSUPPORT: there is none, but one of an incompatible version, whatever its name is;
 * or -errno as snapshot_take(); and the sentence for it.
 */
int contract_find(struct contract *contract, const char *domain, const char *name,
		  char ret_why[CONTRACT_WHY]);

/*
 * How many elements of a type so many bytes are.  0; or -EMSGSIZE: none, or not whole
 * ones, and the sentence that goes on after "the request", or what it was.
 */
int contract_elements(const struct sluice_type *type, size_t bytes, size_t *ret_elements,
		      char ret_why[CONTRACT_WHY]);

void contract_free(struct contract *contract);

#endif /* TOOLS_CONTRACT_H */
