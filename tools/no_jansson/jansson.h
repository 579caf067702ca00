/* SPDX-License-Identifier: MIT */
/*
 * Replaces jansson if that is not installed: making JSON fails.  arguments.c refuses --json
 * then, so none of this is ever called.
 */
#ifndef TOOLS_NO_JANSSON_H
#define TOOLS_NO_JANSSON_H

#include <stddef.h>
#include <stdio.h>

typedef struct json json_t;
typedef long long json_int_t;

#define JSON_COMPACT			0
#define JSON_REAL_PRECISION(digits)	0

/* Functions that make a value, and take over the values in it. */
#define NO_JSON(name, ...)	\
	static inline json_t *name(__VA_ARGS__)	\
	{	\
		return NULL;	\
	}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"

NO_JSON(json_pack, const char *format, ...)
NO_JSON(json_sprintf, const char *format, ...)
NO_JSON(json_object, void)
NO_JSON(json_array, void)
NO_JSON(json_null, void)
NO_JSON(json_string, const char *text)
NO_JSON(json_stringn, const char *text, size_t length)
NO_JSON(json_integer, json_int_t value)
NO_JSON(json_real, double value)
NO_JSON(json_incref, json_t *value)
#undef NO_JSON

static inline int json_object_set(json_t *object, const char *key, json_t *value)
{
	return -1;
}

static inline int json_object_set_new(json_t *object, const char *key, json_t *value)
{
	return -1;
}

static inline int json_object_update(json_t *object, json_t *other)
{
	return -1;
}

static inline int json_array_append_new(json_t *array, json_t *value)
{
	return -1;
}

static inline int json_dumpf(const json_t *value, FILE *output, size_t flags)
{
	return -1;
}

static inline char *json_dumps(const json_t *value, size_t flags)
{
	return NULL;
}

static inline void json_decref(json_t *value)
{
}

#pragma GCC diagnostic pop

#endif /* TOOLS_NO_JANSSON_H */
