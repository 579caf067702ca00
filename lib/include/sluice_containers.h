/* SPDX-License-Identifier: MIT */
/*
 * sluice_containers.h - strings, vectors and optional values inside payloads
 *
 * They are structs of fixed capacity.  A program uses them where they lie: in a loaned
 * message, in an element of a slice, or inside each other.  They allocate nothing, hold no
 * pointers, and need no constructor:
 *
 *	struct order {
 *		SLUICE_STRING(28) customer;
 *		SLUICE_VECTOR(struct item, 8) items;
 *		SLUICE_OPTIONAL(uint32_t) discount;
 *	};
 *
 * A container whose bytes are all 0 is empty.  So sluice_client_loan_zeroed() does all the
 * set-up.  The memory of a plain loan holds an earlier message; there the program first sets
 * or clears each container.  The bytes behind the length are not part of the value, but they
 * are sent too.  They hold what an earlier value or message of the same program has left.
 *
 * Layout.  The layout is the same in C and C++.  A container begins with a uint32_t.  In
 * vectors and optional values a second, reserved uint32_t follows.  Then come the contents.
 * There is no hole before contents that are aligned to 8 bytes or less.  There is none behind
 * the contents if their bytes are a multiple of the struct's alignment; for a string, if its
 * capacity is a multiple of 4.  The capacity is not in the bytes.  It is part of the contract,
 * which both sides compile in.  If two sides have different capacities, the sizes of their
 * types differ, unless padding hides it.
 *
 * Hostile peers.  The sender of a message can have written any length into it, and can change
 * the length while it is read.  Each call reads the length once, with one atomic load, compares
 * it with the capacity that the caller was compiled with, and uses the value that it has
 * compared.  So no call reads or writes outside of the container.  If the length is greater
 * than the capacity, the call fails with EPROTO.  The contents can still change while the
 * program reads them, so a program must copy what it decides by.  A string may lack the 0
 * behind its end, and may have others before it.
 *
 * Errors.  As in sluice.h, an int is 0 or more or -errno, a pointer is NULL after a failure,
 * and errno is set.  sluice_strerror() has no sentence for these failures, because none of this
 * is in the library.  A call that is given NULL for its container fails with the errno of the
 * call that has returned this NULL, and leaves errno as it is.  So
 * sluice_string_set(sluice_vector_push(&names), "n") needs one check.
 *
 * Each macro takes a pointer to the member, for example &order->customer.  It evaluates the
 * pointer once, unless its description says otherwise.  Any thread and any signal handler may
 * use the macros; two threads that write one container need a lock.  GNU C and C++.
 */
#ifndef SLUICE_CONTAINERS_H
#define SLUICE_CONTAINERS_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define SLUICE_INLINE_	static inline __attribute__((__unused__))

#define SLUICE_OFFSET_(container, field) \
	offsetof(__typeof__(*(container)), field)

/* The bytes of the first word and of the reserved one. */
#define SLUICE_WORDS_(container, first) \
	(sizeof((container)->first) + sizeof((container)->reserved))

SLUICE_INLINE_ int sluice_container_fail_(int error)
{
	errno = error;
	return -error;
}

/* The container is NULL: repeats the error of the call that should have returned it. */
SLUICE_INLINE_ int sluice_container_missing_(void)
{
	return sluice_container_fail_(errno ? errno : EINVAL);
}

/* Only this function reads a length, which lies first in every container. */
SLUICE_INLINE_ int64_t sluice_container_length_(const void *container, size_t capacity)
{
	uint32_t length;

	if (!container)
		return sluice_container_missing_();
	length = __atomic_load_n((const uint32_t *)container, __ATOMIC_RELAXED);
	return length > capacity ? sluice_container_fail_(EPROTO) : (int64_t)length;
}

SLUICE_INLINE_ void sluice_container_store_(void *container, size_t length)
{
	__atomic_store_n((uint32_t *)container, (uint32_t)length, __ATOMIC_RELAXED);
}

/* Clears what stands before the contents. */
SLUICE_INLINE_ void sluice_container_clear_(void *container, size_t size)
{
	if (container)
		memset(container, 0, size);
}

/* The macros give it the type, which is constant if the container is. */
SLUICE_INLINE_ void *sluice_container_place_(const void *container, size_t offset)
{
	return (void *)((uintptr_t)container + offset);
}

/* ---- Strings ------------------------------------------------------------- */

/**
 * SLUICE_STRING() - the type of a member that holds text
 * @capacity: number of bytes, 1 to UINT32_MAX; a 0 at the end needs no room.
 *
 * It can hold any bytes, 0 included.  The functions that write it put a 0 behind the end if
 * there is room.
 */
#define SLUICE_STRING(capacity)						\
	struct { uint32_t length; char bytes[capacity]; }

/**
 * sluice_string_set() - set a string to a text
 * @string: pointer to the string.
 * @text: a string that ends with a 0, which does not count.
 *
 * Return: 0; or -EMSGSIZE (longer than the capacity; nothing is changed).
 */
#define sluice_string_set(string, text) \
	sluice_string_set_text_((string), sizeof((string)->bytes), (text))

/**
 * sluice_string_set_bytes() - set a string to a number of bytes
 * @string: pointer to the string.
 * @data: the bytes.
 * @count: number of bytes.
 *
 * Return: 0; or -EMSGSIZE (more than the capacity; nothing is changed).
 */
#define sluice_string_set_bytes(string, data, count) \
	sluice_string_put_((string), sizeof((string)->bytes), 0, (data), (count))

/**
 * sluice_string_append() - append a text to a string
 * @string: pointer to the string.
 * @text: a string that ends with a 0, which does not count.
 *
 * Return: 0; or -EMSGSIZE (both together are longer than the capacity; nothing is
 * changed) or -EPROTO (the length is greater than the capacity).
 */
#define sluice_string_append(string, text) \
	sluice_string_append_text_((string), sizeof((string)->bytes), (text))

/**
 * sluice_string_append_bytes() - append a number of bytes to a string
 * @string: pointer to the string.
 * @data: the bytes.
 * @count: number of bytes.
 *
 * Return: As sluice_string_append().
 */
#define sluice_string_append_bytes(string, data, count) \
	sluice_string_append_((string), sizeof((string)->bytes), (data), (count))

/**
 * sluice_string_get() - read a string where it lies
 * @string: pointer to the string.
 * @ret_length: pointer to a size_t, set to the number of bytes; 0 after a failure.
 *
 * printf() prints it with "%.*s" and the length as an int.
 *
 * Return: The bytes, never more than the capacity; or NULL with errno EPROTO (the
 * length is greater than the capacity).
 */
#define sluice_string_get(string, ret_length) \
	sluice_string_get_((string), sizeof((string)->bytes), (ret_length))

/**
 * sluice_string_equal() - ask whether a string holds a text
 * @string: pointer to the string.
 * @text: a string that ends with a 0, which does not count.
 *
 * Return: 1; or 0, also if the length is greater than the capacity.
 */
#define sluice_string_equal(string, text) \
	sluice_string_equal_((string), sizeof((string)->bytes), (text))

/* Writes the bytes at index; the string ends behind them. */
SLUICE_INLINE_ int sluice_string_put_(void *string, size_t capacity, size_t index,
				      const void *data, size_t count)
{
	char *bytes;

	if (!string)
		return sluice_container_missing_();
	bytes = (char *)string + sizeof(uint32_t);
	if (count > capacity - index)
		return sluice_container_fail_(EMSGSIZE);
	if (count)
		memmove(bytes + index, data, count);
	if (index + count < capacity)
		bytes[index + count] = 0;
	sluice_container_store_(string, index + count);
	return 0;
}

SLUICE_INLINE_ int sluice_string_set_text_(void *string, size_t capacity, const char *text)
{
	return sluice_string_put_(string, capacity, 0, text, strlen(text));
}

SLUICE_INLINE_ int sluice_string_append_(void *string, size_t capacity,
					 const void *data, size_t count)
{
	int64_t length = sluice_container_length_(string, capacity);

	if (length < 0)
		return (int)length;
	return sluice_string_put_(string, capacity, (size_t)length, data, count);
}

SLUICE_INLINE_ int sluice_string_append_text_(void *string, size_t capacity,
					      const char *text)
{
	return sluice_string_append_(string, capacity, text, strlen(text));
}

SLUICE_INLINE_ const char *sluice_string_get_(const void *string, size_t capacity,
					      size_t *ret_length)
{
	int64_t length = sluice_container_length_(string, capacity);

	*ret_length = length < 0 ? 0 : (size_t)length;
	return length < 0 ? NULL : (const char *)string + sizeof(uint32_t);
}

SLUICE_INLINE_ int sluice_string_equal_(const void *string, size_t capacity,
					const char *text)
{
	size_t length;
	const char *bytes = sluice_string_get_(string, capacity, &length);

	return bytes && strlen(text) == length && !memcmp(bytes, text, length);
}

/* ---- Vectors ------------------------------------------------------------- */

/**
 * SLUICE_VECTOR() - the type of a member that holds a list of items of one type
 * @type: the C or C++ type of an item.
 * @capacity: number of items, 1 to UINT32_MAX.
 */
#define SLUICE_VECTOR(type, capacity)					\
	struct { uint32_t length; uint32_t reserved; type items[capacity]; }

/**
 * sluice_vector_length() - number of items in a vector
 * @vector: pointer to the vector.
 *
 * Return: An int64_t, never more than the capacity; or -EPROTO (the length is greater than the
 * capacity).
 */
#define sluice_vector_length(vector) \
	sluice_container_length_((vector), SLUICE_CAPACITY_(vector))

/**
 * sluice_vector_at() - get an item of a vector where it lies
 * @vector: pointer to the vector.
 * @index: its number, from 0.
 *
 * Return: Pointer to the item, constant if the vector is; or NULL with errno ERANGE
 * (the vector has fewer items) or EPROTO (the length is greater than the capacity).
 */
#define sluice_vector_at(vector, index) \
	SLUICE_ITEM_(vector, sluice_vector_at_((vector), SLUICE_SHAPE_(vector), (index)))

/**
 * sluice_vector_for_each() - go through the items of a vector from the first to the last
 * @item: variable of type pointer to an item.
 * @vector: pointer to the vector; evaluated for each item.
 *
 * After the loop errno says why it ended: ERANGE if all is well, else EPROTO.
 */
#define sluice_vector_for_each(item, vector)				\
	for ((item) = sluice_vector_at(vector, 0); (item);		\
	     (item) = sluice_vector_at(vector, (size_t)((item) - (vector)->items) + 1))

/**
 * sluice_vector_push() - add an item behind the last
 * @vector: pointer to the vector.
 *
 * Return: Pointer to the item, all bytes 0, which the program then writes; or NULL with errno
 * EMSGSIZE (the vector is full) or EPROTO (the length is greater than the capacity).
 */
#define sluice_vector_push(vector) \
	SLUICE_ITEM_(vector, sluice_vector_push_((vector), SLUICE_SHAPE_(vector)))

/**
 * sluice_vector_insert() - add an item before another or behind the last
 * @vector: pointer to the vector.
 * @index: number of the new item; the items from there on move up.
 *
 * Return: As sluice_vector_push(); or NULL with errno ERANGE (the vector has fewer items).
 */
#define sluice_vector_insert(vector, index) \
	SLUICE_ITEM_(vector, sluice_vector_insert_((vector), SLUICE_SHAPE_(vector), (index)))

/**
 * sluice_vector_pop() - remove the last item
 * @vector: pointer to the vector.
 *
 * Return: 0; or -ERANGE (the vector is empty) or -EPROTO (the length is greater than the
 * capacity).
 */
#define sluice_vector_pop(vector) \
	sluice_vector_pop_((vector), SLUICE_CAPACITY_(vector))

/**
 * sluice_vector_remove() - remove an item; the items behind it move down
 * @vector: pointer to the vector.
 * @index: its number, from 0.
 *
 * Return: 0; or -ERANGE (the vector has fewer items) or -EPROTO (the length is greater than
 * the capacity).
 */
#define sluice_vector_remove(vector, index) \
	sluice_vector_remove_((vector), SLUICE_SHAPE_(vector), (index))

/**
 * sluice_vector_clear() - make a vector empty
 * @vector: pointer to the vector.
 */
#define sluice_vector_clear(vector) \
	sluice_container_clear_((vector), SLUICE_WORDS_(vector, length))

#define SLUICE_CAPACITY_(vector) \
	(sizeof((vector)->items) / sizeof((vector)->items[0]))

/* Three arguments: the offset of the items, the bytes of one, the capacity. */
#define SLUICE_SHAPE_(vector)						\
	SLUICE_OFFSET_(vector, items), sizeof((vector)->items[0]),	\
	SLUICE_CAPACITY_(vector)

#define SLUICE_ITEM_(vector, place)	((__typeof__(&(vector)->items[0]))(place))

SLUICE_INLINE_ void *sluice_vector_at_(const void *vector, size_t offset, size_t size,
				       size_t capacity, size_t index)
{
	int64_t length = sluice_container_length_(vector, capacity);

	if (length < 0)
		return NULL;
	if (index >= (size_t)length) {
		sluice_container_fail_(ERANGE);
		return NULL;
	}
	return sluice_container_place_(vector, offset + index * size);
}

SLUICE_INLINE_ void *sluice_vector_insert_(void *vector, size_t offset, size_t size,
					   size_t capacity, size_t index)
{
	int64_t length = sluice_container_length_(vector, capacity);
	char *place;

	if (length < 0)
		return NULL;
	if (index > (size_t)length || (size_t)length == capacity) {
		sluice_container_fail_(index > (size_t)length ? ERANGE : EMSGSIZE);
		return NULL;
	}
	place = (char *)vector + offset + index * size;
	memmove(place + size, place, ((size_t)length - index) * size);
	memset(place, 0, size);
	sluice_container_store_(vector, (size_t)length + 1);
	return place;
}

/* Inserts at the length that was read here; the insertion compares it with a second one. */
SLUICE_INLINE_ void *sluice_vector_push_(void *vector, size_t offset, size_t size,
					 size_t capacity)
{
	int64_t length = sluice_container_length_(vector, capacity);

	if (length < 0)
		return NULL;
	return sluice_vector_insert_(vector, offset, size, capacity, (size_t)length);
}

SLUICE_INLINE_ int sluice_vector_pop_(void *vector, size_t capacity)
{
	int64_t length = sluice_container_length_(vector, capacity);

	if (length < 0)
		return (int)length;
	if (!length)
		return sluice_container_fail_(ERANGE);
	sluice_container_store_(vector, (size_t)length - 1);
	return 0;
}

SLUICE_INLINE_ int sluice_vector_remove_(void *vector, size_t offset, size_t size,
					 size_t capacity, size_t index)
{
	int64_t length = sluice_container_length_(vector, capacity);
	char *place;

	if (length < 0)
		return (int)length;
	if (index >= (size_t)length)
		return sluice_container_fail_(ERANGE);
	place = (char *)vector + offset + index * size;
	memmove(place, place + size, ((size_t)length - index - 1) * size);
	sluice_container_store_(vector, (size_t)length - 1);
	return 0;
}

/* ---- Optional values ----------------------------------------------------- */

/**
 * SLUICE_OPTIONAL() - the type of a member that holds a value or nothing
 * @type: the C or C++ type of the value.
 *
 * There is a value if the first word is not 0.
 */
#define SLUICE_OPTIONAL(type)						\
	struct { uint32_t present; uint32_t reserved; type value; }

/**
 * sluice_optional_set() - set a new value, in place of an old one
 * @optional: pointer to the optional value.
 *
 * Return: Pointer to the value, all bytes 0, which the program then writes.
 */
#define sluice_optional_set(optional)					\
	SLUICE_VALUE_(optional, sluice_optional_set_((optional),	\
		SLUICE_OFFSET_(optional, value), sizeof((optional)->value)))

/**
 * sluice_optional_clear() - remove the value
 * @optional: pointer to the optional value.
 */
#define sluice_optional_clear(optional) \
	sluice_container_clear_((optional), SLUICE_WORDS_(optional, present))

/**
 * sluice_optional_get() - get the value where it lies, if there is one
 * @optional: pointer to the optional value.
 *
 * Return: Pointer to the value, constant if the optional value is; or NULL with errno
 * ENOENT (there is no value).
 */
#define sluice_optional_get(optional)					\
	SLUICE_VALUE_(optional, sluice_optional_get_((optional),	\
		SLUICE_OFFSET_(optional, value)))

#define SLUICE_VALUE_(optional, place)	((__typeof__(&(optional)->value))(place))

SLUICE_INLINE_ void *sluice_optional_set_(void *optional, size_t offset, size_t size)
{
	char *value;

	if (!optional)
		return NULL;
	value = (char *)optional + offset;
	memset(value, 0, size);
	sluice_container_store_(optional, 1);
	return value;
}

SLUICE_INLINE_ void *sluice_optional_get_(const void *optional, size_t offset)
{
	int64_t present = sluice_container_length_(optional, UINT32_MAX);

	if (!present)
		sluice_container_fail_(ENOENT);
	return present > 0 ? sluice_container_place_(optional, offset) : NULL;
}

#endif /* SLUICE_CONTAINERS_H */
