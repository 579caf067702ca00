// SPDX-License-Identifier: MIT
/*
 * The types that a program shares with others: those of its contracts, each looked up and
 * checked.  A contract in a header is in each source that uses it, and is reported once;
 * but types of one name must then be the same.
 */
#include "tools/types/shared.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tools/text/say.h"
#include "tools/types/lookup.h"

struct reading {
	const struct program *program;
	struct shared *shared;
	bool renew;
};

static void check_size(struct shared_type *type, Dwarf_Die *die)
{
	Dwarf_Word size;

	if (!type->layout.faults && dwarf_aggregate_size(die, &size) == 0 &&
	    size != type->payload.size)
		layout_add_fault(&type->layout, "", "has %" PRIu64 " bytes in the debug information, and %" PRIu64 " in the contract: it is another type of this name",
				 size, type->payload.size);
}

static void look_up(const struct program *program, struct shared_type *type)
{
	struct payload *payload = &type->payload;
	char kind = lookup_scalar(payload->name);
	Dwarf_Die die;

	if (kind) {
		layout_of_scalar(&type->layout, (enum field_kind)kind, payload->size);
		return;
	}
	if (!lookup_type(program, &payload->unit, payload->name, &die)) {
		layout_add_fault(&type->layout, "", "is not in the debug information: use the type in this program, or compile it with -fno-eliminate-unused-debug-types, and a class with -femit-class-debug-always (clang++: -fstandalone-debug)");
		return;
	}
	layout_of_type(&type->layout, program, &die);
	check_size(type, &die);
}

/* Compares it with what the contract says, and with what is already known. */
static void check_fingerprint(const struct reading *reading, struct shared_type *type)
{
	const struct shared_type *other = shared_find(reading->shared, type->payload.name);

	if (type->layout.faults)
		return;
	if (!reading->renew && type->payload.fingerprint &&
	    type->payload.fingerprint != type->fingerprint)
		layout_add_fault(&type->layout, "", "has the fingerprint 0x%016" PRIx64 ", and 0x%016" PRIx64 " in the contract: write the header again",
				 type->fingerprint, type->payload.fingerprint);
	if (other && !other->layout.faults && other->fingerprint != type->fingerprint)
		layout_add_fault(&type->layout, "", "has other members in %s than in %s",
				 type->payload.service, other->payload.service);
}

static bool is_known(const struct shared *shared, const struct shared_type *type)
{
	for (size_t i = 0; i < shared->types; i++) {
		const struct shared_type *other = &shared->type[i];

		if (strcmp(other->payload.service, type->payload.service) == 0 &&
		    other->payload.role == type->payload.role &&
		    strcmp(other->payload.name, type->payload.name) == 0 &&
		    other->payload.fingerprint == type->payload.fingerprint &&
		    other->fingerprint == type->fingerprint)
			return true;
	}
	return false;
}

/* Was it read before, from the same unit?  Then its layout is known, too. */
static bool was_read(const struct shared *shared, const struct payload *payload)
{
	for (size_t i = 0; i < shared->types; i++) {
		const struct payload *other = &shared->type[i].payload;

		if (other->role == payload->role && other->size == payload->size &&
		    other->fingerprint == payload->fingerprint &&
		    other->unit.addr == payload->unit.addr &&
		    strcmp(other->service, payload->service) == 0 &&
		    strcmp(other->name, payload->name) == 0)
			return true;
	}
	return false;
}

static int take(void *context, const struct payload *payload)
{
	const struct reading *reading = context;
	struct shared *shared = reading->shared;
	struct shared_type type = { .payload = *payload }, *longer;

	/* Four looks through what is known. */
	if (!work_take(reading->program->work, 1 + 4 * shared->types / WORK_BYTES) ||
	    was_read(shared, payload))
		return 0;
	look_up(reading->program, &type);
	type.fingerprint = layout_fingerprint(&type.layout);
	if (is_known(shared, &type)) {
		layout_free(&type.layout);
		return 0;
	}
	check_fingerprint(reading, &type);
	longer = realloc(shared->type, (shared->types + 1) * sizeof(*longer));
	if (!longer || type.layout.no_memory) {
		layout_free(&type.layout);
		shared->type = longer ? longer : shared->type;
		return say("types", "no memory");
	}
	shared->type = longer;
	longer[shared->types++] = type;
	return 0;
}

int shared_read(struct shared *ret_shared, const char *program, bool renew)
{
	struct program file;
	struct reading reading = { &file, ret_shared, renew };
	struct work *work = &ret_shared->work;
	int r;

	*ret_shared = (struct shared){ .program = program };
	r = program_open(&file, program, program, work);
	if (r)
		say("types", "%s", file.why);
	else
		r = contracts_each(&file, take, &reading);
	if (!r && !ret_shared->types)
		r = say("types", "%s has no contract: no struct sluice_contract that is constant data and is used",
			program);
	program_close(&file);
	return r;
}

void shared_free(struct shared *shared)
{
	for (size_t i = 0; i < shared->types; i++)
		layout_free(&shared->type[i].layout);
	free(shared->type);
	*shared = (struct shared){ 0 };
}

const struct shared_type *shared_find(const struct shared *shared, const char *name)
{
	const char *bare = lookup_bare_name(name);

	for (size_t i = 0; i < shared->types; i++)
		if (strcmp(lookup_bare_name(shared->type[i].payload.name), bare) == 0)
			return &shared->type[i];
	return NULL;
}
