// SPDX-License-Identifier: MIT
/*
 * Finds a type by the name that a contract has for it: as its source spells it, with
 * struct, union or enum in C, with namespaces in C++ or, inside of one, without.
 *
 * It is looked for in the source of the contract, and only then elsewhere: two sources of a
 * program may have different types of one name.  In each unit the whole name is tried
 * before its last part.  White space makes no difference.
 *
 * The integers and floating-point numbers of C and of <stdint.h> are known by name.
 * Compilers describe them only where a variable has one, and each in its own words
 * ("long unsigned int", "unsigned long").
 */
#include "tools/types/lookup.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include <dwarf.h>

#include "tools/types/layout.h"

#define NESTING_MAX	64
#define NAME_MAX_BYTES	1024

/* ---- Scalars ---- */

static const struct {
	const char *name;
	char kind;
} scalars[] = {
	{ "char", (char)-1 < 0 ? FIELD_SIGNED : FIELD_UNSIGNED },
	{ "bool", FIELD_BOOLEAN }, { "_Bool", FIELD_BOOLEAN },
	{ "float", FIELD_FLOAT }, { "double", FIELD_FLOAT },
	{ "int8_t", FIELD_SIGNED }, { "uint8_t", FIELD_UNSIGNED },
	{ "int16_t", FIELD_SIGNED }, { "uint16_t", FIELD_UNSIGNED },
	{ "int32_t", FIELD_SIGNED }, { "uint32_t", FIELD_UNSIGNED },
	{ "int64_t", FIELD_SIGNED }, { "uint64_t", FIELD_UNSIGNED },
	{ "std::int8_t", FIELD_SIGNED }, { "std::uint8_t", FIELD_UNSIGNED },
	{ "std::int16_t", FIELD_SIGNED }, { "std::uint16_t", FIELD_UNSIGNED },
	{ "std::int32_t", FIELD_SIGNED }, { "std::uint32_t", FIELD_UNSIGNED },
	{ "std::int64_t", FIELD_SIGNED }, { "std::uint64_t", FIELD_UNSIGNED },
	{ "size_t", FIELD_UNSIGNED }, { "ssize_t", FIELD_SIGNED },
	{ "uintptr_t", FIELD_UNSIGNED }, { "intptr_t", FIELD_SIGNED },
	{ "std::size_t", FIELD_UNSIGNED }, { "std::byte", FIELD_ENUM },
};

/* Words that an integer's name may consist of. */
static bool is_integer_word(const char *word)
{
	static const char *const words[] = {
		"unsigned", "signed", "short", "long", "int", "char", "__int128",
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(word, words[i]) == 0)
			return true;
	return false;
}

static char integer_kind(const char *name)
{
	char word[16], kind = 0;
	int used;

	while (sscanf(name, " %15[^ ]%n", word, &used) == 1) {
		if (!is_integer_word(word))
			return 0;
		if (strcmp(word, "unsigned") == 0)
			kind = FIELD_UNSIGNED;
		else if (!kind)
			kind = FIELD_SIGNED;
		name += used;
	}
	return kind;
}

char lookup_scalar(const char *name)
{
	for (size_t i = 0; i < sizeof(scalars) / sizeof(scalars[0]); i++)
		if (strcmp(name, scalars[i].name) == 0)
			return scalars[i].kind;
	return integer_kind(name);
}

/* ---- Names ---- */

static const struct {
	const char *text;
	int tag[2];
} tags[] = {
	{ "struct ", { DW_TAG_structure_type, DW_TAG_class_type } },
	{ "class ", { DW_TAG_class_type, DW_TAG_structure_type } },
	{ "union ", { DW_TAG_union_type, DW_TAG_union_type } },
	{ "enum ", { DW_TAG_enumeration_type, DW_TAG_enumeration_type } },
};

#define TAGS	(sizeof(tags) / sizeof(tags[0]))

/* The keyword in front of a name, or TAGS. */
static size_t find_tag(const char *name)
{
	size_t i = 0;

	while (i < TAGS && strncmp(name, tags[i].text, strlen(tags[i].text)) != 0)
		i++;
	return i;
}

const char *lookup_bare_name(const char *name)
{
	size_t tag = find_tag(name);

	return tag < TAGS ? name + strlen(tags[tag].text) : name;
}

/* Does a end with b, white space apart?  And is nothing but namespaces in front of it? */
static bool ends_with(const char *a, const char *b, bool whole)
{
	const char *p = a + strlen(a), *q = b + strlen(b);

	for (;;) {
		while (p > a && isspace((unsigned char)p[-1]))
			p--;
		while (q > b && isspace((unsigned char)q[-1]))
			q--;
		if (q == b)
			return p == a || (!whole && p - a > 2 && p[-1] == ':' && p[-2] == ':');
		if (p == a || *--p != *--q)
			return false;
	}
}

/* ---- The search ---- */

struct search {
	const struct program *program;
	const char *name;	/* bare */
	size_t tag;		/* that was in front of it, or TAGS */
	bool whole;
	Dwarf_Die *ret_type;
};

static bool fits_tag(const struct search *search, int tag)
{
	if (search->tag < TAGS)
		return tag == tags[search->tag].tag[0] || tag == tags[search->tag].tag[1];
	switch (tag) {
	case DW_TAG_structure_type:
	case DW_TAG_class_type:
	case DW_TAG_union_type:
	case DW_TAG_enumeration_type:
	case DW_TAG_typedef:
	case DW_TAG_base_type:
		return true;
	}
	return false;
}

static bool has_scope(int tag)
{
	return tag == DW_TAG_namespace || tag == DW_TAG_structure_type ||
	       tag == DW_TAG_class_type || tag == DW_TAG_subprogram ||
	       tag == DW_TAG_lexical_block;
}

/* The name that a scope gives to its members; functions give none. */
static void enter(char scope[NAME_MAX_BYTES], const char *outer, Dwarf_Die *die, int tag)
{
	const char *name = dwarf_diename(die);

	if (!name || tag == DW_TAG_subprogram || tag == DW_TAG_lexical_block)
		snprintf(scope, NAME_MAX_BYTES, "%s", outer);
	else
		snprintf(scope, NAME_MAX_BYTES, "%s%.500s::", outer, name);
}

static bool is_sought(const struct search *search, Dwarf_Die *die, const char *scope)
{
	const char *name = dwarf_diename(die);
	char full[NAME_MAX_BYTES];

	if (!name)
		return false;
	snprintf(full, sizeof(full), "%.500s%.500s", scope, name);
	return ends_with(full, search->name, search->whole) &&
	       !dwarf_hasattr(die, DW_AT_declaration);
}

/* libdw goes over all that lies between them, unless the file says where the next one is. */
bool lookup_sibling(const struct program *program, Dwarf_Die *entry)
{
	Dwarf_Off before = dwarf_dieoffset(entry), after;

	if (dwarf_siblingof(entry, entry) != 0)
		return false;
	after = dwarf_dieoffset(entry);
	return work_take(program->work, 1 + (after > before ? (after - before) / WORK_BYTES : 0));
}

static bool search_in(const struct search *search, Dwarf_Die *die, const char *scope, int nesting)
{
	char inner[NAME_MAX_BYTES];
	Dwarf_Die child;
	int tag;

	if (nesting > NESTING_MAX || dwarf_child(die, &child) != 0)
		return false;
	do {
		tag = dwarf_tag(&child);
		if (fits_tag(search, tag) && is_sought(search, &child, scope)) {
			*search->ret_type = child;
			return true;
		}
		if (!has_scope(tag))
			continue;
		enter(inner, scope, &child, tag);
		if (search_in(search, &child, inner, nesting + 1))
			return true;
	} while (lookup_sibling(search->program, &child));
	return false;
}

static bool search_unit(struct search *search, Dwarf_Die *unit)
{
	search->whole = true;
	if (search_in(search, unit, "", 0))
		return true;
	search->whole = false;
	return search_in(search, unit, "", 0);
}

/* If a unit is in another file, its entry here is a skeleton. */
bool lookup_next_unit(Dwarf *dwarf, Dwarf_CU **cu, Dwarf_Die *ret_unit)
{
	Dwarf_Die die, inner;
	uint8_t kind;

	if (dwarf_get_units(dwarf, *cu, cu, NULL, &kind, &die, &inner) != 0)
		return false;
	*ret_unit = kind == DW_UT_skeleton && dwarf_tag(&inner) != DW_TAG_invalid ? inner : die;
	return true;
}

bool lookup_type_in(const struct program *program, Dwarf_Die *unit, const char *name,
		    Dwarf_Die *ret_type)
{
	struct search search = {
		program, lookup_bare_name(name), find_tag(name), true, ret_type,
	};

	return search_unit(&search, unit);
}

bool lookup_type(const struct program *program, Dwarf_Die *unit, const char *name,
		 Dwarf_Die *ret_type)
{
	struct search search = {
		program, lookup_bare_name(name), find_tag(name), true, ret_type,
	};
	Dwarf_Die other;
	Dwarf_CU *cu = NULL;

	if (unit && search_unit(&search, unit))
		return true;
	while (work_take(program->work, 1) && lookup_next_unit(program->dwarf, &cu, &other))
		if (search_unit(&search, &other))
			return true;
	return false;
}
