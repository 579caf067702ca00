// SPDX-License-Identifier: MIT
/*
 * The options of a verb.
 *
 * A verb has one table, that of its long options.  An option whose val is a letter can be
 * typed as that letter too.  Errors are reported here, and not by getopt: the typed text is
 * cleaned for a terminal (say.c), and the nearest option is named.  This file also reports,
 * for all verbs, that JSON cannot be printed (JSON_BUILT comes from build.mk).
 */
#include "arguments.h"

#include <stdio.h>
#include <string.h>

#include "tools/text/say.h"
#include "tools/text/suggest.h"

#define LETTERS		64
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

/* The short options as getopt expects them: "+:d:h". */
static void letters(const struct arguments *arguments, char buffer[LETTERS])
{
	char *at = buffer;

	if (arguments->leading)
		*at++ = '+';
	*at++ = ':';
	for (const struct option *option = arguments->options; option->name; option++) {
		if (!is_letter(option->val) || at + 3 >= buffer + LETTERS)
			continue;
		*at++ = (char)option->val;
		for (int i = 0; i < option->has_arg; i++)
			*at++ = ':';	/* two colons: a value may follow */
	}
	*at = 0;
}

const char *arguments_name(const struct option *options, int val)
{
	while (options->name && options->val != val)
		options++;
	return options->name;
}

static int tell_unknown(const struct arguments *arguments, const char *typed)
{
	char name[NAME_SIZE], text[SUGGEST_TEXT];
	struct suggestion suggestion = { .typed = name };
	unsigned int begin_so = 0;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(typed + 2, "="), typed + 2);
	for (const struct option *option = arguments->options; option->name; option++) {
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
	char short_options[LETTERS];
	const char *typed, *name;
	int option;

	letters(arguments, short_options);
	option = getopt_long(arguments->argc, arguments->argv, short_options, arguments->options,
			     NULL);
	if (option != '?' && option != ':')
		return can_do(arguments, option) ? option : '?';
	typed = arguments->argv[optind - 1];
	name = arguments_name(arguments->options, optopt);
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
		if (option == ARGUMENTS_HELP) {
			fputs(arguments->help, stdout);
			return -1;
		}
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
