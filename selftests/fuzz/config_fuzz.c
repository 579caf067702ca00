// SPDX-License-Identifier: GPL-2.0-only
/*
 * A configuration file of any contents, as sluice_config_read() and each node read it: lines,
 * headings and entries (config/ini_file.c), keys (config/config.c) and values
 * (config/config_text.c).
 *
 * Promises: a file is read, or refused with EINVAL and a sentence that names the file.  Each
 * key of a file that was read has a value and a range in words.
 */
#include "fuzz.h"

#include <errno.h>
#include <string.h>

#include <sluice.h>
#include <sluice_config.h>

static void look_at_all(struct sluice_config *config)
{
	struct sluice_config_key key = SLUICE_CONFIG_KEY();
	unsigned int i;

	for (i = 0; sluice_config_get(config, i, &key) > 0; i++)
		PROMISE(key.name[0] && key.range[0] && key.meaning[0] && key.source[0] &&
			key.value && key.preset);
	PROMISE(i > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sluice_config *config;

	fuzz_begin();
	fuzz_file(data, size);
	config = sluice_config_read(fuzz_path());
	if (config) {
		look_at_all(config);
		sluice_config_free(config);
	} else {
		PROMISE(errno == EINVAL);
		PROMISE(fuzz_is_sentence(sluice_strerror()));
		PROMISE(strstr(sluice_strerror(), fuzz_path()));
	}
	fuzz_end();
	return 0;
}
