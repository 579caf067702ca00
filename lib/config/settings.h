/* SPDX-License-Identifier: MIT */
/* The settings: config/settings.def as an array, and access to the options structs. */
#ifndef SLUICE_CONFIG_SETTINGS_H
#define SLUICE_CONFIG_SETTINGS_H

#include <stdbool.h>

#include <sluice.h>

#include "base/compiler.h"

/* The number of each setting, such as SETTING_service_max_clients; and how many there are. */
enum {
#define SETTING(section, field, ...)	SETTING_##section##_##field,
#define TEXT(section, name, ...)	SETTING_##section##_##name,
#include "config/settings.def"
	SETTINGS
};

/* The flags that all users of a service share: SLUICE_SERVICE_*. */
enum {
	SETTINGS_SHARED_FLAGS = 0
#define FLAG(flag, ...)			| SLUICE_SERVICE_##flag
#include "config/settings.def"
};

/* A section of the configuration; also the options struct whose fields are its keys. */
enum setting_section {
	SECTION_node,
	SECTION_service,
	SECTION_client,
	SECTION_server,
};

/* How a value is written. */
enum setting_kind {
	KIND_PATH,		/* text: an absolute path */
	KIND_NAME,		/* text: the name of a domain */
	KIND_NUMBER,
	KIND_POWER,		/* a power of two */
	KIND_BYTES,		/* a number, with a unit or without */
	KIND_TIME,		/* likewise */
	KIND_WORD,		/* one of the words */
	KIND_WORDS,		/* any of the words: bits */
};

/* A word that stands for a number; the last of a list has no text. */
struct setting_word {
	const char *text;
	uint64_t number;
};

struct setting {
	const char *name;		/* of the field, and of the key */
	const char *text;		/* the default of a path or a name; else NULL */
	const char *unit;
	const char *meaning;
	const struct setting_word *words;
	uint64_t preset;		/* the default of a number */
	uint64_t least, most;		/* of a number, or of the bytes of a text */
	uint16_t offset;		/* of the field in the options struct */
	uint8_t width;			/* of the field; of a text 0 */
	uint8_t section;		/* an enum setting_section */
	uint8_t kind;			/* an enum setting_kind */
	bool ceiling;			/* there can be one */
};

extern const struct setting setting_table[SETTINGS];
extern const char *const setting_sections[];

static inline bool setting_is_text(const struct setting *setting)
{
	return setting->text;
}

/* Read and write the field of a number in the options struct of its section. */
uint64_t setting_get(const struct setting *setting, const void *opts);
void setting_set(const struct setting *setting, void *opts, uint64_t number);

#endif /* SLUICE_CONFIG_SETTINGS_H */
