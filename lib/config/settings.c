// SPDX-License-Identifier: MIT
/*
 * The settings as an array, made from config/settings.def, and the words for their values.
 *
 * All of it is constant data, which the contract of a service, the configuration, and the
 * tests of the documents share.  A caller of setting_get() or setting_set() gives an options
 * struct of the right section, which is the library's own copy (base/opts.h).
 */
#include "config/settings.h"

#include <limits.h>
#include <string.h>

#include <sluice/wire.h>

#include "base/limits.h"

const char *const setting_sections[] = {
	[SECTION_node] = "node",
	[SECTION_service] = "service",
	[SECTION_client] = "client",
	[SECTION_server] = "server",
};

/* ---- Words ---- */

static const struct setting_word no_words[] = { { 0 } };
static const struct setting_word root_words[] = { { "auto", 0 }, { 0 } };
static const struct setting_word wait_words[] = {
	{ "auto", SLUICE_WAIT_AUTO }, { "uring", SLUICE_WAIT_URING },
	{ "socket", SLUICE_WAIT_SOCKET }, { 0 },
};
static const struct setting_word spin_words[] = {
	{ "auto", 0 }, { "none", UINT64_MAX }, { 0 },
};
static const struct setting_word none_words[] = { { "none", 0 }, { 0 } };
static const struct setting_word auto_words[] = { { "auto", 0 }, { 0 } };
static const struct setting_word all_words[] = { { "all", 0 }, { 0 } };
static const struct setting_word group_words[] = { { "root-directory", 0 }, { 0 } };
static const struct setting_word mode_words[] = {
	{ "0600", 0600 }, { "0660", 0660 }, { "0666", 0666 }, { 0 },
};
static const struct setting_word service_flag_words[] = {
	{ "none", 0 },
#define FLAG(flag, name, meaning)	{ #name, SLUICE_SERVICE_##flag },
#include "config/settings.def"
	{ "any_user", SLUICE_SERVICE_ANY_USER },
	{ 0 },
};
static const struct setting_word port_flag_words[] = {
	{ "none", 0 },
	{ "prefault", SLUICE_PORT_PREFAULT },
	{ "lock", SLUICE_PORT_LOCK },
	{ "huge_pages", SLUICE_PORT_HUGE_PAGES },
	{ 0 },
};
static const struct setting_word strategy_words[] = {
	{ "power_of_two", SLUICE_POWER_OF_TWO }, { "best_fit", SLUICE_BEST_FIT },
	{ "static", SLUICE_STATIC }, { 0 },
};
static const struct setting_word when_full_words[] = {
	{ "block", SLUICE_FULL_BLOCK }, { "discard", SLUICE_FULL_DISCARD }, { 0 },
};

/* ---- The array ---- */

#define ROW(section_, name_, kind_, words_, least_, most_, unit_, meaning_)	\
	.name = #name_,								\
	.section = SECTION_##section_,						\
	.kind = KIND_##kind_,							\
	.words = words_,							\
	.least = (least_),							\
	.most = (most_),							\
	.unit = unit_,								\
	.meaning = meaning_

#define NUMBER(section_, path_, field_, kind_, words_, preset_, least_, most_, unit_,	\
	       ceiling_, meaning_)						\
	[SETTING_##section_##_##field_] = {					\
		ROW(section_, field_, kind_, words_, least_, most_, unit_, meaning_), \
		.preset = (preset_),						\
		.ceiling = ceiling_,						\
		.offset = offsetof(struct sluice_##section_##_opts, path_),	\
		.width = sizeof(((struct sluice_##section_##_opts *)0)->path_),	\
	},

const struct setting setting_table[SETTINGS] = {
#define SETTING(section_, field_, ...)	NUMBER(section_, field_, field_, __VA_ARGS__)
#define PORT(section_, field_, ...)	NUMBER(section_, port.field_, field_, __VA_ARGS__)
#define TEXT(section_, name_, kind_, words_, preset_, least_, most_, unit_, meaning_) \
	[SETTING_##section_##_##name_] = {					\
		ROW(section_, name_, kind_, words_, least_, most_, unit_, meaning_), \
		.text = preset_,						\
	},
#include "config/settings.def"
};

uint64_t setting_get(const struct setting *setting, const void *opts)
{
	const char *field = (const char *)opts + setting->offset;
	uint32_t narrow;
	uint64_t wide;

	if (setting->width == sizeof(wide)) {
		memcpy(&wide, field, sizeof(wide));
		return wide;
	}
	memcpy(&narrow, field, sizeof(narrow));
	return narrow;
}

void setting_set(const struct setting *setting, void *opts, uint64_t number)
{
	char *field = (char *)opts + setting->offset;
	uint32_t narrow = (uint32_t)number;

	if (setting->width == sizeof(number))
		memcpy(field, &number, sizeof(number));
	else
		memcpy(field, &narrow, sizeof(narrow));
}
