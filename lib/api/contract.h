/* SPDX-License-Identifier: MIT */
/* From a user's contract and options to the record both sides compare. */
#ifndef SLUICE_API_CONTRACT_H
#define SLUICE_API_CONTRACT_H

#include <sluice.h>
#include <sluice/registry.h>

#include "base/compiler.h"

/* Checks a contract and settings, and writes the record.  0, -EINVAL or -EMSGSIZE. */
int contract_record(struct sluice_registry_contract *ret_record,
		    const struct sluice_contract *contract,
		    const struct sluice_service_opts *opts) MUST_CHECK;

/* The settings of a service, as options would ask for them. */
void contract_settings(const struct sluice_registry_contract *record,
		       struct sluice_service_opts *ret_opts);

/*
 * Compares what was found with what is wanted, field by field; of the settings only
 * those that opts sets.  0 or -EPROTOTYPE.
 */
int contract_compare(const struct sluice_registry_contract *found,
		     const struct sluice_registry_contract *wanted,
		     const struct sluice_service_opts *opts) MUST_CHECK;

#endif /* SLUICE_API_CONTRACT_H */
