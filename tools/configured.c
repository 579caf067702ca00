// SPDX-License-Identifier: MIT
/*
 * The configuration of programs of this user.  It is read each time: verbs change their own
 * environment, and seldom ask.
 */
#include "configured.h"

#include <stdio.h>
#include <string.h>

#include <sluice_config.h>

bool configured(const char *name, char value[CONFIGURED_SIZE], char source[CONFIGURED_SIZE])
{
	struct sluice_config *config = sluice_config_read(NULL);
	struct sluice_config_key key = SLUICE_CONFIG_KEY();
	bool found = false;

	for (unsigned int i = 0; config && !found && sluice_config_get(config, i, &key) > 0; i++)
		found = strcmp(key.name, name) == 0;
	if (found) {
		snprintf(value, CONFIGURED_SIZE, "%s", key.value);
		if (source)
			snprintf(source, CONFIGURED_SIZE, "%s", key.source);
	}
	sluice_config_free(config);
	return found;
}

bool configured_is_wrong(void)
{
	struct sluice_config *config = sluice_config_read(NULL);

	sluice_config_free(config);
	return !config;
}

void configured_root(char *path, size_t size)
{
	char chosen[CONFIGURED_SIZE];

	snprintf(path, size, "%s", configured("node.root", chosen, NULL) ? chosen : "");
}

const char *configured_domain(const char *domain)
{
	static char chosen[CONFIGURED_SIZE];

	if (!domain && configured("node.domain", chosen, NULL))
		domain = chosen;
	return domain && *domain ? domain : "default";
}
