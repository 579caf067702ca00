/* SPDX-License-Identifier: MIT */
/* The keys of the configuration: one table for all that is done with them. */
#ifndef SLUICE_CONFIG_SETTINGS_H
#define SLUICE_CONFIG_SETTINGS_H

#include <stdbool.h>

#include <sluice.h>

#include "base/compiler.h"

/* A section, and the options struct whose fields are its keys. */
enum config_section {
	CONFIG_NODE,
	CONFIG_SERVICE,
	CONFIG_CLIENT,
	CONFIG_SERVER,
};

enum config_kind {
	CONFIG_PATH,		/* text: absolute */
	CONFIG_NAME,		/* text: of a domain */
	CONFIG_NUMBER,
	CONFIG_POWER,		/* of two */
	CONFIG_BYTES,		/* with a unit, if one likes */
	CONFIG_TIME,		/* likewise */
	CONFIG_WORD,		/* one of its words */
	CONFIG_WORDS,		/* any of its words: bits */
};

/* What can be written in place of a number; the last of a list has no text. */
struct config_word {
	const char *text;
	uint64_t number;
};

struct config_key {
	const char *name;		/* of the field, and in the file */
	const char *meaning;
	const struct config_word *words;	/* or NULL */
	uint64_t preset;		/* as the library has it, if nothing is said */
	uint64_t least, most;		/* of a number */
	uint16_t offset;		/* in the options struct */
	uint8_t width;			/* of the field; 0: it is no number */
	uint8_t section;
	uint8_t kind;
	bool fenced;			/* there can be a ceiling */
};

/* Those that are used by name; the two that are text come first. */
#define CONFIG_ROOT	0u
#define CONFIG_DOMAIN	1u
#define CONFIG_TEXTS	2u
#define CONFIG_WAIT	2u
#define CONFIG_SPIN	3u
#define CONFIG_REQUESTS	23u		/* max_active_requests of a client */
#define CONFIG_PORT_MEMORY	31u	/* port_memory_limit of a server */
#define CONFIG_PEER_MEMORY	32u	/* peer_memory_limit of a server */
#define CONFIG_KEYS	33u

extern const struct config_key config_keys[CONFIG_KEYS];
extern const char *const config_sections[];

#endif /* SLUICE_CONFIG_SETTINGS_H */
