// SPDX-License-Identifier: MIT
/*
 * The configuration, key by key, for who wants to look at it: what each is, where that
 * was said, and what it could be.  First come the defaults, by section, and then the
 * ceilings.
 *
 * It is read anew and belongs to its caller; no node goes by it.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sluice_config.h>

#include "config/config.h"
#include "config/config_text.h"
#include "base/error.h"
#include "base/opts.h"
#include "registry/root.h"

struct sluice_config {
	struct config config;
	bool alone;			/* one file, without the environment */
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

static void preset_text(unsigned int i, char *room, size_t size)
{
	char text[CONFIG_TEXT_SIZE];

	if (i == CONFIG_DOMAIN)
		snprintf(room, size, "%s", ROOT_DOMAIN_DEFAULT);
	else
		snprintf(room, size, "%s",
			 config_format(&config_keys[i], config_keys[i].preset, text));
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

static void show_text(struct sluice_config *config, unsigned int i)
{
	const char *text = config->config.text[i], *why = NULL;

	if (text)
		snprintf(config->value, sizeof(config->value), "%s", text);
	else if (i == CONFIG_ROOT)
		why = root_default(config->value, sizeof(config->value));
	else
		preset_text(i, config->value, sizeof(config->value));
	show_source(config, &config->config.value[i],
		    i == CONFIG_ROOT ? "SLUICE_ROOT" : "SLUICE_DOMAIN");
	if (why && !config->config.value[i].from)
		snprintf(config->source, sizeof(config->source), "built in, since %s", why);
}

static void show_default(struct sluice_config *config, unsigned int i)
{
	struct config_value value = config_effective(&config->config, i);
	const struct config_key *key = &config_keys[i];
	const char *variable = secure_getenv("SLUICE_WAIT");

	if (i == CONFIG_WAIT && !config->alone && variable && *variable) {
		value.from = CONFIG_ENVIRONMENT;
		value.number = (uint64_t)config_wait(&config->config);
	}
	config_format(key, value.number, config->value);
	show_source(config, &value, "SLUICE_WAIT");
}

/* ---- A ceiling ---- */

static void show_ceiling(struct sluice_config *config, unsigned int i)
{
	const struct config_value *ceiling = &config->config.ceiling[i];
	const struct config_key *key = &config_keys[i];

	config_format(key, key->most, config->preset);
	config_format(key, ceiling->from ? ceiling->number : key->most, config->value);
	show_source(config, ceiling, "");
	snprintf(config->meaning, sizeof(config->meaning),
		 "the most that a program can ask for as %s", key->name);
}

/* The key of a ceiling, counted among those that can have one; CONFIG_KEYS: no more. */
static unsigned int ceiling_key(unsigned int index)
{
	unsigned int i;

	for (i = 0; i < CONFIG_KEYS; i++)
		if (config_keys[i].fenced && !index--)
			return i;
	return CONFIG_KEYS;
}

/* ---- Both ---- */

static void show(struct sluice_config *config, unsigned int i, bool limits)
{
	const struct config_key *key = &config_keys[i];

	snprintf(config->name, sizeof(config->name), "%s%s.%s", config_sections[key->section],
		 limits ? ".limits" : "", key->name);
	config_range(key, config->range);
	if (limits) {
		show_ceiling(config, i);
		return;
	}
	preset_text(i, config->preset, sizeof(config->preset));
	snprintf(config->meaning, sizeof(config->meaning), "%s", key->meaning);
	if (i < CONFIG_TEXTS)
		show_text(config, i);
	else
		show_default(config, i);
}

int sluice_config_get(struct sluice_config *config, unsigned int index,
		      struct sluice_config_key *key)
{
	struct sluice_config_key known = { .size = sizeof(known) };
	bool limits = index >= CONFIG_KEYS;
	int r;

	if (!config)
		return fail(EINVAL, "config is NULL");
	if (limits)
		index = ceiling_key(index - CONFIG_KEYS);
	if (index >= CONFIG_KEYS)
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
