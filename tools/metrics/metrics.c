// SPDX-License-Identifier: MIT
/*
 * sluice metrics - what the ports have counted, for a monitoring system
 *
 * The registry is read once, and all metrics of the domain are printed; or with --listen it
 * is read again for each HTTP request.  exposition.c writes the text, and http.c serves it.
 * Like sluice stat it only reads, and no port notices it.
 */
#include "metrics.h"

#include <string.h>

#include "tools/verbs.h"

static const char help_intro[] =
"usage: sluice metrics [SERVICE...] [OPTION]...\n"
"\n"
"Prints what clients and servers have counted, as OpenMetrics text: of all\n"
"services, or of these; NAME* stands for all that begin so.\n";

static const char help_rest[] =
"Examples\n"
"  sluice metrics 'example/*'\n"
"  sluice metrics --listen 9400\n"
"  sluice metrics --listen '[::1]:9400'\n";

enum { LISTEN = LOOK_OWN, FORMAT };

static const struct verb_option options[] = {
	{ "listen", LISTEN, "[ADDRESS:]PORT",
	  "serve it over HTTP at /metrics, until ^C; without an address at "
	  "127.0.0.1; port 0 is a free one" },
	{ "format", FORMAT, "FORMAT",
	  "openmetrics, or prometheus: text format 0.0.4; clients of --listen "
	  "choose by themselves" },
	LOOK_DOMAIN_OPTION,
	HELP_OPTION,
	{ 0 },
};

struct metrics_options {
	const char *listen;		/* NULL: print */
	enum metrics_format format;
};

static bool take(void *context, int option, const char *value)
{
	struct metrics_options *chosen = context;

	if (option == LISTEN) {
		chosen->listen = value;
		return *value;
	}
	if (!strcmp(value, "openmetrics"))
		chosen->format = METRICS_OPENMETRICS;
	else if (!strcmp(value, "prometheus"))
		chosen->format = METRICS_PROMETHEUS;
	else
		return false;
	return true;
}

static int print(const struct look *look, enum metrics_format format)
{
	struct snapshot snapshot;
	int r = look_at(look, &snapshot);

	if (r)
		return r;
	look_tell_unreadable(look, &snapshot);
	metrics_write(stdout, look, &snapshot, format);
	snapshot_free(&snapshot);
	return look_flush(look);
}

int verb_metrics(int argc, char **argv)
{
	struct metrics_options chosen = { 0 };
	struct look look = {
		.verb = "metrics", .intro = help_intro, .rest = help_rest,
		.options = options, .take = take,
		.context = &chosen,
	};
	int r = look_parse(&look, argc, argv);

	if (r)
		return r < 0 ? 0 : r;
	return chosen.listen ? metrics_listen(&look, chosen.listen) :
			       print(&look, chosen.format);
}
