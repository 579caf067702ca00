// SPDX-License-Identifier: MIT
/*
 * What becomes of a program's options by the configuration: a field that is 0 gets the
 * default that was configured, and a field that is more than its ceiling is refused.
 *
 * The options are the library's own copy.  Flags are added to; of a service those are not
 * that the program refuses, and ports have no way to refuse one.  What is configured for all services or ports may
 * not fit one of them, and then is left out where a program that said it would be told:
 * lengths of slices where there are none, more requests than a service has, a group where
 * the mode has no use for it.
 */
#include "config/config.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "config/config_text.h"
#include "base/error.h"

static uint64_t read_field(const struct config_key *key, const void *opts)
{
	const char *field = (const char *)opts + key->offset;
	uint32_t narrow;
	uint64_t wide;

	if (key->width == sizeof(wide)) {
		memcpy(&wide, field, sizeof(wide));
		return wide;
	}
	memcpy(&narrow, field, sizeof(narrow));
	return narrow;
}

static void write_field(const struct config_key *key, void *opts, uint64_t number)
{
	char *field = (char *)opts + key->offset;
	uint32_t narrow = (uint32_t)number;

	if (key->width == sizeof(number))
		memcpy(field, &number, sizeof(number));
	else
		memcpy(field, &narrow, sizeof(narrow));
}

static int refuse(const struct config *config, unsigned int i, uint64_t asked)
{
	char place[PATH_MAX + 16], has[CONFIG_TEXT_SIZE], can[CONFIG_TEXT_SIZE];
	const struct config_value *ceiling = &config->ceiling[i];
	const struct config_key *key = &config_keys[i];

	return fail(EPERM, "%s is %s, and %s.limits.%s allows at most %s (%s)", key->name,
		    config_format(key, asked, has), config_sections[key->section], key->name,
		    config_format(key, ceiling->number, can),
		    config_place(config, ceiling, place, sizeof(place)));
}

struct config_value config_effective(const struct config *config, unsigned int i)
{
	const struct config_value *ceiling = &config->ceiling[i];
	struct config_value value = config->value[i];

	if (value.from)
		return value;
	value.number = config_keys[i].preset;
	return ceiling->from && value.number > ceiling->number ? *ceiling : value;
}

uint64_t config_ceiling(const struct config *config, unsigned int i)
{
	return config->ceiling[i].from ? config->ceiling[i].number : UINT64_MAX;
}

static int fill_field(const struct config *config, unsigned int i, void *opts)
{
	const struct config_key *key = &config_keys[i];
	struct config_value effective = config_effective(config, i);
	uint64_t asked = read_field(key, opts);

	if (config->ceiling[i].from && asked > config->ceiling[i].number)
		return refuse(config, i, asked);
	if (!effective.from)
		return 0;
	if (key->kind == CONFIG_WORDS)
		asked |= effective.number;
	write_field(key, opts, asked ? asked : effective.number);
	return 0;
}

static int fill(const struct config *config, enum config_section section, void *opts)
{
	unsigned int i;
	int r = 0;

	for (i = CONFIG_TEXTS; !r && i < CONFIG_KEYS; i++)
		if (config_keys[i].section == section)
			r = fill_field(config, i, opts);
	return r;
}

int config_fill_service(const struct config *config, struct sluice_service_opts *opts)
{
	bool has_group = opts->group;
	int r = fill(config, CONFIG_SERVICE, opts);

	/* None that the program itself has set; see check_refused(). */
	opts->flags &= ~opts->refused_flags;
	if (!has_group && opts->mode != 0660 && opts->mode != 0666)
		opts->group = 0;
	return r;
}

/* A client that leaves it open may have as many as its service, up to the ceiling. */
static void choose_requests(const struct config *config, struct sluice_client_opts *opts,
			    uint32_t requests)
{
	const struct config_value *ceiling = &config->ceiling[CONFIG_REQUESTS];

	if (!opts->max_active_requests && ceiling->from)
		opts->max_active_requests = (uint32_t)ceiling->number;
	if (opts->max_active_requests > requests)
		opts->max_active_requests = requests;
}

int config_fill_client(const struct config *config, struct sluice_client_opts *opts,
		       uint32_t requests, bool slices)
{
	bool has_requests = opts->max_active_requests, has_length = opts->port.initial_max_slice_len;
	int r = fill(config, CONFIG_CLIENT, opts);

	if (r < 0)
		return r;
	if (!has_requests)
		choose_requests(config, opts, requests);
	if (!has_length && !slices)
		opts->port.initial_max_slice_len = 0;
	return 0;
}

int config_fill_server(const struct config *config, struct sluice_server_opts *opts, bool slices)
{
	bool has_length = opts->port.initial_max_slice_len;
	int r = fill(config, CONFIG_SERVER, opts);

	if (!has_length && !slices)
		opts->port.initial_max_slice_len = 0;
	return r;
}
