// SPDX-License-Identifier: MIT
/*
 * The configuration and a program's options: a field that is 0 gets the configured
 * default, and a field that is more than its ceiling is refused.
 *
 * The options are the library's own copy.  Configured flags are added to those of the
 * program.  A program can refuse flags of a service, and then they are not added; it cannot
 * refuse flags of a port.
 *
 * A default that is configured for all services or all ports may not fit one of them.
 * It is left out there, although the same value from the program would be an error.  This
 * concerns the length of slices where messages are no slices, more requests than the
 * service has, and a group where the mode gives a group nothing.
 */
#include "config/config_opts.h"

#include <errno.h>
#include <limits.h>

#include "base/error.h"
#include "config/config_text.h"

static int refuse(const struct config *config, unsigned int i, uint64_t asked)
{
	char place[PATH_MAX + 16], has[CONFIG_TEXT_SIZE], can[CONFIG_TEXT_SIZE];
	const struct config_value *ceiling = &config->ceiling[i];
	const struct setting *setting = &setting_table[i];

	return fail(EPERM, "%s is %s, and %s.limits.%s allows at most %s (%s)", setting->name,
		    config_format(setting, asked, has), setting_sections[setting->section],
		    setting->name, config_format(setting, ceiling->number, can),
		    config_place(config, ceiling, place, sizeof(place)));
}

static int fill_field(const struct config *config, unsigned int i, void *opts)
{
	struct config_value effective = config_effective(config, i);
	const struct setting *setting = &setting_table[i];
	uint64_t asked = setting_get(setting, opts);

	if (asked > config_ceiling(config, i))
		return refuse(config, i, asked);
	if (!effective.from)
		return 0;
	if (setting->kind == KIND_WORDS)
		asked |= effective.number;
	setting_set(setting, opts, asked ? asked : effective.number);
	return 0;
}

static int fill(const struct config *config, enum setting_section section, void *opts)
{
	unsigned int i;
	int r = 0;

	for (i = 0; !r && i < SETTINGS; i++)
		if (setting_table[i].section == section && !setting_is_text(&setting_table[i]))
			r = fill_field(config, i, opts);
	return r;
}

int config_fill_service(const struct config *config, struct sluice_service_opts *opts)
{
	bool has_group = opts->group;
	int r = fill(config, SECTION_service, opts);

	/* The program itself cannot have set a flag that it refuses (api/service.c). */
	opts->flags &= ~opts->refused_flags;
	if (!has_group && opts->mode != 0660 && opts->mode != 0666)
		opts->group = 0;
	return r;
}

/* If the program leaves it open: as many as the service has, up to the ceiling. */
static void choose_requests(const struct config *config, struct sluice_client_opts *opts,
			    uint32_t requests)
{
	uint64_t ceiling = config_ceiling(config, SETTING_client_max_active_requests);

	if (!opts->max_active_requests && ceiling < requests)
		opts->max_active_requests = (uint32_t)ceiling;
	if (opts->max_active_requests > requests)
		opts->max_active_requests = requests;
}

int config_fill_client(const struct config *config, struct sluice_client_opts *opts,
		       uint32_t requests, bool slices)
{
	bool has_requests = opts->max_active_requests, has_length = opts->port.initial_max_slice_len;
	int r = fill(config, SECTION_client, opts);

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
	int r = fill(config, SECTION_server, opts);

	if (!has_length && !slices)
		opts->port.initial_max_slice_len = 0;
	return r;
}
