// SPDX-License-Identifier: MIT
/*
 * The values of settings as text, and back, by the kind and the words of each setting.
 * config_parse() reads the text that config_format() writes as the same number.
 *
 * The digit 0 is refused.  In an option 0 stands for the default, and as a limit it would
 * allow nothing.  If 0 has a meaning there is a word for it.  Text comes from a file of root
 * or of this user, or from the environment, and may be anything.
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

/* The largest comes first. */
static const struct unit byte_units[] = {
	{ "T", UINT64_C(1) << 40 }, { "G", UINT64_C(1) << 30 },
	{ "M", UINT64_C(1) << 20 }, { "K", UINT64_C(1) << 10 }, { "", 1 }, { 0 },
};
static const struct unit time_units[] = {
	{ "s", 1000000000 }, { "ms", 1000000 }, { "us", 1000 }, { "ns", 1 }, { "", 1 }, { 0 },
};
static const struct unit no_units[] = { { "", 1 }, { 0 } };

static const struct unit *units_of(const struct setting *setting)
{
	if (setting->kind == KIND_BYTES)
		return byte_units;
	return setting->kind == KIND_TIME ? time_units : no_units;
}

static const struct setting_word *find_word(const struct setting *setting, const char *text,
					    size_t length)
{
	const struct setting_word *word = setting->words;

	while (word->text && (strlen(word->text) != length || memcmp(word->text, text, length)))
		word++;
	return word->text ? word : NULL;
}

/* ---- From text ---- */

static const char *explain(const struct setting *setting, const char *text,
			   char room[CONFIG_TEXT_SIZE])
{
	char range[CONFIG_TEXT_SIZE];

	snprintf(room, CONFIG_TEXT_SIZE, "is \"%.64s\", and can be %s", text,
		 config_range(setting, range));
	return room;
}

static const char *explain_zero(const struct setting *setting, char room[CONFIG_TEXT_SIZE])
{
	char range[CONFIG_TEXT_SIZE];

	snprintf(room, CONFIG_TEXT_SIZE,
		 "is 0, which in an option stands for the default and says nothing here: leave the key out, or let it be %s",
		 config_range(setting, range));
	return room;
}

/* Digits and a unit.  False: it is something else, or does not fit in 64 bits. */
static bool parse_number(const struct setting *setting, const char *text, uint64_t *ret_number)
{
	const struct unit *unit = units_of(setting);
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

static const char *parse_words(const struct setting *setting, const char *text,
			       uint64_t *ret_number, char room[CONFIG_TEXT_SIZE])
{
	const struct setting_word *word;
	const char *p = text;
	size_t length;

	*ret_number = 0;
	while (*(p += strspn(p, " \t,"))) {
		length = strcspn(p, " \t,");
		word = find_word(setting, p, length);
		if (!word)
			return explain(setting, text, room);
		*ret_number |= word->number;
		p += length;
	}
	return *text ? NULL : explain(setting, text, room);
}

static bool is_text(const struct setting *setting, const char *text)
{
	return setting->kind == KIND_PATH ? *text == '/' : root_is_domain(text);
}

const char *config_parse(const struct setting *setting, const char *text,
			 uint64_t *ret_number, char room[CONFIG_TEXT_SIZE])
{
	const struct setting_word *word = find_word(setting, text, strlen(text));
	uint64_t number = 0;

	*ret_number = word ? word->number : 0;
	if (setting->kind == KIND_WORDS)
		return parse_words(setting, text, ret_number, room);
	if (word)
		return NULL;
	if (setting_is_text(setting))
		return is_text(setting, text) ? NULL : explain(setting, text, room);
	if (setting->kind == KIND_WORD || !parse_number(setting, text, &number))
		return explain(setting, text, room);
	if (!number)
		return explain_zero(setting, room);
	if (number < setting->least || number > setting->most ||
	    (setting->kind == KIND_POWER && number & (number - 1)))
		return explain(setting, text, room);
	*ret_number = number;
	return NULL;
}

/* ---- To text ---- */

static void append(char room[CONFIG_TEXT_SIZE], const char *between, const char *text)
{
	size_t used = strlen(room);

	snprintf(room + used, CONFIG_TEXT_SIZE - used, "%s%s", used ? between : "", text);
}

static void append_number(const struct setting *setting, uint64_t number,
			  char room[CONFIG_TEXT_SIZE], const char *between)
{
	const struct unit *unit = units_of(setting);
	char text[32];

	while (number % unit->factor)
		unit++;
	snprintf(text, sizeof(text), "%llu%s", (unsigned long long)(number / unit->factor),
		 unit->text);
	append(room, between, text);
}

static void append_words(const struct setting *setting, uint64_t number,
			 char room[CONFIG_TEXT_SIZE])
{
	const struct setting_word *word;

	for (word = setting->words; word->text; word++)
		if (word->number == number ||
		    (setting->kind == KIND_WORDS && word->number & number))
			append(room, " ", word->text);
}

const char *config_format(const struct setting *setting, uint64_t number,
			  char room[CONFIG_TEXT_SIZE])
{
	room[0] = 0;
	append_words(setting, number, room);
	if (!room[0])
		append_number(setting, number, room, "");
	return room;
}

const char *config_range(const struct setting *setting, char room[CONFIG_TEXT_SIZE])
{
	const struct setting_word *word = setting->words;

	room[0] = 0;
	for (; word->text; word++)
		append(room, setting->kind == KIND_WORDS ? ", " : " or ", word->text);
	if (setting->kind == KIND_PATH)
		append(room, " or ", "an absolute path");
	if (setting->kind >= KIND_NAME && setting->kind <= KIND_TIME) {
		append_number(setting, setting->least, room, " or ");
		append_number(setting, setting->most, room, " to ");
	}
	if (setting->kind == KIND_NAME)
		append(room, "", " bytes without \"/\" and a leading \".\"");
	if (setting->kind == KIND_POWER)
		append(room, "", ", a power of two");
	return room;
}
