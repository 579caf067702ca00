// SPDX-License-Identifier: GPL-2.0-only
/*
 * sluice_containers.h: strings, vectors and optional values.  Empty when all bytes are
 * 0; at their limits and one beyond; and with lengths that nobody honest would write, also
 * while they change.  containers_sent_test has them in the slices of requests and replies.
 *
 * Containers are allocated with nothing behind them, so that the address sanitizer sees
 * a byte too many.
 */
#include "common.h"

#include <pthread.h>

#include "every_container.h"

FIXTURE(containers)
{
	struct string *string;
	struct vector *vector;
	struct every *every;
};

FIXTURE_SETUP(containers)
{
	self->string = calloc(1, sizeof(*self->string));
	self->vector = calloc(1, sizeof(*self->vector));
	self->every = calloc(1, sizeof(*self->every));
	ASSERT_TRUE(self->string && self->vector && self->every);
}

FIXTURE_TEARDOWN(containers)
{
	free(self->string);
	free(self->vector);
	free(self->every);
	EXPECT_EQ(0, count_leaks());
}

static const uint32_t wild[] = { 9, 1000, INT32_MAX, UINT32_C(1) << 31, UINT32_MAX };

#define each_wild(length) \
	for (size_t i_ = 0; (length = wild[i_ < 5 ? i_ : 0]), i_ < 5; i_++)

/* Whether a string of 8 holds these bytes and no others. */
static bool holds(const struct string *string, const char *bytes, size_t count)
{
	size_t length;
	const char *text = sluice_string_get(&string->text, &length);

	return text && length == count && !memcmp(text, bytes, count);
}

/* The numbers of a vector as the digits of one. */
static long digits(const struct vector *vector)
{
	const uint16_t *number;
	long all = 0;

	sluice_vector_for_each(number, &vector->numbers)
		all = 10 * all + *number;
	return errno == ERANGE ? all : -errno;
}

static void count_to(struct vector *vector, uint16_t last)
{
	sluice_vector_clear(&vector->numbers);
	for (uint16_t i = 1; i <= last; i++)
		*sluice_vector_push(&vector->numbers) = i;
}

TEST_F(containers, empty)
{
	const struct every *every = self->every;
	size_t length = 77;

	ASSERT_NE(NULL, sluice_string_get(&every->text, &length));
	EXPECT_EQ(0u, length);
	EXPECT_EQ(1, sluice_string_equal(&every->text, ""));
	EXPECT_EQ(0, sluice_vector_length(&every->items));
	EXPECT_NONE(ERANGE, sluice_vector_at(&every->items, 0));
	EXPECT_NONE(ENOENT, sluice_optional_get(&every->value));
	EXPECT_EQ(0, digits(self->vector));
	EXPECT_TRUE(all_zero(every, sizeof(*every)));
}

TEST_F(containers, layout)
{
	EXPECT_EQ(12u, sizeof(struct string));
	EXPECT_EQ(4u, offsetof(struct string, text.bytes));
	EXPECT_EQ(16u, sizeof(struct vector));
	EXPECT_EQ(8u, offsetof(struct vector, numbers.items));
	EXPECT_EQ(16u, offsetof(struct every, items));
	EXPECT_EQ(8u + 3 * sizeof(struct item), sizeof(self->every->items));
	EXPECT_EQ(16u, sizeof(self->every->value));
	EXPECT_EQ(8u + 2 * 8, sizeof(self->every->words));
}

/* ---- Strings ------------------------------------------------------------- */

TEST_F(containers, string_set)
{
	struct string *string = self->string;

	EXPECT_EQ(0, sluice_string_set(&string->text, "1234567"));
	EXPECT_EQ(0, strcmp(string->text.bytes, "1234567"));
	EXPECT_EQ(0, sluice_string_set(&string->text, "12345678"));
	EXPECT_TRUE(holds(string, "12345678", 8));
	EXPECT_ERRNO(EMSGSIZE, sluice_string_set(&string->text, "123456789"));
	EXPECT_TRUE(holds(string, "12345678", 8));
	EXPECT_EQ(0, sluice_string_set(&string->text, "ab"));
	EXPECT_EQ(0, strcmp(string->text.bytes, "ab"));
	EXPECT_EQ(0, sluice_string_set(&string->text, ""));
	EXPECT_TRUE(holds(string, "", 0));
}

TEST_F(containers, string_bytes)
{
	struct string *string = self->string;

	EXPECT_EQ(0, sluice_string_set_bytes(&string->text, "a\0b\0", 4));
	EXPECT_TRUE(holds(string, "a\0b\0", 4));
	EXPECT_EQ(0, sluice_string_equal(&string->text, "a"));
	EXPECT_EQ(0, sluice_string_append_bytes(&string->text, "\0c", 2));
	EXPECT_TRUE(holds(string, "a\0b\0\0c", 6));
	EXPECT_EQ(0, sluice_string_append_bytes(&string->text, NULL, 0));
	EXPECT_ERRNO(EMSGSIZE, sluice_string_append_bytes(&string->text, "xyz", 3));
	EXPECT_ERRNO(EMSGSIZE, sluice_string_append_bytes(&string->text, "", SIZE_MAX));
	EXPECT_ERRNO(EMSGSIZE, sluice_string_set_bytes(&string->text, "", SIZE_MAX));
	EXPECT_TRUE(holds(string, "a\0b\0\0c", 6));
	EXPECT_EQ(0, sluice_string_set_bytes(&string->text, NULL, 0));
	EXPECT_TRUE(holds(string, "", 0));
}

TEST_F(containers, string_append)
{
	struct string *string = self->string;

	EXPECT_EQ(0, sluice_string_append(&string->text, "123"));
	EXPECT_EQ(0, sluice_string_append(&string->text, "4567"));
	EXPECT_EQ(0, strcmp(string->text.bytes, "1234567"));
	EXPECT_ERRNO(EMSGSIZE, sluice_string_append(&string->text, "89"));
	EXPECT_TRUE(holds(string, "1234567", 7));
	EXPECT_EQ(0, sluice_string_append(&string->text, "8"));
	EXPECT_EQ(0, sluice_string_append(&string->text, ""));
	EXPECT_ERRNO(EMSGSIZE, sluice_string_append(&string->text, "9"));
	EXPECT_TRUE(holds(string, "12345678", 8));
}

TEST_F(containers, string_equal)
{
	struct string *string = self->string;

	sluice_string_set(&string->text, "12345678");
	EXPECT_EQ(1, sluice_string_equal(&string->text, "12345678"));
	EXPECT_EQ(0, sluice_string_equal(&string->text, "1234567"));
	EXPECT_EQ(0, sluice_string_equal(&string->text, "123456789"));
	EXPECT_EQ(0, sluice_string_equal(&string->text, "12345679"));
	EXPECT_EQ(0, sluice_string_equal(&string->text, ""));
}

TEST_F(containers, string_hostile)
{
	struct string *string = self->string;
	uint32_t length;
	size_t found;

	memset(string->text.bytes, 'x', sizeof(string->text.bytes));
	each_wild(length) {
		string->text.length = length;
		found = 77;
		EXPECT_NONE(EPROTO, sluice_string_get(&string->text, &found));
		EXPECT_EQ(0u, found);
		EXPECT_EQ(0, sluice_string_equal(&string->text, "xxxxxxxxx"));
		EXPECT_ERRNO(EPROTO, sluice_string_append(&string->text, "1"));
		EXPECT_EQ(length, string->text.length);
	}
	EXPECT_EQ(0, sluice_string_set(&string->text, "good"));
	EXPECT_TRUE(holds(string, "good", 4));
}

/* ---- Vectors ------------------------------------------------------------- */

TEST_F(containers, vector_push_and_pop)
{
	struct vector *vector = self->vector;

	memset(vector->numbers.items, 0xff, sizeof(vector->numbers.items));
	for (uint16_t i = 1; i <= 4; i++) {
		uint16_t *number = sluice_vector_push(&vector->numbers);

		ASSERT_NE(NULL, number);
		EXPECT_EQ(0, *number);
		*number = i;
	}
	EXPECT_NONE(EMSGSIZE, sluice_vector_push(&vector->numbers));
	EXPECT_EQ(4, sluice_vector_length(&vector->numbers));
	EXPECT_EQ(1234, digits(vector));
	for (long i = 4; i; i--) {
		EXPECT_EQ(i, sluice_vector_length(&vector->numbers));
		EXPECT_EQ(0, sluice_vector_pop(&vector->numbers));
	}
	EXPECT_ERRNO(ERANGE, sluice_vector_pop(&vector->numbers));
	EXPECT_EQ(0, digits(vector));
}

TEST_F(containers, vector_insert)
{
	struct vector *vector = self->vector;

	EXPECT_NONE(ERANGE, sluice_vector_insert(&vector->numbers, 1));
	*sluice_vector_insert(&vector->numbers, 0) = 3;
	*sluice_vector_insert(&vector->numbers, 0) = 1;
	*sluice_vector_insert(&vector->numbers, 1) = 2;
	EXPECT_NONE(ERANGE, sluice_vector_insert(&vector->numbers, 4));
	*sluice_vector_insert(&vector->numbers, 3) = 4;
	EXPECT_EQ(1234, digits(vector));
	EXPECT_NONE(EMSGSIZE, sluice_vector_insert(&vector->numbers, 0));
	EXPECT_NONE(EMSGSIZE, sluice_vector_insert(&vector->numbers, 4));
	EXPECT_NONE(ERANGE, sluice_vector_insert(&vector->numbers, SIZE_MAX));
	EXPECT_EQ(1234, digits(vector));

	count_to(vector, 3);
	EXPECT_EQ(0, *sluice_vector_insert(&vector->numbers, 1));
	EXPECT_EQ(1023, digits(vector));
}

TEST_F(containers, vector_remove)
{
	struct vector *vector = self->vector;

	count_to(vector, 4);
	EXPECT_ERRNO(ERANGE, sluice_vector_remove(&vector->numbers, 4));
	EXPECT_ERRNO(ERANGE, sluice_vector_remove(&vector->numbers, SIZE_MAX));
	EXPECT_EQ(0, sluice_vector_remove(&vector->numbers, 1));
	EXPECT_EQ(134, digits(vector));
	EXPECT_EQ(0, sluice_vector_remove(&vector->numbers, 2));
	EXPECT_EQ(13, digits(vector));
	EXPECT_EQ(0, sluice_vector_remove(&vector->numbers, 0));
	EXPECT_EQ(0, sluice_vector_remove(&vector->numbers, 0));
	EXPECT_ERRNO(ERANGE, sluice_vector_remove(&vector->numbers, 0));
	EXPECT_EQ(0, digits(vector));
}

TEST_F(containers, vector_at)
{
	struct vector *vector = self->vector;

	count_to(vector, 3);
	EXPECT_EQ(1, *sluice_vector_at(&vector->numbers, 0));
	EXPECT_EQ(&vector->numbers.items[2], sluice_vector_at(&vector->numbers, 2));
	EXPECT_NONE(ERANGE, sluice_vector_at(&vector->numbers, 3));
	EXPECT_NONE(ERANGE, sluice_vector_at(&vector->numbers, 4));
	EXPECT_NONE(ERANGE, sluice_vector_at(&vector->numbers, SIZE_MAX));
	sluice_vector_clear(&vector->numbers);
	EXPECT_NONE(ERANGE, sluice_vector_at(&vector->numbers, 0));
}

TEST_F(containers, vector_hostile)
{
	struct vector *vector = self->vector;
	uint32_t length;

	each_wild(length) {
		vector->numbers.length = length;
		EXPECT_ERRNO(EPROTO, sluice_vector_length(&vector->numbers));
		EXPECT_NONE(EPROTO, sluice_vector_at(&vector->numbers, 0));
		EXPECT_NONE(EPROTO, sluice_vector_push(&vector->numbers));
		EXPECT_NONE(EPROTO, sluice_vector_insert(&vector->numbers, 0));
		EXPECT_ERRNO(EPROTO, sluice_vector_pop(&vector->numbers));
		EXPECT_ERRNO(EPROTO, sluice_vector_remove(&vector->numbers, 0));
		EXPECT_EQ(-EPROTO, digits(vector));
		EXPECT_EQ(length, vector->numbers.length);
	}
	vector->numbers.reserved = UINT32_MAX;
	sluice_vector_clear(&vector->numbers);
	EXPECT_TRUE(all_zero(vector, sizeof(*vector)));
}

/* ---- Optional values ----------------------------------------------------- */

TEST_F(containers, optional)
{
	struct every *every = self->every;
	uint64_t *value;

	every->value.value = UINT64_MAX;
	value = sluice_optional_set(&every->value);
	EXPECT_EQ(&every->value.value, value);
	EXPECT_EQ(0u, *value);
	*value = 5;
	EXPECT_EQ(value, sluice_optional_get(&every->value));
	EXPECT_EQ(0u, *sluice_optional_set(&every->value));
	sluice_optional_clear(&every->value);
	EXPECT_NONE(ENOENT, sluice_optional_get(&every->value));
	every->value.present = UINT32_MAX;
	EXPECT_EQ(value, sluice_optional_get(&every->value));
}

TEST_F(containers, one_in_another)
{
	struct every *every = self->every;

	EXPECT_EQ(0, sluice_string_set(sluice_optional_set(&every->word), "word"));
	EXPECT_EQ(1, sluice_string_equal(sluice_optional_get(&every->word), "word"));
	EXPECT_EQ(0, sluice_string_set(sluice_vector_push(&every->words), "one"));
	EXPECT_EQ(0, sluice_string_set(sluice_vector_push(&every->words), "two"));
	EXPECT_EQ(0, sluice_vector_remove(&every->words, 0));
	EXPECT_EQ(1, sluice_string_equal(sluice_vector_at(&every->words, 0), "two"));
}

/* A container that was full or absent needs no check of its own. */
TEST_F(containers, one_that_is_missing)
{
	struct every *every = self->every;
	size_t length;

	EXPECT_ERRNO(ENOENT, sluice_string_append(sluice_optional_get(&every->word), "x"));
	EXPECT_NONE(ENOENT, sluice_string_get(sluice_optional_get(&every->word), &length));
	sluice_vector_push(&every->words);
	sluice_vector_push(&every->words);
	EXPECT_ERRNO(EMSGSIZE, sluice_string_set(sluice_vector_push(&every->words), "x"));
	EXPECT_ERRNO(ERANGE, sluice_string_set(sluice_vector_at(&every->words, 2), "x"));
	EXPECT_EQ(0, sluice_string_equal(sluice_vector_at(&every->words, 2), ""));
}

/* ---- A peer that does not keep still ------------------------------------- */

#define LOOKS	100000

static void *change(void *length)
{
	for (uint32_t i = 0; i < LOOKS; i++)
		__atomic_store_n((uint32_t *)length, i % 2 ? UINT32_MAX : i % 5,
				 __ATOMIC_RELAXED);
	return NULL;
}

TEST_F(containers, changing)
{
	struct vector *vector = self->vector;
	const uint16_t *number;
	int64_t length;
	pthread_t id;

	ASSERT_EQ(0, pthread_create(&id, NULL, change, &vector->numbers.length));
	for (int i = 0; i < LOOKS; i++) {
		length = sluice_vector_length(&vector->numbers);
		if (length > 4 || (length < 0 && length != -EPROTO))
			break;
		sluice_vector_for_each(number, &vector->numbers)
			if (number >= vector->numbers.items + 4)
				length = 5;
		if (length > 4)
			break;
	}
	EXPECT_GE(4, length);
	ASSERT_EQ(0, pthread_join(id, NULL));
}

TEST_HARNESS_MAIN
