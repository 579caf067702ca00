/* SPDX-License-Identifier: MIT */
/*
 * Reading a payload - shared by its files
 *
 *	read.c		a payload, and the parts that have parts
 *	read_field.c	numbers, text and bytes, and sentences about a field
 *	read_json.c	the text, as a tree of jansson
 */
#ifndef TOOLS_PAYLOAD_READING_H
#define TOOLS_PAYLOAD_READING_H

#include <stdbool.h>

#include <jansson.h>

#include "read.h"

#define READING_PATH	256

struct reading {
	char *why;			/* PAYLOAD_WHY */
	char path[READING_PATH];	/* of the field: "a.b[2]"; as much as fits */
	size_t length;
};

/* Writes "field "a.b": ...".  -EINVAL. */
__attribute__((__format__(__printf__, 2, 3)))
int reading_wrong(struct reading *r, const char *format, ...);
int reading_misfit(struct reading *r, const struct shape *shape, const json_t *json);

/* A value of JSON in a sentence, as far as there is room. */
#define VALUE_TEXT	64
const char *reading_value(char buffer[VALUE_TEXT], const json_t *json);

/* Appends to the path; returns the length to which it is cut again. */
__attribute__((__format__(__printf__, 2, 3)))
size_t reading_enter(struct reading *r, const char *format, ...);

/* A value of so many bits.  0, or -EINVAL with a sentence; so do the following. */
int reading_number(struct reading *r, const struct shape *shape, const json_t *json,
		   unsigned int bits, uint64_t *ret_value);
int reading_float(struct reading *r, const struct shape *shape, const json_t *json,
		  unsigned char *at);

/* {"hex": "00ff"}, perhaps with the error with which it was printed: NULL if it is not that. */
const json_t *reading_hex_of(const json_t *json);

/* At most so many bytes, whose number is *ret_count. */
int reading_hex(struct reading *r, const json_t *digits, uint64_t room, unsigned char *at,
		uint64_t *ret_count);
int reading_chars(struct reading *r, const struct shape *shape, const json_t *json,
		  uint64_t room, unsigned char *at, uint64_t *ret_count);

/* 0, -EINVAL or -ENOMEM, with a sentence. */
int reading_parse(const char *text, size_t length, json_t **ret_json, char why[PAYLOAD_WHY]);

#endif /* TOOLS_PAYLOAD_READING_H */
