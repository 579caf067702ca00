// SPDX-License-Identifier: MIT
/*
 * Values of the configuration as text, and back, as the table of keys says.  What is
 * formatted is parsed to the same number.
 *
 * 0 is no number here: in an option it stands for the default, and of a limit it would
 * be none at all.  Where it has a meaning, that has a word.  Text comes from a file that
 * root or this user has written, and may be anything.
 */
#include "config/config_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "registry/root.h"

struct unit {
	const char *text;
	uint64_t factor;
};

/* From the largest on. */
static const struct unit byte_units[] = {
	{ "T", UINT64_C(1) << 40 }, { "G", UINT64_C(1) << 30 },
	{ "M", UINT64_C(1) << 20 }, { "K", UINT64_C(1) << 10 }, { "", 1 }, { 0 },
};
static const struct unit time_units[] = {
	{ "s", 1000000000 }, { "ms", 1000000 }, { "us", 1000 }, { "ns", 1 }, { "", 1 }, { 0 },
};
static const struct unit no_units[] = { { "", 1 }, { 0 } };

static const struct unit *units_of(const struct config_key *key)
{
	if (key->kind == CONFIG_BYTES)
		return byte_units;
	return key->kind == CONFIG_TIME ? time_units : no_units;
}

static const struct config_word *find_word(const struct config_key *key, const char *text,
					   size_t length)
{
	const struct config_word *word = key->words;

	while (word && word->text &&
	       (strlen(word->text) != length || memcmp(word->text, text, length)))
		word++;
	return word && word->text ? word : NULL;
}

/* ---- From text ---- */

static const char *explain(const struct config_key *key, const char *text,
			   char room[CONFIG_TEXT_SIZE])
{
	char range[CONFIG_TEXT_SIZE];

	snprintf(room, CONFIG_TEXT_SIZE, "is \"%.64s\", and can be %s", text,
		 config_range(key, range));
	return room;
}

static const char *explain_zero(const struct config_key *key, char room[CONFIG_TEXT_SIZE])
{
	char range[CONFIG_TEXT_SIZE];

	snprintf(room, CONFIG_TEXT_SIZE,
		 "is 0, which in an option stands for the default and says nothing here: leave the key out, or let it be %s",
		 config_range(key, range));
	return room;
}

/* Only digits and a unit; false also if it is too large for 64 bits. */
static bool parse_number(const struct config_key *key, const char *text, uint64_t *ret_number)
{
	const struct unit *unit = units_of(key);
	uint64_t number = 0;
	const char *p = text;

	for (; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, (uint64_t)(*p - '0'), &number))
			return false;
	if (p == text)
		return false;
	while (*p == ' ')
		p++;
	while (unit->text && strcmp(unit->text, p))
		unit++;
	return unit->text && !__builtin_mul_overflow(number, unit->factor, ret_number);
}

static const char *parse_words(const struct config_key *key, const char *text,
			       uint64_t *ret_number, char room[CONFIG_TEXT_SIZE])
{
	const struct config_word *word;
	const char *p = text;
	size_t length;

	*ret_number = 0;
	while (*(p += strspn(p, " \t,"))) {
		length = strcspn(p, " \t,");
		word = find_word(key, p, length);
		if (!word)
			return explain(key, text, room);
		*ret_number |= word->number;
		p += length;
	}
	return *text ? NULL : explain(key, text, room);
}

static bool is_text(const struct config_key *key, const char *text)
{
	return key->kind == CONFIG_PATH ? *text == '/' : root_is_domain(text);
}

const char *config_parse(const struct config_key *key, const char *text,
			 uint64_t *ret_number, char room[CONFIG_TEXT_SIZE])
{
	const struct config_word *word = find_word(key, text, strlen(text));
	uint64_t number = 0;

	*ret_number = word ? word->number : 0;
	if (key->kind == CONFIG_WORDS)
		return parse_words(key, text, ret_number, room);
	if (word)
		return NULL;
	if (!key->width)
		return is_text(key, text) ? NULL : explain(key, text, room);
	if (key->kind == CONFIG_WORD || !parse_number(key, text, &number))
		return explain(key, text, room);
	if (!number)
		return explain_zero(key, room);
	if (number < key->least || number > key->most ||
	    (key->kind == CONFIG_POWER && number & (number - 1)))
		return explain(key, text, room);
	*ret_number = number;
	return NULL;
}

/* ---- To text ---- */

static void append(char room[CONFIG_TEXT_SIZE], const char *between, const char *text)
{
	size_t used = strlen(room);

	snprintf(room + used, CONFIG_TEXT_SIZE - used, "%s%s", used ? between : "", text);
}

static void append_number(const struct config_key *key, uint64_t number,
			  char room[CONFIG_TEXT_SIZE], const char *between)
{
	const struct unit *unit = units_of(key);
	char text[32];

	while (number % unit->factor)
		unit++;
	snprintf(text, sizeof(text), "%llu%s", (unsigned long long)(number / unit->factor),
		 unit->text);
	append(room, between, text);
}

static void append_words(const struct config_key *key, uint64_t number,
			 char room[CONFIG_TEXT_SIZE])
{
	const struct config_word *word;

	for (word = key->words; word && word->text; word++)
		if (word->number == number ||
		    (key->kind == CONFIG_WORDS && word->number & number))
			append(room, " ", word->text);
}

const char *config_format(const struct config_key *key, uint64_t number,
			  char room[CONFIG_TEXT_SIZE])
{
	room[0] = 0;
	append_words(key, number, room);
	if (!room[0])
		append_number(key, number, room, "");
	return room;
}

const char *config_range(const struct config_key *key, char room[CONFIG_TEXT_SIZE])
{
	const struct config_word *word = key->words;

	room[0] = 0;
	for (; word && word->text; word++)
		append(room, key->kind == CONFIG_WORDS ? ", " : " or ", word->text);
	if (key->kind == CONFIG_PATH)
		append(room, " or ", "an absolute path");
	if (key->kind == CONFIG_NAME)
		append(room, "", "1 to 63 bytes without \"/\" and a leading \".\"");
	if (key->kind >= CONFIG_NUMBER && key->kind <= CONFIG_TIME) {
		append_number(key, key->least, room, " or ");
		append_number(key, key->most, room, " to ");
	}
	if (key->kind == CONFIG_POWER)
		append(room, "", ", a power of two");
	return room;
}
