/* SPDX-License-Identifier: MIT */
/* The contract of a service, read from the registry. */
#ifndef TOOLS_CONTRACT_H
#define TOOLS_CONTRACT_H

#include <stddef.h>
#include <stdint.h>

#include <sluice.h>

#include "tools/domain/snapshot.h"

#define CONTRACT_WHY	512	/* a sentence */

/* Must not move while a service made from it is open.  Begins as zeros. */
struct contract {
	struct snapshot snapshot;		/* in which it was found */
	const struct snapshot_service *service;	/* NULL: it was not */
	struct sluice_contract contract;	/* points into the snapshot */
};

/*
 * Finds the contract of an existing service.  0; -ENOENT: there is none; -EPROTONOSUPPORT:
 * there is none, but there are services of an incompatible version, whose names are not
 * known; or -errno as snapshot_take() returns it.  After a failure ret_why has a sentence.
 */
int contract_find(struct contract *contract, const char *domain, const char *name,
		  char ret_why[CONTRACT_WHY]);

/*
 * Computes how many elements of a type these bytes are.  0; or -EMSGSIZE if they are not a
 * whole number of elements, or not one element of a type of fixed size.  Then ret_why is the
 * end of a sentence whose subject the caller writes, such as "the request".
 */
int contract_elements(const struct sluice_type *type, size_t bytes, size_t *ret_elements,
		      char ret_why[CONTRACT_WHY]);

/* Fills in the contract of its service, which is in a snapshot. */
void contract_point(struct contract *contract);

void contract_free(struct contract *contract);

#endif /* TOOLS_CONTRACT_H */
