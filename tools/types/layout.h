/* SPDX-License-Identifier: MIT */
/* The contents of a type, and the parts that must not be shared. */
#ifndef TOOLS_TYPES_LAYOUT_H
#define TOOLS_TYPES_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <elfutils/libdw.h>

struct program;

enum field_kind {
	FIELD_SIGNED	= 'i',
	FIELD_UNSIGNED	= 'u',
	FIELD_BOOLEAN	= 'b',
	FIELD_FLOAT	= 'f',
	FIELD_COMPLEX	= 'c',
	FIELD_DECIMAL	= 'd',
	FIELD_ENUM	= 'e',
	FIELD_STRUCT	= 's',
	FIELD_UNION	= 'n',
	FIELD_ARRAY	= 'a',
};

/* A member, followed by its own members. */
struct field {
	char *path;		/* ".a[].b"; "" for the type itself */
	enum field_kind kind;
	uint64_t offset;	/* from the beginning of the type; of arrays, in element 0 */
	uint64_t size;
	uint64_t count;		/* of an array */
};

struct fault {
	char *path;
	char *what;		/* "is a pointer" */
};

struct hole {
	char *path;		/* of the struct that it is in */
	uint64_t offset;	/* in that */
	uint64_t size;
};

struct layout {
	struct field *field;
	size_t fields;
	struct fault *fault;
	size_t faults;
	struct hole *hole;
	size_t holes;
	bool no_memory;
	bool too_long;		/* a list has LAYOUT_MOST entries, and there were more */
};

#define LAYOUT_MOST	65536

/* The layout of a type; of a scalar, which need not be in the debug information. */
void layout_of_type(struct layout *ret_layout, const struct program *program, Dwarf_Die *type);
void layout_of_scalar(struct layout *ret_layout, enum field_kind kind, uint64_t size);
void layout_free(struct layout *layout);

__attribute__((__format__(__printf__, 3, 4)))
void layout_add_fault(struct layout *layout, const char *path, const char *format, ...);
void layout_add_field(struct layout *layout, const struct field *field);
void layout_add_hole(struct layout *layout, const char *path, uint64_t offset, uint64_t size);

/* The same for the same names, offsets and kinds of members; never 0. */
uint64_t layout_fingerprint(const struct layout *layout);

/* In words, "4 bytes, unsigned"; for a buffer of so many bytes. */
#define FIELD_TEXT	96
const char *field_text(char buffer[FIELD_TEXT], const struct field *field);

/* The first of the fields that differs.  NULL for either: it has no more. */
bool layout_differs(const struct layout *a, const struct layout *b,
		    const struct field **ret_a, const struct field **ret_b);

#endif /* TOOLS_TYPES_LAYOUT_H */
