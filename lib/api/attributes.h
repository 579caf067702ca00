/* SPDX-License-Identifier: MIT */
/* Pairs of key and value that describe a service. */
#ifndef SLUICE_API_ATTRIBUTES_H
#define SLUICE_API_ATTRIBUTES_H

#include <sluice.h>
#include <sluice/registry.h>

#include "base/compiler.h"

/*
 * Checks the attributes of the options, and writes the records of those that have a value.
 * Returns the number of records, or -EINVAL.
 */
int attributes_record(struct sluice_registry_attribute ret_records[SLUICE_ATTRIBUTES_MAX],
		      const struct sluice_service_opts *opts) MUST_CHECK;

/* Does the service have the attributes that opts demands?  0 or -EPROTOTYPE. */
int attributes_compare(const char *service, const struct sluice_registry_attribute *found,
		       uint32_t count, const struct sluice_service_opts *opts) MUST_CHECK;

#endif /* SLUICE_API_ATTRIBUTES_H */
