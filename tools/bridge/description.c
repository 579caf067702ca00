// SPDX-License-Identifier: MIT
/*
 * What a service is, as bridges tell each other.
 *
 * The bridge that offers a service describes it.  The bridge that uses it opens the service of
 * the same name on its own host with this contract, and with these settings as demands.  So
 * the library compares the two hosts as it compares two programs of one host, and explains a
 * difference with the same sentence.
 *
 * Settings that are about one host are left out: how many nodes, clients and servers a
 * service has, and who may use it.
 *
 * The form: numbers are little-endian; a string is its length (2 bytes) and its bytes.
 *
 *	four times	name, size (8), alignment (4), kind (4), fingerprint (8)
 *			of request, response, request header, response header
 *	flags (8)	SLUICE_SERVICE_NO_*
 *	numbers		each 4, in the order of numbers_of()
 *	attributes	count (4), key and value of each
 *
 *  1. A description is read to its last byte, and has no further byte.
 *  2. A string has no 0 inside, and room in the buffer that it is copied to.
 *  3. All other values are checked by sluice_service_open(), as those of any program.
 *  4. The digest is of all bytes.  A request names it, and a service that has become another
 *     one since does not get the request.
 */
#include "description.h"

#include <string.h>

#define FLAGS	(SLUICE_SERVICE_NO_REQUEST_OVERFLOW | SLUICE_SERVICE_NO_RESPONSE_OVERFLOW | \
		 SLUICE_SERVICE_NO_FIRE_AND_FORGET)
#define NUMBERS	8

static void types_of(struct sluice_contract *contract, struct sluice_type *ret_types[4])
{
	ret_types[0] = &contract->request;
	ret_types[1] = &contract->response;
	ret_types[2] = &contract->request_header;
	ret_types[3] = &contract->response_header;
}

static void numbers_of(struct sluice_service_opts *settings, uint32_t *ret_numbers[NUMBERS])
{
	ret_numbers[0] = &settings->max_active_requests_per_client;
	ret_numbers[1] = &settings->max_loaned_requests;
	ret_numbers[2] = &settings->max_loaned_replies_per_request;
	ret_numbers[3] = &settings->max_response_buffer_size;
	ret_numbers[4] = &settings->max_borrowed_responses_per_pending_response;
	ret_numbers[5] = &settings->max_fds_per_message;
	ret_numbers[6] = &settings->request_alignment;
	ret_numbers[7] = &settings->response_alignment;
}

/* FNV-1a: it tells apart, and protects from nobody. */
static uint64_t digest_of(const unsigned char *at, size_t size)
{
	uint64_t digest = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < size; i++)
		digest = (digest ^ at[i]) * UINT64_C(1099511628211);
	return digest;
}

/* ---- Writing ---------------------------------------------------------------- */

static void put(struct description *to, uint64_t value, unsigned int bytes)
{
	for (unsigned int i = 0; i < bytes && to->size < DESCRIPTION_MOST; i++)
		to->bytes[to->size++] = (unsigned char)(value >> (8 * i));
}

static void put_text(struct description *to, const char *text)
{
	size_t length = strlen(text);

	put(to, length, 2);
	for (size_t i = 0; i < length; i++)
		put(to, (unsigned char)text[i], 1);
}

static void put_type(struct description *to, const struct sluice_type *type)
{
	put_text(to, type->name ? type->name : "");
	put(to, type->size, 8);
	put(to, type->alignment, 4);
	put(to, type->kind, 4);
	put(to, type->fingerprint, 8);
}

void description_write(struct description *description, struct sluice_service *service,
		       const struct sluice_contract *contract)
{
	struct sluice_service_opts settings = SLUICE_SERVICE_OPTS();
	struct sluice_contract copy = *contract;
	struct sluice_type *type[SLUICE_REGISTRY_MESSAGES];
	uint32_t *number[NUMBERS];
	struct sluice_attribute attribute;
	unsigned int count = 0;

	memset(description, 0, sizeof(*description));
	sluice_service_settings(service, &settings);
	types_of(&copy, type);
	numbers_of(&settings, number);
	for (unsigned int i = 0; i < SLUICE_REGISTRY_MESSAGES; i++)
		put_type(description, type[i]);
	put(description, settings.flags & FLAGS, 8);
	for (unsigned int i = 0; i < NUMBERS; i++)
		put(description, *number[i], 4);
	while (sluice_service_attribute(service, count, &attribute) > 0)
		count++;
	put(description, count, 4);
	for (unsigned int i = 0; i < count; i++) {
		sluice_service_attribute(service, i, &attribute);
		put_text(description, attribute.key);
		put_text(description, attribute.value);
	}
	description->contract = *contract;
	description->digest = digest_of(description->bytes, description->size);
}

/* ---- Reading ---------------------------------------------------------------- */

/* What is left to read; at is NULL after a failure. */
struct reader {
	const unsigned char *at;
	size_t left;
};

static uint64_t get(struct reader *from, unsigned int bytes)
{
	uint64_t value = 0;

	if (!from->at || from->left < bytes) {
		from->at = NULL;
		return 0;
	}
	for (unsigned int i = 0; i < bytes; i++)
		value |= (uint64_t)from->at[i] << (8 * i);
	from->at += bytes;
	from->left -= bytes;
	return value;
}

static void get_text(struct reader *from, char *text, size_t size)
{
	size_t length = (size_t)get(from, 2);

	if (!from->at || length > from->left || length >= size ||
	    memchr(from->at, 0, length)) {
		from->at = NULL;
		return;
	}
	memcpy(text, from->at, length);
	text[length] = 0;
	from->at += length;
	from->left -= length;
}

static void get_type(struct reader *from, struct sluice_type *type, char *name)
{
	get_text(from, name, SLUICE_TYPE_NAME_SIZE);
	type->name = *name ? name : NULL;
	type->size = get(from, 8);
	type->alignment = (uint32_t)get(from, 4);
	type->kind = (uint32_t)get(from, 4);
	type->fingerprint = get(from, 8);
}

static void get_attributes(struct reader *from, struct description *to)
{
	uint32_t count = (uint32_t)get(from, 4);

	if (count > SLUICE_ATTRIBUTES_MAX) {
		from->at = NULL;
		return;
	}
	for (uint32_t i = 0; i < count; i++) {
		get_text(from, to->key[i], sizeof(to->key[i]));
		get_text(from, to->value[i], sizeof(to->value[i]));
		to->attribute[i].key = to->key[i];
		to->attribute[i].value = to->value[i];
	}
	to->settings.attributes = count ? to->attribute : NULL;
	to->settings.attribute_count = count;
}

bool description_read(struct description *description, const void *bytes, size_t size,
		      const char *name)
{
	struct reader from = { .at = bytes, .left = size };
	struct sluice_type *type[SLUICE_REGISTRY_MESSAGES];
	uint32_t *number[NUMBERS];

	memset(description, 0, sizeof(*description));
	if (size > DESCRIPTION_MOST)
		return false;
	description->settings = (struct sluice_service_opts)SLUICE_SERVICE_OPTS();
	description->contract.name = name;
	types_of(&description->contract, type);
	numbers_of(&description->settings, number);
	for (unsigned int i = 0; i < SLUICE_REGISTRY_MESSAGES; i++)
		get_type(&from, type[i], description->type_name[i]);
	description->settings.flags = get(&from, 8) & FLAGS;
	description->settings.refused_flags = FLAGS & ~description->settings.flags;
	for (unsigned int i = 0; i < NUMBERS; i++)
		*number[i] = (uint32_t)get(&from, 4);
	get_attributes(&from, description);
	if (!from.at || from.left)
		return false;
	memcpy(description->bytes, bytes, size);
	description->size = size;
	description->digest = digest_of(description->bytes, size);
	return true;
}
