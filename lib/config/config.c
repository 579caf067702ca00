// SPDX-License-Identifier: MIT
/*
 * The configuration of a process.  It is read from /etc/sluice/sluice.conf and from the
 * user's file below $XDG_CONFIG_HOME, or from $SLUICE_CONFIG in place of both; and from
 * SLUICE_ROOT, SLUICE_DOMAIN and SLUICE_WAIT in the environment.  What is read later wins.
 *
 * A node reads it when it is made and owns what was read.  So the files can be changed
 * while processes run, and no process sees half of a change.  Without a file that costs
 * two failed system calls.
 *
 * A file is read only if its owner can be trusted (config/ini_file.c), but it may be wrong.
 * An unknown key, a value out of range, a key that is set twice, and a default above its
 * ceiling are failures that name the file and the line.  A program with more privileges
 * than its user reads neither the user's file nor the environment.
 */
#include "config/config.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "config/config_text.h"
#include "config/ini_file.h"

#define SYSTEM_FILE	"/etc/sluice/sluice.conf"
#define USER_FILE	"sluice/sluice.conf"
#define LIMITS		".limits"

struct reading {
	struct config *config;
	enum config_from from;
};

static int no_memory(void)
{
	return fail(ENOMEM, "no memory for the configuration");
}

/* ---- A line of a file ---- */

/* Is a setting in this section?  Says whether it is the section of the ceilings. */
static bool is_section(const struct setting *setting, const char *section, bool *ret_limits)
{
	const char *name = setting_sections[setting->section];
	size_t length = strlen(name);

	if (strncmp(section, name, length))
		return false;
	*ret_limits = section[length];
	return !section[length] || !strcmp(section + length, LIMITS);
}

static bool section_exists(const char *section, bool *ret_limits)
{
	unsigned int i;

	for (i = 0; i < SETTINGS; i++)
		if (is_section(&setting_table[i], section, ret_limits))
			return !*ret_limits || setting_table[i].section != SECTION_node;
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
	for (i = 0; i < SETTINGS; i++)
		if (!strcmp(setting_table[i].name, entry->key))
			return fail(EINVAL, "%s:%u: there is no %s in [%s], but in [%s]",
				    entry->file, entry->line, entry->key, entry->section,
				    setting_sections[setting_table[i].section]);
	return fail(EINVAL, "%s:%u: there is no key %s", entry->file, entry->line, entry->key);
}

/* The number of an entry's setting, and whether the entry is a ceiling; or -EINVAL. */
static int find_setting(const struct ini_entry *entry, bool *ret_limits)
{
	unsigned int i;

	for (i = 0; i < SETTINGS; i++)
		if (!strcmp(setting_table[i].name, entry->key) &&
		    is_section(&setting_table[i], entry->section, ret_limits) &&
		    (!*ret_limits || setting_table[i].ceiling))
			return (int)i;
	return unknown(entry);
}

/* The word for the default of a path unsets it. */
static int set_text(struct config *config, unsigned int i, const char *text)
{
	const char *word = setting_table[i].words->text;

	free(config->text[i]);
	config->text[i] = NULL;
	if (word && !strcmp(word, text))
		return 0;
	config->text[i] = strdup(text);
	return config->text[i] ? 0 : no_memory();
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
	int i = find_setting(entry, &limits);

	if (i < 0)
		return i;
	value = limits ? &config->ceiling[i] : &config->value[i];
	if (value->from == reading->from)
		return fail(EINVAL, "%s:%u: %s is set a second time; it was in line %u",
			    entry->file, entry->line, entry->key, value->line);
	wrong = config_parse(&setting_table[i], entry->value, &number, room);
	if (wrong)
		return fail(EINVAL, "%s:%u: %s %s", entry->file, entry->line, entry->key, wrong);
	*value = (struct config_value){
		.number = number,
		.line = entry->line,
		.from = reading->from,
	};
	return setting_is_text(&setting_table[i]) ?
	       set_text(config, (unsigned int)i, entry->value) : 0;
}

/* ---- The files ---- */

/* 1; 0: there is no such file; or -errno. */
static int read_file(struct config *config, const char *path, enum config_from from)
{
	struct reading reading = { .config = config, .from = from };
	int r = ini_file_read(path, take_entry, &reading);

	if (r <= 0)
		return r;
	config->file[from] = strdup(path);
	return config->file[from] ? 1 : no_memory();
}

static int read_named(struct config *config, const char *path)
{
	int r = read_file(config, path, CONFIG_USER_FILE);

	return r ? r : fail(ENOENT, "there is no configuration %s", path);
}

/* The name of the user's file.  False: this process has no home. */
static bool user_path(char *path, size_t size)
{
	const char *home = secure_getenv("XDG_CONFIG_HOME"), *below = "";

	/* The XDG specification says that a relative path is ignored. */
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

static int exceeds_ceiling(const struct config *config, unsigned int i)
{
	char at[PATH_MAX + 16], limit[PATH_MAX + 16], has[CONFIG_TEXT_SIZE], can[CONFIG_TEXT_SIZE];
	const struct config_value *value = &config->value[i], *ceiling = &config->ceiling[i];
	const struct setting *setting = &setting_table[i];

	return fail(EINVAL, "%s: %s is %s, and [%s.limits] of %s allows at most %s",
		    config_place(config, value, at, sizeof(at)), setting->name,
		    config_format(setting, value->number, has), setting_sections[setting->section],
		    config_place(config, ceiling, limit, sizeof(limit)),
		    config_format(setting, ceiling->number, can));
}

static int check_ceilings(const struct config *config)
{
	unsigned int i;

	for (i = 0; i < SETTINGS; i++)
		if (config->value[i].from && config->value[i].number > config_ceiling(config, i))
			return exceeds_ceiling(config, i);
	return 0;
}

/* ---- The environment ---- */

static int take_variable(struct config *config, unsigned int i, const char *name)
{
	const char *text = secure_getenv(name);

	if (!text || !*text)
		return 0;
	config->value[i] = (struct config_value){ .from = CONFIG_ENVIRONMENT };
	return set_text(config, i, text);
}

/* A relative path would depend on the current directory of the program. */
static int take_root(struct config *config)
{
	const char *text = secure_getenv("SLUICE_ROOT");

	if (text && *text && *text != '/')
		return fail(EINVAL, "SLUICE_ROOT is \"%s\", and must be an absolute path", text);
	return take_variable(config, SETTING_node_root, "SLUICE_ROOT");
}

int config_wait(const struct config *config)
{
	const char *text = secure_getenv("SLUICE_WAIT");
	char room[CONFIG_TEXT_SIZE];
	uint64_t number;

	if (!text || !*text)
		return (int)config->value[SETTING_node_wait].number;
	if (config_parse(&setting_table[SETTING_node_wait], text, &number, room))
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
		r = take_variable(config, SETTING_node_domain, "SLUICE_DOMAIN");
	if (r < 0) {
		config_free(config);
		return fail_again(r);
	}
	return 0;
}

void config_free(struct config *config)
{
	unsigned int i;

	for (i = 0; i < SETTINGS; i++)
		free(config->text[i]);
	for (i = 0; i < CONFIG_SOURCES; i++)
		free(config->file[i]);
}

const char *config_place(const struct config *config, const struct config_value *value,
			 char *room, size_t size)
{
	snprintf(room, size, "%s:%u", config->file[value->from], value->line);
	return room;
}

uint64_t config_ceiling(const struct config *config, unsigned int i)
{
	return config->ceiling[i].from ? config->ceiling[i].number : UINT64_MAX;
}

struct config_value config_effective(const struct config *config, unsigned int i)
{
	struct config_value value = config->value[i];

	if (value.from)
		return value;
	value.number = setting_table[i].preset;
	return value.number > config_ceiling(config, i) ? config->ceiling[i] : value;
}
