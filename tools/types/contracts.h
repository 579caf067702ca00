/* SPDX-License-Identifier: MIT */
/* The contracts in a program, and the types that it shares with others. */
#ifndef TOOLS_TYPES_CONTRACTS_H
#define TOOLS_TYPES_CONTRACTS_H

#include <sluice.h>
#include <sluice/registry.h>

#include "tools/types/program.h"

#define PAYLOAD_NAME	512	/* more than a contract may have: a longer name is reported */

/* A type of a contract, as the contract has it. */
struct payload {
	char service[SLUICE_SERVICE_NAME_SIZE];
	const char *role;	/* "request", ... */
	char name[PAYLOAD_NAME];
	uint64_t size;
	uint32_t alignment;
	uint32_t kind;
	uint64_t fingerprint;	/* or 0 */
	Dwarf_Die unit;		/* where the contract is */
};

/* Called for each; not 0 ends it. */
typedef int payload_function(void *context, const struct payload *payload);

/* The result of the function; -1 if a contract cannot be read, and a sentence was printed. */
int contracts_each(const struct program *program, payload_function *function, void *context);

#endif /* TOOLS_TYPES_CONTRACTS_H */
