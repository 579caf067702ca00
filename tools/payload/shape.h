/* SPDX-License-Identifier: MIT */
/* The shape of a payload: its fields, as a tree. */
#ifndef TOOLS_PAYLOAD_SHAPE_H
#define TOOLS_PAYLOAD_SHAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* No shape is nested more deeply, and none has more parts: nodes, members and constants. */
#define SHAPE_NESTING	32
#define SHAPE_PARTS	65536

enum shape_kind {
	SHAPE_OPAQUE,		/* bytes that no type describes, or one that is not known here */
	SHAPE_SIGNED,		/* 1, 2, 4 or 8 bytes, as SHAPE_UNSIGNED and SHAPE_ENUM */
	SHAPE_UNSIGNED,
	SHAPE_BOOLEAN,		/* 1 byte */
	SHAPE_FLOAT,		/* 4 or 8 bytes */
	SHAPE_ENUM,
	SHAPE_TEXT,		/* an array of char */
	SHAPE_ARRAY,
	SHAPE_STRUCT,		/* or a union: its members overlap */
	SHAPE_STRING,		/* the containers of sluice_containers.h */
	SHAPE_VECTOR,
	SHAPE_OPTIONAL,
};

struct shape_member {
	char *name;
	uint64_t offset;
	unsigned int bits, first_bit;	/* of a bit-field; bits is 0 for others */
	struct shape *shape;
};

struct shape_constant {
	char *name;
	uint64_t value;			/* as the bytes of the enum, zeros above */
};

/*
 * What was built from the debug information keeps this: all contents lie within size, and
 * an array's elements are size / count bytes each.
 */
struct shape {
	enum shape_kind kind;
	uint64_t size;
	char *name;			/* of the type, for sentences; or NULL */
	uint64_t count;			/* of an array, or the capacity of a string or vector */
	uint64_t offset;		/* of the contents of a container */
	struct shape *content;		/* of an array, a vector and an optional value */
	struct shape_member *member;
	size_t members;
	struct shape_constant *constant;
	size_t constants;
	bool is_signed;			/* of an enum */
};

/* NULL: no memory. */
struct shape *shape_create(enum shape_kind kind, uint64_t size, const char *name);

/* Adds a member, and takes over its shape, or frees it.  0 or -ENOMEM. */
int shape_add_member(struct shape *shape, const struct shape_member *member, const char *name);
int shape_add_constant(struct shape *shape, uint64_t value, const char *name);

/* Moves the members of one struct into another, as the language does for nameless structs. */
int shape_adopt_members(struct shape *shape, struct shape *other, uint64_t offset);

/* Forgets what a shape is made of: its bytes have no type. */
void shape_make_opaque(struct shape *shape);

/* Makes a container of sluice_containers.h of a struct that looks like one.  0 or -ENOMEM. */
int shape_contain(struct shape *shape);

void shape_free(struct shape *shape);

/* Is it a char?  A list of them is a text. */
bool shape_is_char(const struct shape *shape);

/* The value of a bit-field whose first byte is at at. */
uint64_t shape_load_bits(const struct shape_member *member, const unsigned char *at);
void shape_store_bits(const struct shape_member *member, unsigned char *at, uint64_t value);

/* The name of its type in a sentence. */
const char *shape_name(const struct shape *shape);

/* The bits of a number of so many bytes. */
uint64_t shape_mask(uint64_t size);

/* A number of 1, 2, 4 or 8 bytes, which need not be aligned. */
uint64_t shape_load(const void *at, uint64_t size);
void shape_store(void *at, uint64_t size, uint64_t value);

#endif /* TOOLS_PAYLOAD_SHAPE_H */
