/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Documentation/settings.rst for settings_test.c: its rows, the fields of the structs that
 * they are of, and an object that is made with a value in such a field.
 */
#ifndef SELFTESTS_SETTINGS_H
#define SELFTESTS_SETTINGS_H

#include <sys/param.h>

#include "steps.h"

#include <sluice/wire.h>

#include "base/limits.h"

/* ---- The page -------------------------------------------------------------- */

#define CELL		64
#define CELLS		6
#define ROWS_MAX	64

/* What a setting can be: numbers, or a word. */
struct range {
	char owner[CELL];	/* "node" for struct sluice_node_opts */
	char name[CELL], preset[CELL], least[CELL], most[CELL], unit[CELL], error[CELL];
};

/* What becomes of a limit that is used up. */
struct use {
	char owner[CELL];
	char name[CELL], error[CELL];
};

/* Another name of a setting, or what a flag means. */
struct pair {
	char first[CELL], second[CELL];
};

/* Tables are told apart by the name of their first column. */
enum table {
	TABLE_RANGES,		/* "setting" */
	TABLE_USES,		/* "used up" */
	TABLE_PAIRS,		/* "option" and "flag" */
};

struct page {
	struct range range[ROWS_MAX];
	struct use use[ROWS_MAX];
	struct pair pair[ROWS_MAX];
	size_t ranges, uses, pairs;
	char owner[CELL];	/* of the tables that are being read */
	enum table table;
};

/* Cells have two spaces between them; how many there are. */
helper size_t page_split(const char *line, char cell[CELLS][CELL])
{
	size_t count = 0, length;
	const char *end;

	while (*line && count < CELLS) {
		end = strstr(line, "  ");
		length = end ? (size_t)(end - line) : strcspn(line, "\n");
		snprintf(cell[count++], CELL, "%.*s", (int)length, line);
		line += length;
		line += strspn(line, " \n");
	}
	return count;
}

helper void page_take(struct page *page, char cell[CELLS][CELL], size_t cells)
{
	struct range *range = &page->range[page->ranges];
	struct use *use = &page->use[page->uses];

	if (page->table == TABLE_PAIRS && cells == 2) {
		strcpy(page->pair[page->pairs].first, cell[0]);
		strcpy(page->pair[page->pairs++].second, cell[1]);
	} else if (page->table == TABLE_USES && cells == 3) {
		strcpy(use->owner, page->owner);
		strcpy(use->name, cell[0]);
		strcpy(use->error, cell[1]);
		page->uses++;
	} else if (page->table == TABLE_RANGES && cells == CELLS) {
		strcpy(range->owner, page->owner);
		strcpy(range->name, cell[0]);
		strcpy(range->preset, cell[1]);
		strcpy(range->least, cell[2]);
		strcpy(range->most, cell[3]);
		strcpy(range->unit, cell[4]);
		strcpy(range->error, cell[5]);
		page->ranges++;
	}
}

/* Is this the line that names the columns? */
helper bool page_heading(struct page *page, const char *first)
{
	if (!strcmp(first, "setting"))
		page->table = TABLE_RANGES;
	else if (!strcmp(first, "used up"))
		page->table = TABLE_USES;
	else if (!strcmp(first, "option") || !strcmp(first, "flag"))
		page->table = TABLE_PAIRS;
	else
		return false;
	return true;
}

helper void page_line(struct page *page, const char *line, bool *table)
{
	char cell[CELLS][CELL];
	size_t cells;

	if (sscanf(line, "struct sluice_%63[a-z]", page->owner) == 1)
		return;
	if (!strncmp(line, "====", 4) && strstr(line, "=  =")) {
		/* Above the names of columns, below them, and at the end. */
		*table = true;
		return;
	}
	if (*line == '\n')
		*table = false;
	if (!*table)
		return;
	cells = page_split(line, cell);
	if (!page_heading(page, cell[0]) && page->ranges < ROWS_MAX &&
	    page->uses < ROWS_MAX && page->pairs < ROWS_MAX)
		page_take(page, cell, cells);
}

helper bool page_read(struct page *page, const char *path)
{
	FILE *file = fopen(path, "re");
	bool table = false;
	char line[256];

	memset(page, 0, sizeof(*page));
	if (!file)
		return false;
	while (fgets(line, sizeof(line), file))
		page_line(page, line, &table);
	fclose(file);
	return true;
}

/* ---- Words and numbers ----------------------------------------------------- */

/* A number, octal with a leading 0, in bytes with a unit; false: it is a word. */
helper bool number_of(const char *text, uint64_t *ret_number)
{
	static const char *const units[] = { "", " KiB", " MiB", " GiB", " TiB" };
	char *end;
	size_t i;

	*ret_number = strtoull(text, &end, 0);
	for (i = 0; end != text && i < ARRAY_SIZE(units); i++) {
		if (!strcmp(end, units[i])) {
			*ret_number <<= 10 * i;
			return true;
		}
	}
	return false;
}

/* 0 for none, and -1 for what has none. */
helper int error_of(const char *name)
{
	static const struct {
		const char *name;
		int number;
	} errors[] = {
		{ "none", 0 }, { "EINVAL", EINVAL }, { "EUSERS", EUSERS }, { "EBUSY", EBUSY },
		{ "ENOBUFS", ENOBUFS }, { "EMSGSIZE", EMSGSIZE }, { "ENOMEM", ENOMEM },
		{ "E2BIG", E2BIG }, { "ENOTSOCK", ENOTSOCK },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(errors); i++)
		if (!strcmp(errors[i].name, name))
			return errors[i].number;
	return -1;
}

/* ---- Fields ---------------------------------------------------------------- */

enum kind {
	NUMBER_FIELD,
	TEXT_FIELD,		/* its value is a length */
	POINTER_FIELD,
};

struct field {
	const char *owner, *name;
	size_t offset, width;
	enum kind kind;
};

#define KIND_OF(value)							\
	_Generic(value, uint32_t: NUMBER_FIELD, uint64_t: NUMBER_FIELD,		\
		 int32_t: NUMBER_FIELD, int64_t: NUMBER_FIELD, uint64_t *: NUMBER_FIELD,	\
		 const char *: TEXT_FIELD, default: POINTER_FIELD)
#define FIELD_OF(owner, type, name)					\
	{ #owner, #name, offsetof(struct type, name), sizeof(((struct type *)0)->name), \
	  KIND_OF(((struct type *)0)->name) },

/* The struct of each section; a path is no field. */
#define FIELD_OF_node(name)		FIELD_OF(node, sluice_node_opts, name)
#define FIELD_OF_service(name)		FIELD_OF(service, sluice_service_opts, name)
#define FIELD_OF_client(name)		FIELD_OF(client, sluice_client_opts, name)
#define FIELD_OF_server(name)		FIELD_OF(server, sluice_server_opts, name)
#define FIELD_OF_attribute(name)	FIELD_OF(attribute, sluice_attribute, name)
#define FIELD_OF_NAME(section, name)	FIELD_OF_##section(name)
/* Of an array the first word. */
#define FIELD_OF_port(section, name)					\
	{ #section, #name, offsetof(struct sluice_##section##_opts, port.name),	\
	  MIN(sizeof(((struct sluice_port_opts *)0)->name), sizeof(uint64_t)),	\
	  KIND_OF(((struct sluice_port_opts *)0)->name) },
#define FIELD_OF_PATH(section, name)

static const struct field fields[] = {
#define SETTING(section, field, ...)	FIELD_OF_##section(field)
#define PORT(section, field, ...)	FIELD_OF_port(section, field)
#define FIELD(section, field, ...)	FIELD_OF_##section(field)
#define PORT_FIELD(section, field, ...)	FIELD_OF_port(section, field)
#define TEXT(section, name, kind, ...)	FIELD_OF_##kind(section, name)
#include "config/settings.def"
};

#define FIELDS	ARRAY_SIZE(fields)

helper const struct field *field_of(const struct range *row)
{
	size_t i;

	for (i = 0; i < FIELDS; i++)
		if (!strcmp(fields[i].owner, row->owner) && !strcmp(fields[i].name, row->name))
			return &fields[i];
	return NULL;
}

/* Ports whose memory is in question have so much, and slices of a page. */
#define LIMIT	(16u * 4096u)

/* The most, if it is a number or stands for one. */
helper bool most_of(const struct range *row, const struct field *field, uint64_t *ret_most)
{
	if (!strcmp(row->most, "memory_limit"))
		*ret_most = strcmp(field->name, "preallocate") ? LIMIT : LIMIT / 4096;
	else if (!strcmp(row->most, "service's"))
		*ret_most = 16;
	else
		return number_of(row->most, ret_most);
	return true;
}

/* A value that must not be taken. */
helper bool too_much(const struct range *row, const struct field *field, uint64_t *ret_value)
{
	if (!strcmp(row->most, "bits")) {
		*ret_value = UINT64_C(1) << (8 * field->width - 1);
		return true;
	}
	/* A group without a mode for it, attributes that are not there. */
	*ret_value = 1;
	if (!strcmp(row->most, "any"))
		return true;
	if (!most_of(row, field, ret_value))
		return false;
	++*ret_value;
	return true;
}

/* ---- An object that is made with a value ------------------------------------- */

/* Zeroes behind what the library knows: that much may be said to be there. */
union options {
	size_t size;
	struct sluice_node_opts node;
	struct sluice_service_opts service;
	struct sluice_client_opts client;
	struct sluice_server_opts server;
	unsigned char bytes[8192];
};

#define ATTRIBUTES	32

struct trial {
	union options options;
	struct sluice_attribute attribute[ATTRIBUTES];
	char text[512];
};

helper void trial_store(struct trial *trial, const struct field *field, uint64_t value)
{
	void *base = strcmp(field->owner, "attribute") ? trial->options.bytes :
		     (unsigned char *)trial->attribute;
	const char *text = trial->text;

	if (field->kind == TEXT_FIELD) {
		memset(trial->text, 'x', sizeof(trial->text));
		trial->text[value < sizeof(trial->text) ? value : sizeof(trial->text) - 1] = 0;
		memcpy((unsigned char *)base + field->offset, &text, sizeof(text));
	} else if (field->kind == NUMBER_FIELD) {
		memcpy((unsigned char *)base + field->offset, &value, field->width);
	}
}

/* What else must be said so that the field alone decides. */
helper void trial_prepare(struct trial *trial, const struct field *field)
{
	static const struct sluice_attribute usual = { "k", "v" };
	bool client = !strcmp(field->owner, "client"), server = !strcmp(field->owner, "server");
	bool preallocate = !strcmp(field->name, "preallocate");
	size_t i;

	memset(trial, 0, sizeof(*trial));
	trial->options.size = client ? sizeof(trial->options.client) :
			      server ? sizeof(trial->options.server) :
			      !strcmp(field->owner, "node") ? sizeof(trial->options.node) :
			      sizeof(trial->options.service);
	for (i = 0; i < ATTRIBUTES; i++)
		trial->attribute[i] = usual;
	if (!strcmp(field->name, "attribute_count") || !strcmp(field->owner, "attribute"))
		trial->options.service.attributes = trial->attribute;
	if (!strcmp(field->name, "attributes") || !strcmp(field->owner, "attribute"))
		trial->options.service.attribute_count = 1;
	if (!preallocate && strcmp(field->name, "initial_max_slice_len"))
		return;
	if (client) {
		trial->options.client.port.memory_limit = LIMIT;
		trial->options.client.port.initial_max_slice_len = preallocate ? 4096 : 0;
	} else {
		trial->options.server.port.memory_limit = LIMIT;
		trial->options.server.port.initial_max_slice_len = preallocate ? 4096 : 0;
	}
}

/* Where the service says it, its word; else what was asked for stays. */
helper void trial_find(struct sluice_service *service, const struct field *field,
		       uint64_t *ret_found)
{
	struct sluice_service_opts found = { .size = sizeof(found) };
	struct sluice_attribute attribute;
	unsigned int count = 0;

	if (strcmp(field->owner, "service") || field->kind != NUMBER_FIELD ||
	    !strcmp(field->name, "size"))
		return;
	if (sluice_service_settings(service, &found) < 0)
		return;
	*ret_found = 0;
	memcpy(ret_found, (unsigned char *)&found + field->offset, field->width);
	if (strcmp(field->name, "attribute_count"))
		return;
	while (sluice_service_attribute(service, count, &attribute) == 1)
		count++;
	*ret_found = count;
}

/* 0 or an errno; with 0 what was found of a service. */
helper int try_value(const struct field *field, uint64_t value, uint64_t *ret_found)
{
	bool node = !strcmp(field->owner, "node"), client = !strcmp(field->owner, "client");
	bool server = !strcmp(field->owner, "server");
	struct side side = { .wait = SLUICE_WAIT_AUTO };
	struct trial trial;
	int error = 0;

	trial_prepare(&trial, field);
	trial_store(&trial, field, value);
	side.node = sluice_node_create("trial", node ? &trial.options.node : NULL);
	side.service = sluice_service_open(side.node, &blobs, node || client || server ?
					   NULL : &trial.options.service);
	if (client)
		side.client = sluice_client_create(side.service, &trial.options.client);
	if (server)
		side.server = sluice_server_create(side.service, &trial.options.server);
	if (!side.service || (client && !side.client) || (server && !side.server))
		error = errno;
	else
		trial_find(side.service, field, ret_found);
	leave(&side, 0, 0);
	return error;
}

#endif /* SELFTESTS_SETTINGS_H */
