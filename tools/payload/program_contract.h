/* SPDX-License-Identifier: MIT */
/* The contract of a service as a program has it. */
#ifndef TOOLS_PAYLOAD_PROGRAM_CONTRACT_H
#define TOOLS_PAYLOAD_PROGRAM_CONTRACT_H

#include <sluice.h>

/* Begins as zeros.  The contract points into what was read, and to the name of the service. */
struct program_contract {
	struct sluice_contract contract;
	struct shared *read;
};

#define PROGRAM_CONTRACT_WHY	512	/* a sentence */

/* Reads it.  0; or -EINVAL: the program cannot be read; -ENOENT: it has none; and a sentence. */
int program_contract_read(struct program_contract *contract, const char *program,
			  const char *service, char ret_why[PROGRAM_CONTRACT_WHY]);
void program_contract_free(struct program_contract *contract);

#endif /* TOOLS_PAYLOAD_PROGRAM_CONTRACT_H */
