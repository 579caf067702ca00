// SPDX-License-Identifier: MIT
/*
 * Attributes: pairs of key and value that describe a service, for programs that look for a
 * suitable one.
 *
 * The process that creates the service writes them behind its contract, once.  A process that
 * opens the service may demand a key, or a key with a value.  A key may be there several
 * times.  Records are padded with zeros; those that were found come from another program, and
 * may not be.
 */
#include "api/attributes.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/error.h"

static int check(const struct sluice_attribute *attribute, size_t index, uint64_t flags)
{
	size_t length = attribute->key ? strlen(attribute->key) : 0;

	if (!length || length >= SLUICE_ATTRIBUTE_KEY_SIZE)
		return fail(EINVAL, "the key of attribute %zu has %zu bytes, and must have 1 to %u",
			    index, length, SLUICE_ATTRIBUTE_KEY_SIZE - 1);
	if (!attribute->value && !(flags & SLUICE_SERVICE_MUST_EXIST))
		return fail(EINVAL, "attribute %s has no value, which is allowed only with SLUICE_SERVICE_MUST_EXIST",
			    attribute->key);
	length = attribute->value ? strlen(attribute->value) : 0;
	if (length >= SLUICE_ATTRIBUTE_VALUE_SIZE)
		return fail(EINVAL, "the value of attribute %s has %zu bytes, and can have %u",
			    attribute->key, length, SLUICE_ATTRIBUTE_VALUE_SIZE - 1);
	return 0;
}

int attributes_record(struct sluice_registry_attribute ret_records[SLUICE_ATTRIBUTES_MAX],
		      const struct sluice_service_opts *opts)
{
	const struct sluice_attribute *attribute;
	int r, count = 0;
	size_t i;

	if (opts->attribute_count > SLUICE_ATTRIBUTES_MAX)
		return fail(EINVAL, "attribute_count is %zu, and can be at most %u",
			    opts->attribute_count, SLUICE_ATTRIBUTES_MAX);
	if (opts->attribute_count && !opts->attributes)
		return fail(EINVAL, "attribute_count is %zu, and attributes is NULL",
			    opts->attribute_count);
	for (i = 0; i < opts->attribute_count; i++) {
		attribute = &opts->attributes[i];
		r = check(attribute, i, opts->flags);
		if (r < 0)
			return r;
		if (!attribute->value)
			continue;
		memset(&ret_records[count], 0, sizeof(ret_records[count]));
		memcpy(ret_records[count].key, attribute->key, strlen(attribute->key));
		memcpy(ret_records[count].value, attribute->value, strlen(attribute->value));
		count++;
	}
	return count;
}

/* Is this key there, and with this value unless that is NULL? */
static bool is_there(const struct sluice_registry_attribute *found, uint32_t count,
		     const char *key, const char *value)
{
	uint32_t i;

	for (i = 0; i < count; i++)
		if (!strncmp(found[i].key, key, sizeof(found[i].key)) &&
		    (!value || !strncmp(found[i].value, value, sizeof(found[i].value))))
			return true;
	return false;
}

int attributes_compare(const char *service, const struct sluice_registry_attribute *found,
		       uint32_t count, const struct sluice_service_opts *opts)
{
	const struct sluice_attribute *wanted;
	size_t i;

	for (i = 0; i < opts->attribute_count; i++) {
		wanted = &opts->attributes[i];
		if (!is_there(found, count, wanted->key, NULL))
			return fail(EPROTOTYPE, "service %s has no attribute %s, which is wanted",
				    service, wanted->key);
		if (!is_there(found, count, wanted->key, wanted->value))
			return fail(EPROTOTYPE, "service %s has attribute %s with another value than \"%s\", which is wanted",
				    service, wanted->key, wanted->value);
	}
	return 0;
}
