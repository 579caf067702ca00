// SPDX-License-Identifier: MIT
/*
 * sluice config - what the configuration says, and where
 *
 * The library reads the configuration and knows the keys (sluice_config.h); this file
 * prints them.  As JSON it is one object:
 *
 *	keys		array, in the order of the library; each
 *	  name		string: section and key
 *	  value		string
 *	  source	string: where the value was set
 *	  default	string: the value if nobody sets one
 *	  range		string: what the value can be
 *	  meaning	string: what the key is for
 */
#include "tools/text/printable.h"
#include "verbs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <sluice_config.h>

#include "look.h"
#include "tools/domain/domain_json.h"
#include "tools/text/columns.h"
#include "tools/text/text.h"

#define VALUE_SIZE	4096

static const char help_intro[] =
"usage: sluice config [OPTION]...\n"
"   or: sluice config --explain [KEY...]\n"
"   or: sluice config --check FILE\n"
"\n"
"Prints the configuration: each key, its value, and where the value was set. The\n"
"configuration holds for all options that programs leave open. It is read from\n"
"/etc/sluice/sluice.conf and from sluice/sluice.conf below $XDG_CONFIG_HOME, or\n"
"from $SLUICE_CONFIG in place of both.\n";

static const char help_rest[] =
"Examples\n"
"  sluice config | grep -v 'built in'\n"
"  sluice config --explain max_clients\n"
"  sluice config --check /etc/sluice/sluice.conf\n";

enum { EXPLAIN = LOOK_OWN, CHECK };

static const struct verb_option options[] = {
	{ "explain", EXPLAIN, NULL,
	  "what each key is for, its default and its range; of the keys that are "
	  "named, as service.max_clients or as max_clients, or of all" },
	{ "check", CHECK, "FILE", "tell whether a file is right, and print nothing else" },
	{ "json", LOOK_JSON, NULL, "print an object; man sluice-config describes it" },
	HELP_OPTION,
	{ 0 },
};

struct wanted {
	bool explain;
	const char *check;
};

static bool take(void *context, int option, const char *value)
{
	struct wanted *wanted = context;

	if (option == EXPLAIN)
		wanted->explain = true;
	else
		wanted->check = value;
	return true;
}

/* Was this key named, by its section and name or by its name alone? */
static bool is_named(const struct look *look, const char *key)
{
	const char *end = strrchr(key, '.') + 1;

	for (int i = 0; i < look->names; i++)
		if (strcmp(look->name[i], key) == 0 || strcmp(look->name[i], end) == 0)
			return true;
	return !look->names;
}

static bool are_known(const struct look *look, struct sluice_config *config)
{
	struct sluice_config_key key = SLUICE_CONFIG_KEY();
	char text[SUGGEST_TEXT];
	bool known;

	for (int i = 0; i < look->names; i++) {
		const struct look one = { .name = &look->name[i], .names = 1 };
		struct suggestion suggestion = { .typed = look->name[i] };

		known = false;
		for (unsigned int j = 0; !known && sluice_config_get(config, j, &key) > 0; j++) {
			known = is_named(&one, key.name);
			suggest_among(&suggestion, key.name);
			suggest_among(&suggestion, strrchr(key.name, '.') + 1);
		}
		if (!known) {
			look_wrong(look, "there is no key \"%s\"%s", look->name[i],
				   suggest_text(text, &suggestion, ""));
			return false;
		}
	}
	return true;
}

static int print_values(struct sluice_config *config)
{
	struct sluice_config_key key = SLUICE_CONFIG_KEY();
	struct columns columns = { .alignment = "lll" };
	char value[TEXT_CLEAN(VALUE_SIZE)], source[TEXT_CLEAN(VALUE_SIZE)];

	columns_add(&columns, STYLE_BOLD, "KEY\tVALUE\tSOURCE");
	for (unsigned int i = 0; sluice_config_get(config, i, &key) > 0; i++)
		columns_add(&columns, STYLE_PLAIN, "%s\t%s\t%s", key.name,
			    text_clean(value, sizeof(value), key.value),
			    text_clean(source, sizeof(source), key.source));
	return columns_print(&columns);
}

static void explain(const struct look *look, struct sluice_config *config)
{
	struct sluice_config_key key = SLUICE_CONFIG_KEY();
	const char *between = "";

	for (unsigned int i = 0; sluice_config_get(config, i, &key) > 0; i++) {
		if (!is_named(look, key.name))
			continue;
		printf("%s%s%s%s\n  %s\n  default: %s\n  can be:  %s\n", between,
		       style_begin(STYLE_BOLD), key.name, style_end(STYLE_BOLD), key.meaning,
		       key.preset, key.range);
		between = "\n";
	}
}

static json_t *key_json(const struct sluice_config_key *key)
{
	return json_pack("{s:s, s:o, s:o, s:s, s:s, s:s}", "name", key->name,
			 "value", domain_json_text(key->value),
			 "source", domain_json_text(key->source), "default", key->preset,
			 "range", key->range, "meaning", key->meaning);
}

static int print_json(const struct look *look, struct sluice_config *config)
{
	struct sluice_config_key key = SLUICE_CONFIG_KEY();
	json_t *keys = json_array();

	for (unsigned int i = 0; sluice_config_get(config, i, &key) > 0; i++)
		if (is_named(look, key.name))
			json_array_append_new(keys, key_json(&key));
	return domain_json_print(json_pack("{s:o}", "keys", keys));
}

static int print(const struct look *look, const struct wanted *wanted,
		 struct sluice_config *config)
{
	int r = 0;

	if (!are_known(look, config))
		return LOOK_WRONG;
	if (look->json)
		r = print_json(look, config);
	else if (wanted->explain)
		explain(look, config);
	else
		r = print_values(config);
	return r < 0 ? look_failed(look, "no memory") : look_flush(look);
}

int verb_config(int argc, char **argv)
{
	struct wanted wanted = { 0 };
	struct look look = {
		.verb = "config", .intro = help_intro, .rest = help_rest,
		.options = options, .take = take,
		.context = &wanted,
	};
	struct sluice_config *config;
	int r = look_parse(&look, argc, argv);

	if (r)
		return r < 0 ? 0 : r;
	if (look.names && (!wanted.explain || wanted.check))
		return look_wrong(&look, "keys can be named after --explain only");
	config = sluice_config_read(wanted.check);
	if (!config)
		return look_failed(&look, "%s", sluice_strerror());
	r = wanted.check ? 0 : print(&look, &wanted, config);
	sluice_config_free(config);
	return r;
}
