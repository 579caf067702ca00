// SPDX-License-Identifier: MIT
/*
 * The table of a verb's options, for people (--help) and for the completions of shells
 * (--options).
 *
 * --options prints the line of usage, and then a line for each option, with tabs between
 *
 *	letter	the short form; - if there is none
 *	name	the long form
 *	value	what its value is called; - if it has none; "[=TIME]" if it may be left out
 *	text	what it does
 */
#include "arguments.h"

#include <stdio.h>
#include <string.h>

#define WIDTH		79	/* of a terminal, but for its last column */
#define LEFT_MOST	22	/* columns of an option; a longer one has a line of its own */
#define GAP		2
#define LEFT_SIZE	256

static bool ends(const struct verb_option *option)
{
	return !option->name && !option->text;
}

static bool is_letter(int val)
{
	return (val >= 'a' && val <= 'z') || (val >= 'A' && val <= 'Z');
}

/* "  -n, --count N", and behind it the options that share its text.  Returns the columns. */
static int left_text(char buffer[LEFT_SIZE], const struct verb_option *option)
{
	int used = 0;

	do {
		if (used)
			used += snprintf(buffer + used, LEFT_SIZE - (size_t)used, ", ");
		else if (is_letter(option->val))
			used = snprintf(buffer, LEFT_SIZE, "  -%c, ", option->val);
		else
			used = snprintf(buffer, LEFT_SIZE, "      ");
		used += snprintf(buffer + used, LEFT_SIZE - (size_t)used, "--%s%s%s", option->name,
				 option->value && option->value[1] != '=' ? " " : "",
				 option->value ? option->value : "");
	} while (!option++->text && used < LEFT_SIZE);
	return used;
}

/* The columns of the longest that is not too long. */
static int left_width(const struct verb_option *option)
{
	char text[LEFT_SIZE];
	int width = 0, own;

	for (; !ends(option); option++) {
		own = option->name ? left_text(text, option) : 0;
		if (own <= LEFT_MOST && own > width)
			width = own;
	}
	return width;
}

/* Prints words, and goes on in a new line, which begins at a column. */
static void print_words(const char *text, int column, int from)
{
	int length;

	for (; *text; text += length, text += *text == ' ') {
		length = (int)strcspn(text, " ");
		if (column > from && column + 1 + length > WIDTH) {
			printf("\n%*s", from, "");
			column = from;
		} else if (column > from) {
			column += printf(" ");
		}
		column += printf("%.*s", length, text);
	}
	putchar('\n');
}

static void print_option(const struct verb_option *option, int width)
{
	char left[LEFT_SIZE];
	int used = left_text(left, option);

	while (!option->text)
		option++;
	if (used > width)
		printf("%s\n%*s", left, width + GAP, "");
	else
		printf("%-*s", width + GAP, left);
	print_words(option->text, width + GAP, width + GAP);
}

void arguments_print_help(const struct arguments *arguments)
{
	int width = left_width(arguments->options);
	bool shared = false;

	fputs(arguments->intro, stdout);
	if (arguments->options->name)
		putchar('\n');
	for (const struct verb_option *option = arguments->options; !ends(option); option++) {
		if (!option->name)
			printf("\n%s\n", option->text);
		else if (!shared)
			print_option(option, width);
		shared = option->name && !option->text;
	}
	if (arguments->rest)
		printf("\n%s", arguments->rest);
}

void arguments_print_list(const struct arguments *arguments)
{
	const struct verb_option *with_text;

	printf("%.*s\n", (int)strcspn(arguments->intro, "\n"), arguments->intro);
	for (const struct verb_option *option = arguments->options; !ends(option); option++) {
		if (!option->name)
			continue;
		for (with_text = option; !with_text->text;)
			with_text++;
		printf("%c\t%s\t%s\t%s\n", is_letter(option->val) ? option->val : '-', option->name,
		       option->value ? option->value : "-", with_text->text);
	}
}
