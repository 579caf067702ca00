// SPDX-License-Identifier: MIT
/*
 * The configuration: /etc/sluice/sluice.conf, the user's own below $XDG_CONFIG_HOME, or
 * in place of both $SLUICE_CONFIG; and in the environment SLUICE_ROOT, SLUICE_DOMAIN and
 * SLUICE_WAIT.  What comes later wins.
 *
 * It is read when a node is made, and belongs to it, so that the files can be changed
 * while processes run and none of them sees half of a change.  Without a file that is two
 * failed system calls.
 *
 * A file is trusted as far as its owner is (config/ini_file.c), but not to be right: a key
 * that is not in the table, a value that it cannot have, a key that is set twice, or a
 * default above its ceiling is a failure that names the file and the line.  A program that
 * has more privileges than its user looks at nothing of the user's.
 */
#include "config/config.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config_text.h"
#include "base/error.h"
#include "config/ini_file.h"

#define SYSTEM_FILE	"/etc/sluice/sluice.conf"
#define USER_FILE	"sluice/sluice.conf"
#define LIMITS		".limits"

struct reading {
	struct config *config;
	enum config_from from;
};

/* ---- A line of a file ---- */

/* Is this the section of a key?  Sets whether it is that of its ceiling. */
static bool is_section(const struct config_key *key, const char *section, bool *ret_limits)
{
	const char *name = config_sections[key->section];
	size_t length = strlen(name);

	if (strncmp(section, name, length))
		return false;
	*ret_limits = section[length];
	return !section[length] || !strcmp(section + length, LIMITS);
}

static bool section_exists(const char *section, bool *ret_limits)
{
	unsigned int i;

	for (i = 0; i < CONFIG_KEYS; i++)
		if (is_section(&config_keys[i], section, ret_limits))
			return !*ret_limits || config_keys[i].section != CONFIG_NODE;
	return false;
}

static int unknown(const struct ini_entry *entry)
{
	bool limits;
	unsigned int i;

	if (!*entry->section)
		return fail(EINVAL, "%s:%u: %s stands before any [section]", entry->file,
			    entry->line, entry->key);
	if (!section_exists(entry->section, &limits))
		return fail(EINVAL, "%s:%u: there is no section [%s]", entry->file, entry->line,
			    entry->section);
	for (i = 0; i < CONFIG_KEYS; i++)
		if (!strcmp(config_keys[i].name, entry->key))
			return fail(EINVAL, "%s:%u: there is no %s in [%s], but in [%s]",
				    entry->file, entry->line, entry->key, entry->section,
				    config_sections[config_keys[i].section]);
	return fail(EINVAL, "%s:%u: there is no key %s", entry->file, entry->line, entry->key);
}

/* The number of a key, and whether its ceiling is meant; or -EINVAL. */
static int find_key(const struct ini_entry *entry, bool *ret_limits)
{
	unsigned int i;

	for (i = 0; i < CONFIG_KEYS; i++)
		if (!strcmp(config_keys[i].name, entry->key) &&
		    is_section(&config_keys[i], entry->section, ret_limits) &&
		    (!*ret_limits || config_keys[i].fenced))
			return (int)i;
	return unknown(entry);
}

/* A word in place of the text is as if nothing were said. */
static int set_text(struct config *config, unsigned int key, const char *text)
{
	const struct config_word *word = config_keys[key].words;

	free(config->text[key]);
	config->text[key] = NULL;
	if (word && !strcmp(word->text, text))
		return 0;
	config->text[key] = strdup(text);
	return config->text[key] ? 0 : fail(ENOMEM, "no memory for the configuration");
}

static int take_entry(void *context, const struct ini_entry *entry)
{
	const struct reading *reading = context;
	struct config *config = reading->config;
	char room[CONFIG_TEXT_SIZE];
	struct config_value *value;
	const char *wrong;
	uint64_t number;
	bool limits;
	int i = find_key(entry, &limits);

	if (i < 0)
		return i;
	value = limits ? &config->ceiling[i] : &config->value[i];
	if (value->from == reading->from)
		return fail(EINVAL, "%s:%u: %s is set a second time; it was in line %u",
			    entry->file, entry->line, entry->key, value->line);
	wrong = config_parse(&config_keys[i], entry->value, &number, room);
	if (wrong)
		return fail(EINVAL, "%s:%u: %s %s", entry->file, entry->line, entry->key, wrong);
	*value = (struct config_value){
		.number = number,
		.line = entry->line,
		.from = reading->from,
	};
	return i < (int)CONFIG_TEXTS ? set_text(config, (unsigned int)i, entry->value) : 0;
}

/* ---- The files ---- */

/* 1; 0: it is not there; or -errno. */
static int read_file(struct config *config, const char *path, enum config_from from)
{
	struct reading reading = { .config = config, .from = from };
	int r = ini_file_read(path, take_entry, &reading);

	if (r <= 0)
		return r;
	config->file[from] = strdup(path);
	return config->file[from] ? 1 : fail(ENOMEM, "no memory for the configuration");
}

static int read_named(struct config *config, const char *path)
{
	int r = read_file(config, path, CONFIG_USER_FILE);

	return r ? r : fail(ENOENT, "there is no configuration %s", path);
}

/* False: there is none, since this process has no home. */
static bool user_path(char *path, size_t size)
{
	const char *home = secure_getenv("XDG_CONFIG_HOME"), *below = "";

	/* The XDG specification wants a relative one ignored. */
	if (!home || *home != '/') {
		home = secure_getenv("HOME");
		below = "/.config";
	}
	return home && *home == '/' &&
	       (size_t)snprintf(path, size, "%s%s/" USER_FILE, home, below) < size;
}

static int read_files(struct config *config)
{
	const char *chosen = secure_getenv("SLUICE_CONFIG");
	char path[PATH_MAX];
	int r;

	if (chosen && *chosen)
		return read_named(config, chosen);
	r = read_file(config, SYSTEM_FILE, CONFIG_SYSTEM_FILE);
	if (r >= 0 && user_path(path, sizeof(path)))
		r = read_file(config, path, CONFIG_USER_FILE);
	return r;
}

static int check_ceilings(const struct config *config)
{
	char at[PATH_MAX + 16], fence[PATH_MAX + 16], has[CONFIG_TEXT_SIZE], can[CONFIG_TEXT_SIZE];
	const struct config_value *value, *ceiling;
	const struct config_key *key;
	unsigned int i;

	for (i = 0; i < CONFIG_KEYS; i++) {
		key = &config_keys[i];
		value = &config->value[i];
		ceiling = &config->ceiling[i];
		if (!value->from || !ceiling->from || value->number <= ceiling->number)
			continue;
		return fail(EINVAL, "%s: %s is %s, and [%s.limits] of %s allows at most %s",
			    config_place(config, value, at, sizeof(at)), key->name,
			    config_format(key, value->number, has), config_sections[key->section],
			    config_place(config, ceiling, fence, sizeof(fence)),
			    config_format(key, ceiling->number, can));
	}
	return 0;
}

/* ---- The environment ---- */

static int take_variable(struct config *config, unsigned int key, const char *name)
{
	const char *text = secure_getenv(name);

	if (!text || !*text)
		return 0;
	config->value[key] = (struct config_value){ .from = CONFIG_ENVIRONMENT };
	return set_text(config, key, text);
}

/* Where a relative path leads depends on the directory a program happens to be in. */
static int take_root(struct config *config)
{
	const char *text = secure_getenv("SLUICE_ROOT");

	if (text && *text && *text != '/')
		return fail(EINVAL, "SLUICE_ROOT is \"%s\", and must be an absolute path", text);
	return take_variable(config, CONFIG_ROOT, "SLUICE_ROOT");
}

int config_wait(const struct config *config)
{
	const char *text = secure_getenv("SLUICE_WAIT");
	char room[CONFIG_TEXT_SIZE];
	uint64_t number;

	if (!text || !*text)
		return (int)config->value[CONFIG_WAIT].number;
	if (config_parse(&config_keys[CONFIG_WAIT], text, &number, room))
		return fail(EINVAL, "SLUICE_WAIT is \"%s\", and can be uring, socket or auto", text);
	return (int)number;
}

/* ---- The whole ---- */

int config_load(struct config *config, const char *path)
{
	int r;

	memset(config, 0, sizeof(*config));
	r = path ? read_named(config, path) : read_files(config);
	if (r >= 0)
		r = check_ceilings(config);
	if (!r && !path)
		r = take_root(config);
	if (!r && !path)
		r = take_variable(config, CONFIG_DOMAIN, "SLUICE_DOMAIN");
	if (r < 0) {
		config_free(config);
		return fail_again(r);
	}
	return 0;
}

void config_free(struct config *config)
{
	unsigned int i;

	for (i = 0; i < CONFIG_TEXTS; i++)
		free(config->text[i]);
	for (i = 0; i < CONFIG_FILES; i++)
		free(config->file[i]);
}

const char *config_place(const struct config *config, const struct config_value *value,
			 char *room, size_t size)
{
	snprintf(room, size, "%s:%u", config->file[value->from], value->line);
	return room;
}
