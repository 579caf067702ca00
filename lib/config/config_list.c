// SPDX-License-Identifier: MIT
/*
 * sluice_config.h: the configuration, key by key, for a program that shows it.  Each key has
 * its value, the place where the value was set, and its range.  The defaults come first, by
 * section, and then the ceilings.
 *
 * The configuration is read anew and belongs to the caller.  No node uses it.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sluice_config.h>

#include "base/error.h"
#include "base/opts.h"
#include "config/config.h"
#include "config/config_text.h"
#include "registry/root.h"

struct sluice_config {
	struct config config;
	bool alone;			/* one file was read, and not the environment */
	char name[CONFIG_TEXT_SIZE];
	char value[PATH_MAX];
	char preset[PATH_MAX];
	char range[CONFIG_TEXT_SIZE];
	char source[PATH_MAX + 16];
	char meaning[CONFIG_TEXT_SIZE];
};

struct sluice_config *sluice_config_read(const char *path)
{
	struct sluice_config *config = calloc(1, sizeof(*config));
	int r;

	if (!config)
		return fail_null(ENOMEM, "no memory for the configuration");
	config->alone = path;
	r = config_load(&config->config, path);
	if (r < 0) {
		free(config);
		return fail_again_null(r);
	}
	if (!path && config_wait(&config->config) < 0) {
		sluice_config_free(config);
		return fail_again_null(-EINVAL);
	}
	return config;
}

void sluice_config_free(struct sluice_config *config)
{
	if (!config)
		return;
	config_free(&config->config);
	free(config);
}

/* ---- A default ---- */

static void preset_text(const struct setting *setting, char *room, size_t size)
{
	char text[CONFIG_TEXT_SIZE];

	snprintf(room, size, "%s", setting_is_text(setting) ?
		 setting->text : config_format(setting, setting->preset, text));
}

static void show_source(struct sluice_config *config, const struct config_value *value,
			const char *variable)
{
	if (value->from == CONFIG_ENVIRONMENT)
		snprintf(config->source, sizeof(config->source), "$%s", variable);
	else if (value->from)
		config_place(&config->config, value, config->source, sizeof(config->source));
	else
		strcpy(config->source, "built in");
}

static void show_root(struct sluice_config *config)
{
	const struct config_value *value = &config->config.value[SETTING_node_root];
	const char *text = config->config.text[SETTING_node_root], *why = NULL;

	if (text)
		snprintf(config->value, sizeof(config->value), "%s", text);
	else
		why = root_default(config->value, sizeof(config->value));
	show_source(config, value, "SLUICE_ROOT");
	if (why && !value->from)
		snprintf(config->source, sizeof(config->source), "built in, since %s", why);
}

static void show_domain(struct sluice_config *config)
{
	const char *text = config->config.text[SETTING_node_domain];

	snprintf(config->value, sizeof(config->value), "%s",
		 text ? text : setting_table[SETTING_node_domain].text);
	show_source(config, &config->config.value[SETTING_node_domain], "SLUICE_DOMAIN");
}

static void show_number(struct sluice_config *config, unsigned int i)
{
	struct config_value value = config_effective(&config->config, i);
	const char *variable = secure_getenv("SLUICE_WAIT");

	if (i == SETTING_node_wait && !config->alone && variable && *variable) {
		value.from = CONFIG_ENVIRONMENT;
		value.number = (uint64_t)config_wait(&config->config);
	}
	config_format(&setting_table[i], value.number, config->value);
	show_source(config, &value, "SLUICE_WAIT");
}

static void show_default(struct sluice_config *config, unsigned int i)
{
	preset_text(&setting_table[i], config->preset, sizeof(config->preset));
	snprintf(config->meaning, sizeof(config->meaning), "%s", setting_table[i].meaning);
	if (i == SETTING_node_root)
		show_root(config);
	else if (i == SETTING_node_domain)
		show_domain(config);
	else
		show_number(config, i);
}

/* ---- A ceiling ---- */

static void show_ceiling(struct sluice_config *config, unsigned int i)
{
	const struct config_value *ceiling = &config->config.ceiling[i];
	const struct setting *setting = &setting_table[i];

	config_format(setting, setting->most, config->preset);
	config_format(setting, ceiling->from ? ceiling->number : setting->most, config->value);
	show_source(config, ceiling, "");
	snprintf(config->meaning, sizeof(config->meaning),
		 "the most that a program can ask for as %s", setting->name);
}

/* The setting of ceiling number N, from 0; SETTINGS: there are fewer. */
static unsigned int with_ceiling(unsigned int number)
{
	unsigned int i;

	for (i = 0; i < SETTINGS; i++)
		if (setting_table[i].ceiling && !number--)
			return i;
	return SETTINGS;
}

/* ---- Both ---- */

static void show(struct sluice_config *config, unsigned int i, bool limits)
{
	const struct setting *setting = &setting_table[i];

	snprintf(config->name, sizeof(config->name), "%s%s.%s", setting_sections[setting->section],
		 limits ? ".limits" : "", setting->name);
	config_range(setting, config->range);
	if (limits)
		show_ceiling(config, i);
	else
		show_default(config, i);
}

int sluice_config_get(struct sluice_config *config, unsigned int index,
		      struct sluice_config_key *key)
{
	struct sluice_config_key known = { .size = sizeof(known) };
	bool limits = index >= SETTINGS;
	int r;

	if (!config)
		return fail(EINVAL, "config is NULL");
	if (limits)
		index = with_ceiling(index - SETTINGS);
	if (index >= SETTINGS)
		return 0;
	show(config, index, limits);
	known.name = config->name;
	known.value = config->value;
	known.preset = config->preset;
	known.range = config->range;
	known.source = config->source;
	known.meaning = config->meaning;
	r = opts_answer(key, &known, sizeof(known), "key");
	return r < 0 ? r : 1;
}
