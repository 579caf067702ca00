/* SPDX-License-Identifier: MIT */
/* The record of a service's contract, which both sides compare. */
#ifndef SLUICE_API_CONTRACT_H
#define SLUICE_API_CONTRACT_H

#include <sluice.h>
#include <sluice/registry.h>

#include "base/compiler.h"

/* Checks a contract and options, and writes the record.  0 or -EINVAL. */
int contract_record(struct sluice_registry_contract *ret_record,
		    const struct sluice_contract *contract,
		    const struct sluice_service_opts *opts) MUST_CHECK;

/*
 * Compares the record that was found with the one that is wanted, field by field.  Only the
 * settings that opts sets are compared.  0 or -EPROTOTYPE.
 */
int contract_compare(const struct sluice_registry_contract *found,
		     const struct sluice_registry_contract *wanted,
		     const struct sluice_service_opts *opts) MUST_CHECK;

#endif /* SLUICE_API_CONTRACT_H */
