/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Documentation/settings.rst for settings_test.c: its rows, the fields of the structs that
 * they are of, and an object that is made with a value in such a field.
 */
#ifndef SELFTESTS_SETTINGS_H
#define SELFTESTS_SETTINGS_H

#include "steps.h"

/* ---- The page -------------------------------------------------------------- */

#define CELL		64
#define CELLS		6
#define ROWS_MAX	64

/* What a setting can be: numbers, or a word. */
struct range {
	char owner[CELL];	/* "node" for struct sluice_node_opts */
	char name[CELL], preset[CELL], least[CELL], most[CELL], error[CELL];
};

/* What becomes of a limit that is used up. */
struct use {
	char owner[CELL];
	char name[CELL], error[CELL];
};

struct page {
	struct range range[ROWS_MAX];
	struct use use[ROWS_MAX];
	size_t ranges, uses;
	char owner[CELL];	/* of the tables that are being read */
	bool of_use;
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

	if (page->of_use && cells == 3) {
		strcpy(use->owner, page->owner);
		strcpy(use->name, cell[0]);
		strcpy(use->error, cell[1]);
		page->uses++;
	} else if (!page->of_use && cells == CELLS) {
		strcpy(range->owner, page->owner);
		strcpy(range->name, cell[0]);
		strcpy(range->preset, cell[1]);
		strcpy(range->least, cell[2]);
		strcpy(range->most, cell[3]);
		strcpy(range->error, cell[5]);
		page->ranges++;
	}
}

helper void page_line(struct page *page, const char *line, bool *table)
{
	char cell[CELLS][CELL];
	size_t cells;

	if (sscanf(line, "struct sluice_%63[a-z]", page->owner) == 1)
		return;
	if (strstr(line, "===  ===")) {
		/* Above the names of columns, below them, and at the end. */
		*table = true;
		return;
	}
	if (*line == '\n')
		*table = false;
	if (!*table)
		return;
	cells = page_split(line, cell);
	if (!strcmp(cell[0], "setting") || !strcmp(cell[0], "used up"))
		page->of_use = cell[0][0] == 'u';
	else if (page->ranges < ROWS_MAX && page->uses < ROWS_MAX)
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
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(errors); i++)
		if (!strcmp(errors[i].name, name))
			return errors[i].number;
	return -1;
}

/* ---- Fields ---------------------------------------------------------------- */

enum kind {
	NUMBER,
	TEXT,			/* its value is a length */
	POINTER,
};

struct field {
	const char *owner, *name;
	size_t offset, width;
	enum kind kind;
};

#define FIELD_OF(owner, type, name, kind)				\
	{ #owner, #name, offsetof(struct type, name), sizeof(((struct type *)0)->name), kind }
#define FIELD(owner, name)		FIELD_OF(owner, sluice_##owner##_opts, name, NUMBER)
#define FIELD_AS(owner, name, kind)	FIELD_OF(owner, sluice_##owner##_opts, name, kind)

static const struct field fields[] = {
	FIELD(node, size),
	FIELD_AS(node, domain, TEXT),
	FIELD(node, wait),
	FIELD(node, reserved),
	FIELD(node, spin),
	FIELD(service, size),
	FIELD(service, flags),
	FIELD(service, max_clients),
	FIELD(service, max_servers),
	FIELD(service, max_nodes),
	FIELD(service, max_active_requests_per_client),
	FIELD(service, max_loaned_requests),
	FIELD(service, max_loaned_replies_per_request),
	FIELD(service, max_response_buffer_size),
	FIELD(service, max_borrowed_responses_per_pending_response),
	FIELD(service, max_fds_per_message),
	FIELD(service, request_alignment),
	FIELD(service, response_alignment),
	FIELD(service, mode),
	FIELD(service, group),
	FIELD(service, reserved),
	FIELD_AS(service, attributes, POINTER),
	FIELD(service, attribute_count),
	FIELD(service, refused_flags),
	FIELD_OF(attribute, sluice_attribute, key, TEXT),
	FIELD_OF(attribute, sluice_attribute, value, TEXT),
	FIELD(client, size),
	FIELD_AS(client, name, TEXT),
	FIELD(client, initial_max_slice_len),
	FIELD(client, memory_limit),
	FIELD(client, strategy),
	FIELD(client, flags),
	FIELD(client, preallocate),
	FIELD(client, max_active_requests),
	FIELD(client, when_full),
	FIELD(client, reserved),
	FIELD_AS(client, ask_when_full, POINTER),
	FIELD_AS(client, context, POINTER),
	FIELD(server, size),
	FIELD_AS(server, name, TEXT),
	FIELD(server, initial_max_slice_len),
	FIELD(server, memory_limit),
	FIELD(server, strategy),
	FIELD(server, flags),
	FIELD(server, preallocate),
	FIELD(server, when_full),
	FIELD_AS(server, ask_when_full, POINTER),
	FIELD_AS(server, context, POINTER),
	FIELD(server, port_memory_limit),
	FIELD(server, peer_memory_limit),
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

	if (field->kind == TEXT) {
		memset(trial->text, 'x', sizeof(trial->text));
		trial->text[value < sizeof(trial->text) ? value : sizeof(trial->text) - 1] = 0;
		memcpy((unsigned char *)base + field->offset, &text, sizeof(text));
	} else if (field->kind == NUMBER) {
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
		trial->options.client.memory_limit = LIMIT;
		trial->options.client.initial_max_slice_len = preallocate ? 4096 : 0;
	} else {
		trial->options.server.memory_limit = LIMIT;
		trial->options.server.initial_max_slice_len = preallocate ? 4096 : 0;
	}
}

/* Where the service says it, its word; else what was asked for stays. */
helper void trial_find(struct sluice_service *service, const struct field *field,
		       uint64_t *ret_found)
{
	struct sluice_service_opts found = { .size = sizeof(found) };
	struct sluice_attribute attribute;
	unsigned int count = 0;

	if (strcmp(field->owner, "service") || field->kind != NUMBER ||
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
	struct seat seat = { .wait = SLUICE_WAIT_AUTO };
	struct trial trial;
	int error = 0;

	trial_prepare(&trial, field);
	trial_store(&trial, field, value);
	seat.node = sluice_node_create("trial", node ? &trial.options.node : NULL);
	seat.service = sluice_service_open(seat.node, &blobs, node || client || server ?
					   NULL : &trial.options.service);
	if (client)
		seat.client = sluice_client_create(seat.service, &trial.options.client);
	if (server)
		seat.server = sluice_server_create(seat.service, &trial.options.server);
	if (!seat.service || (client && !seat.client) || (server && !seat.server))
		error = errno;
	else
		trial_find(seat.service, field, ret_found);
	leave(&seat, 0, 0);
	return error;
}

#endif /* SELFTESTS_SETTINGS_H */
