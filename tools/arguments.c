// SPDX-License-Identifier: MIT
/*
 * The options of a verb.
 *
 * A verb has one table of its options.  getopt, --help and --options, from which shells
 * complete, take theirs from it.  An option whose val is a letter can be typed as that letter
 * too.  Errors are reported here, and not by getopt: the typed text is
 * cleaned for a terminal (say.c), and the nearest option is named.  This file also reports,
 * for all verbs, that JSON cannot be printed (JSON_BUILT comes from build.mk).
 */
#include "arguments.h"

#include <stdio.h>
#include <string.h>

#include "tools/text/say.h"
#include "tools/text/suggest.h"

#define LETTERS		64
#define LONGS		64
#define NAME_SIZE	256

void arguments_begin(void)
{
	opterr = 0;
	optind = 0;	/* another verb may have used getopt for its own arguments */
}

static bool is_letter(int val)
{
	return (val >= 'a' && val <= 'z') || (val >= 'A' && val <= 'Z');
}

static int has_value(const struct verb_option *option)
{
	if (!option->value)
		return no_argument;
	return option->value[0] == '[' && option->value[1] == '=' ? optional_argument :
								      required_argument;
}

/* The table as getopt expects it, and --options. */
static void long_options(const struct verb_option *option, struct option ret_longs[LONGS])
{
	size_t count = 0;

	for (; (option->name || option->text) && count < LONGS - 2; option++)
		if (option->name)
			ret_longs[count++] = (struct option){ option->name, has_value(option), NULL,
							      option->val };
	ret_longs[count++] = (struct option){ "options", no_argument, NULL, ARGUMENTS_LIST };
	ret_longs[count] = (struct option){ 0 };
}

/* The short options as getopt expects them: "+:d:h". */
static void letters(const struct arguments *arguments, const struct option *longs,
		    char buffer[LETTERS])
{
	char *at = buffer;

	if (arguments->leading)
		*at++ = '+';
	*at++ = ':';
	for (const struct option *option = longs; option->name; option++) {
		if (!is_letter(option->val) || at + 3 >= buffer + LETTERS)
			continue;
		*at++ = (char)option->val;
		for (int i = 0; i < option->has_arg; i++)
			*at++ = ':';	/* two colons: a value may follow */
	}
	*at = 0;
}

const char *arguments_name(const struct verb_option *options, int val)
{
	for (; options->name || options->text; options++)
		if (options->name && options->val == val)
			return options->name;
	return NULL;
}

static int tell_unknown(const struct arguments *arguments, const char *typed)
{
	char name[NAME_SIZE], text[SUGGEST_TEXT];
	struct suggestion suggestion = { .typed = name };
	unsigned int begin_so = 0;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(typed + 2, "="), typed + 2);
	for (const struct verb_option *option = arguments->options; option->name || option->text;
	     option++) {
		if (!option->name)
			continue;
		begin_so += strncmp(option->name, name, strlen(name)) == 0;
		suggest_among(&suggestion, option->name);
	}
	if (begin_so > 1)
		say_wrong(arguments->verb, "several options begin with --%s", name);
	else
		say_wrong(arguments->verb, "there is no option --%s%s", name,
			  suggest_text(text, &suggestion, "--"));
	return '?';
}

/* A command that was built without jansson cannot print JSON. */
static bool can_do(const struct arguments *arguments, int option)
{
	const char *name = arguments_name(arguments->options, option);

	if (JSON_BUILT || !name || strcmp(name, "json") != 0)
		return true;
	say(arguments->verb, "this command was built without jansson, which --json needs");
	return false;
}

int arguments_next(const struct arguments *arguments)
{
	struct option longs[LONGS];
	char short_options[LETTERS];
	const char *typed, *name;
	int option;

	long_options(arguments->options, longs);
	letters(arguments, longs, short_options);
	option = getopt_long(arguments->argc, arguments->argv, short_options, longs, NULL);
	if (option != '?' && option != ':')
		return can_do(arguments, option) ? option : '?';
	typed = arguments->argv[optind - 1];
	name = optopt ? arguments_name(arguments->options, optopt) : NULL;
	if (optopt == ARGUMENTS_LIST)
		name = "options";
	if (option == ':')
		say_wrong(arguments->verb, "--%s needs a value", name);
	else if (!optopt)
		tell_unknown(arguments, typed);
	else if (name)
		say_wrong(arguments->verb, "--%s takes no value", name);
	else
		say_wrong(arguments->verb, "there is no option -%c", optopt);
	return '?';
}

int arguments_take(const struct arguments *arguments,
		   bool (*take)(void *context, int option, char *value), void *context)
{
	int option;

	while ((option = arguments_next(arguments)) != -1) {
		if (option == ARGUMENTS_HELP)
			arguments_print_help(arguments);
		if (option == ARGUMENTS_LIST)
			arguments_print_list(arguments);
		if (option == ARGUMENTS_HELP || option == ARGUMENTS_LIST)
			return -1;
		if (option == '?')
			return 2;
		if (!take(context, option, optarg))
			return arguments_refuse(arguments, option);
	}
	return 0;
}

int arguments_refuse(const struct arguments *arguments, int val)
{
	return say_wrong(arguments->verb, "%s is no value for --%s", optarg,
			 arguments_name(arguments->options, val));
}
