// SPDX-License-Identifier: MIT
/*
 * The contracts in a program identify its types: each variable, or array, of the type
 * struct sluice_contract that has a fixed address.  The debug information says where they
 * are.  The names, sizes and fingerprints are read from the data that the program starts
 * with.  A program needs no additions for that, and it works for an executable that is
 * loaded anywhere, a shared library and an object, of C and of C++.
 *
 * Two kinds of contract are not found: one that is made while the program runs (in a
 * variable on the stack, or inside another struct), and one that the compiler has dropped
 * because it is not used, or, with link-time optimization, has no address for.
 *
 * The debug information may be wrong, and say that an array has any number of contracts, or
 * that many variables have one address.  So contracts are read as far as the file has their
 * bytes, and CONTRACTS_MAX at most; and all that is looked at for a file has a bound
 * (work.h), beyond which the file is refused.
 */
#include "tools/types/contracts.h"

#include <inttypes.h>
#include <string.h>

#include <dwarf.h>

#include "tools/text/say.h"
#include "tools/types/lookup.h"

#define NESTING_MAX	64
#define CONTRACTS_MAX	65536	/* far more than a program has, in all its sources */
#define ATTRIBUTES_MAX	256	/* of an entry; compilers use some 20 */

struct search {
	const struct program *program;
	payload_function *function;
	void *context;
	Dwarf_Die unit;
	int contracts;		/* read so far */
};

static const struct {
	const char *role;
	size_t offset;
} types[] = {
	{ "request", offsetof(struct sluice_contract, request) },
	{ "response", offsetof(struct sluice_contract, response) },
	{ "request_header", offsetof(struct sluice_contract, request_header) },
	{ "response_header", offsetof(struct sluice_contract, response_header) },
};

#define TYPES	(sizeof(types) / sizeof(types[0]))

/* ---- Data ---- */

static bool read_text(const struct program *program, struct place pointer, char *ret, size_t size)
{
	struct place text;

	return program_follow(program, pointer, &text) &&
	       program_string(program, text, ret, size);
}

static int read_type(const struct search *search, struct place at, struct payload *payload)
{
	struct sluice_type type;

	payload->name[0] = '\0';
	if (!program_read(search->program, at, &type, sizeof(type)))
		return -1;
	if (!read_text(search->program, at, payload->name, sizeof(payload->name)) && !type.size)
		return 0;	/* no user header */
	if (search->program->work->spent)
		return 0;	/* contracts_each() tells it */
	if (!payload->name[0])
		return say("types", "%s: the name of the %s of %s cannot be read",
			   search->program->name, payload->role, payload->service);
	payload->size = type.size;
	payload->alignment = type.alignment;
	payload->kind = type.kind;
	payload->fingerprint = type.fingerprint;
	return search->function(search->context, payload);
}

static int read_contract(const struct search *search, struct place at)
{
	struct payload payload = { .unit = search->unit };
	struct place place = at;
	int r = 0;

	_Static_assert(offsetof(struct sluice_contract, name) == 0, "a pointer comes first");
	_Static_assert(offsetof(struct sluice_type, name) == 0, "likewise");
	if (!read_text(search->program, at, payload.service, sizeof(payload.service)))
		return 0;	/* filled in when the program runs */
	for (size_t i = 0; !r && i < TYPES; i++) {
		payload.role = types[i].role;
		place.offset = at.offset + types[i].offset;
		r = read_type(search, place, &payload);
	}
	return r;
}

/* ---- Debug information ---- */

static bool type_of(Dwarf_Die *die, Dwarf_Die *ret_type)
{
	Dwarf_Attribute attribute;

	return dwarf_formref_die(dwarf_attr_integrate(die, DW_AT_type, &attribute), ret_type) &&
	       dwarf_peel_type(ret_type, ret_type) == 0;
}

static bool is_contract(Dwarf_Die *type)
{
	const char *name = dwarf_diename(type);

	return dwarf_tag(type) == DW_TAG_structure_type && name &&
	       strcmp(name, "sluice_contract") == 0;
}

/* The contracts of sluice.hpp have a struct sluice_contract as their base, and no more. */
static bool is_made_of_contract(const struct program *program, Dwarf_Die *type)
{
	Dwarf_Die child, base;

	if (is_contract(type))
		return true;
	if (dwarf_tag(type) != DW_TAG_structure_type || dwarf_child(type, &child) != 0)
		return false;
	do {
		if (dwarf_tag(&child) == DW_TAG_inheritance)
			return type_of(&child, &base) && is_contract(&base);
	} while (lookup_sibling(program, &child));
	return false;
}

/* How many contracts a variable holds; -1 if they are of another version. */
static int64_t count_contracts(const struct program *program, Dwarf_Die *variable)
{
	Dwarf_Word size = 0, all = 0;
	Dwarf_Die type, element;

	if (!type_of(variable, &type))
		return 0;
	element = type;
	if (dwarf_tag(&type) == DW_TAG_array_type && !type_of(&type, &element))
		return 0;
	if (!is_made_of_contract(program, &element))
		return 0;
	if (dwarf_aggregate_size(&element, &size) < 0 || dwarf_aggregate_size(&type, &all) < 0)
		return 0;	/* only declared */
	return size == sizeof(struct sluice_contract) ? (int64_t)(all / size) : -1;
}

static bool address_of(Dwarf_Die *variable, Dwarf_Addr *ret_address)
{
	Dwarf_Attribute location, address;
	Dwarf_Op *op;
	size_t ops;

	if (!dwarf_attr_integrate(variable, DW_AT_location, &location) ||
	    dwarf_getlocation(&location, &op, &ops) != 0 || ops != 1)
		return false;
	if (op->atom == DW_OP_addr) {
		*ret_address = op->number;
		return true;
	}
	return dwarf_getlocation_attr(&location, op, &address) == 0 &&
	       dwarf_formaddr(&address, ret_address) == 0;
}

/* One of an array.  Zeros that are not in the file have no names. */
static int look_at_contract(struct search *search, struct place place)
{
	if (search->contracts++ == CONTRACTS_MAX)
		return say("types", "%s has more than %d contracts", search->program->name,
			   CONTRACTS_MAX);
	return read_contract(search, place);
}

static int look_at_variable(struct search *search, Dwarf_Die *variable)
{
	int64_t count = count_contracts(search->program, variable), i;
	struct place place;
	Dwarf_Addr address;
	int r = 0;

	if (!count || !address_of(variable, &address) ||
	    !program_find(search->program, address, &place))
		return 0;
	if (count < 0)
		return say("types", "%s was compiled with the sluice.h of another version",
			   search->program->name);
	for (i = 0; !r && i < count &&
	     program_stores(search->program, place, sizeof(struct sluice_contract)); i++) {
		r = look_at_contract(search, place);
		place.offset += sizeof(struct sluice_contract);
	}
	return r;
}

static int look_into(struct search *search, Dwarf_Die *die, int nesting)
{
	Dwarf_Die child;
	int r = 0;

	if (nesting > NESTING_MAX || dwarf_child(die, &child) != 0)
		return 0;
	do {
		switch (dwarf_tag(&child)) {
		case DW_TAG_variable:
			r = look_at_variable(search, &child);
			break;
		case DW_TAG_namespace:
		case DW_TAG_subprogram:
		case DW_TAG_lexical_block:
			r = look_into(search, &child, nesting + 1);
			break;
		}
	} while (!r && lookup_sibling(search->program, &child));
	return r;
}

/*
 * An attribute need not take a byte of the entry that has it, and libdw goes through the
 * attributes of an entry to find one.
 */
static bool has_long_entries(const struct program *program, Dwarf_Die *unit)
{
	Dwarf_Abbrev *kind;
	Dwarf_Off offset = 0;
	size_t length, count;

	while ((kind = dwarf_getabbrev(unit, offset, &length)) && kind != DWARF_END_ABBREV) {
		if (dwarf_getattrcnt(kind, &count) != 0 || count > ATTRIBUTES_MAX)
			return true;
		if (!work_take(program->work, count))
			return false;
		offset += length;
	}
	return false;
}

static int check_units(const struct program *program)
{
	Dwarf_CU *cu = NULL;
	Dwarf_Die unit;

	while (work_take(program->work, 1) && lookup_next_unit(program->dwarf, &cu, &unit))
		if (has_long_entries(program, &unit))
			return say("types", "%s has debug information with more than %d attributes of one thing",
				   program->name, ATTRIBUTES_MAX);
	return 0;
}

int contracts_each(const struct program *program, payload_function *function, void *context)
{
	struct search search = { program, function, context, { 0 }, 0 };
	Dwarf_CU *cu = NULL;
	int r = check_units(program);

	while (!r && work_take(program->work, 1) &&
	       lookup_next_unit(program->dwarf, &cu, &search.unit))
		r = look_into(&search, &search.unit, 0);
	if (!r && program->work->spent)
		r = say("types", "%s has too much debug information for its size: %" PRIu64 " entries were looked at, and more are left",
			program->name, program->work->done);
	return r;
}
