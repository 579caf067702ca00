/* SPDX-License-Identifier: MIT */
/* The settings of a service, as options of a program and as a record. */
#ifndef SLUICE_API_CONTRACT_SETTINGS_H
#define SLUICE_API_CONTRACT_SETTINGS_H

#include <sluice.h>
#include <sluice/registry.h>

#include "base/compiler.h"

/* Checks options and writes the settings into a record that is all 0.  0 or -EINVAL. */
int contract_settings_fill(struct sluice_registry_settings *record,
			   const struct sluice_service_opts *opts) MUST_CHECK;

/* Do the settings of a service meet the options that are set?  0 or -EPROTOTYPE. */
int contract_settings_compare(const char *service, const struct sluice_registry_settings *found,
			      const struct sluice_service_opts *opts) MUST_CHECK;

/* Writes the settings of a record as options that ask for exactly these. */
void contract_settings_opts(const struct sluice_registry_settings *record,
			    struct sluice_service_opts *ret_opts);

/* The flags of a record that this library does not know. */
uint32_t contract_settings_other_flags(const struct sluice_registry_settings *record) MUST_CHECK;

#endif /* SLUICE_API_CONTRACT_SETTINGS_H */
