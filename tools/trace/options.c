// SPDX-License-Identifier: MIT
/*
 * The command line of sluice trace, which is nearly the same for all modes.  An option that
 * its mode does not have is refused, so that no user relies on an option that does nothing.
 */
#include "trace.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "tools/arguments.h"

#define BUFFER_LEAST	(64u << 10)
#define BUFFER_MOST	(1u << 30)
#define SNAP_MOST	(16u << 20)
#define FILE_LEAST	(64u << 10)
#define FILES_MOST	1000u
#define TOP		10u		/* clients, for people */

static const char help_intro[] =
"usage: sluice trace [MODE] [OPTION]... [-- COMMAND [ARGUMENT]...]\n"
"       sluice trace read FILE [OPTION]...\n"
"       sluice trace replay FILE SERVICE [OPTION]...\n"
"\n"
"Watches processes that use Sluice, from inside the kernel: all of them, and also\n"
"those that start later; or those of --pid; or COMMAND and its children. It needs\n"
"Linux 6.6, and root or CAP_BPF with CAP_PERFMON. ^C ends it and prints the\n"
"summary.\n"
"\n"
"Modes\n"
"  events (default)      a line for each event\n"
"  latency               how the time of round trips is spent\n"
"  leaks                 slices that are not sent or released, with stacks\n"
"  grow                  each growth of a port's memory, and what would avoid it\n"
"  capture FILE          messages, as pcapng\n"
"  read FILE             prints the messages of a capture; see read --help\n"
"  replay FILE SERVICE   sends the requests of a capture again; see replay --help\n";

static const char help_rest[] =
"Examples\n"
"  sluice trace latency --service example/calls --slow 1ms\n"
"  sluice trace leaks --older 10s -p 4711\n"
"  sluice trace --perfetto run.json -- ./my-client --calls 1000\n";

enum {
	EXE = 256, SERVICE, PORT, EVENT, MIN_SIZE, MIN_LATENCY, SLOW, OLDER, FOLDED, PERFETTO,
	SNAP, TOTALS, TOP_CLIENTS, JSON, STRICT, BUFFER, MAX_SIZE, FILES,
};

static const struct verb_option long_options[] = {
	{ NULL, 0, NULL, "Processes" },
	{ "pid", 'p', "PID", "this process; may be given several times" },
	{ "exe", EXE, "FILE",
	  "programs linked with libsluice.a that start later; those that run "
	  "already are found" },
	{ NULL, 0, NULL, "Filters, applied in the kernel" },
	{ "service", SERVICE, "NAME", "ports of this service; NAME* of all that begin so" },
	{ "port", PORT, "ID", "this port, at either end" },
	{ "event", EVENT, "NAME,...", "events: only these; man 7 sluice-probes lists them" },
	{ "min-size", MIN_SIZE, "BYTES", "messages of at least so many bytes (64, 4K, 1M)" },
	{ "min-latency", MIN_LATENCY, "T", "events that took at least so long (50us, 1ms)" },
	{ NULL, 0, NULL, "Duration and output" },
	{ "duration", 'd', "T", "end after this time" },
	{ "count", 'n', "N", "events: end after so many" },
	{ "totals", TOTALS, NULL, "events: only how many there were of each" },
	{ "slow", SLOW, "T", "latency: print each round trip that takes as long" },
	{ "older", OLDER, "T", "leaks: slices that are held for longer (1s)" },
	{ "folded", FOLDED, "WHAT",
	  "leaks, grow: stacks for a flame graph, by bytes or count" },
	{ "perfetto", PERFETTO, "FILE", "events: write them for ui.perfetto.dev, print none" },
	{ "snap", SNAP, "BYTES",
	  "capture: so much of each payload too (0: headers only); Wireshark reads "
	  "packets of up to 256 KiB" },
	{ "top", TOP_CLIENTS, "N", "latency: the N slowest clients of each service (10)" },
	{ "json", JSON, NULL, "a line of JSON for each thing, the last a summary" },
	{ "strict", STRICT, NULL, "an event that was lost is an error" },
	{ "buffer", BUFFER, "BYTES", "of the ring buffer, a power of two (8M)" },
	HELP_OPTION,
	{ NULL, 0, NULL, "Files" },
	{ "output", 'o', "FILE", "print there, and not to standard output" },
	{ "max-size", MAX_SIZE, "SIZE",
	  "of the file of -o, --perfetto or capture; when it is reached, tracing "
	  "ends" },
	{ "files", FILES, "N",
	  "instead, go on in a new FILE; N are kept: FILE, FILE.1 that came before "
	  "it, and so on" },
	{ 0 },
};

/* The mode that an option belongs to; NULL: all. */
static const char *mode_of(int option)
{
	switch (option) {
	case EVENT: case 'n': case TOTALS: case PERFETTO:
		return "events";
	case MIN_SIZE:
		return "events latency leaks capture";
	case MIN_LATENCY:
		return "events latency";
	case SLOW: case TOP_CLIENTS:
		return "latency";
	case OLDER:
		return "leaks";
	case FOLDED:
		return "leaks grow";
	case SNAP:
		return "capture";
	default:
		return NULL;
	}
}

static bool parse_whole(const char *text, int base, uint64_t *ret_value)
{
	char *end;

	errno = 0;
	*ret_value = strtoull(text, &end, base);
	return *text && *text != '-' && !*end && !errno;
}

static bool parse_events(const char *list, uint64_t *ret_probes)
{
	const char *end;
	unsigned int probe;

	for (;; list = end + 1) {
		end = strchrnul(list, ',');
		if (!probe_numbered(list, (size_t)(end - list), &probe))
			return false;
		*ret_probes |= UINT64_C(1) << probe;
		if (!*end)
			return true;
	}
}

static bool parse_folded(const char *text, enum folded *ret_folded)
{
	*ret_folded = !strcmp(text, "bytes") ? FOLDED_BYTES : FOLDED_COUNT;
	return *ret_folded == FOLDED_BYTES || !strcmp(text, "count");
}

static bool add_pid(struct trace_options *options, const char *text)
{
	uint64_t pid;

	if (options->pids == PIDS_WATCHED_MAX || !parse_whole(text, 10, &pid) || !pid ||
	    pid > INT32_MAX)
		return false;
	options->pid[options->pids++] = (pid_t)pid;
	return true;
}

static bool add_file(struct trace_options *options, const char *path)
{
	if (options->files_named == FILES_NAMED_MAX)
		return false;
	options->file[options->files_named++] = path;
	return true;
}

static bool take_size(const char *text, uint64_t least, uint64_t most, uint32_t *ret_size)
{
	uint64_t bytes;

	if (!parse_bytes(text, &bytes) || bytes < least || bytes > most)
		return false;
	*ret_size = (uint32_t)bytes;
	return true;
}

static bool take_number(const char *text, unsigned int most, unsigned int *ret_number)
{
	uint64_t number;

	if (!parse_whole(text, 10, &number) || number > most)
		return false;
	*ret_number = (unsigned int)number;
	return true;
}

static bool take_time(const char *text, int64_t *ret_ns)
{
	uint64_t ns;

	if (!parse_ns(text, &ns))
		return false;
	*ret_ns = (int64_t)ns;
	return true;
}

struct taking {
	struct trace_options *options;
	const char *mode;
	int foreign;		/* an option that the mode does not have; 0: none */
};

/* False: the value of the option cannot be used. */
static bool take(void *context, int option, char *value)
{
	struct taking *taking = context;
	struct trace_options *options = taking->options;

	if (mode_of(option) && !strstr(mode_of(option), taking->mode))
		taking->foreign = option;
	switch (option) {
	case 'p':
		return add_pid(options, value);
	case EXE:
		return add_file(options, value);
	case SERVICE:
		options->service = value;
		return *value && strlen(value) < TEXT_SIZE;
	case PORT:
		return parse_whole(value, 16, &options->port) && options->port;
	case EVENT:
		return parse_events(value, &options->probes);
	case MIN_SIZE:
		return parse_bytes(value, &options->least_bytes);
	case MIN_LATENCY:
		return parse_ns(value, &options->least_ns);
	case 'd':
		return take_time(value, &options->duration) && options->duration;
	case 'n':
		return parse_whole(value, 10, &options->limit) && options->limit;
	case SLOW:
		return parse_ns(value, &options->slow_ns) && options->slow_ns;
	case OLDER:
		return take_time(value, &options->older_ns);
	case FOLDED:
		return parse_folded(value, &options->folded);
	case PERFETTO:
		options->perfetto = value;
		return true;
	case SNAP:
		return take_size(value, 0, SNAP_MOST, &options->snap);
	case BUFFER:
		return take_size(value, BUFFER_LEAST, BUFFER_MOST, &options->buffer) &&
		       !(options->buffer & (options->buffer - 1));
	case TOP_CLIENTS:
		return take_number(value, UINT_MAX, &options->top);
	case 'o':
		options->output = value;
		return true;
	case MAX_SIZE:
		return parse_bytes(value, &options->max_size) && options->max_size >= FILE_LEAST;
	case FILES:
		return take_number(value, FILES_MOST, &options->files) && options->files;
	case TOTALS:
		options->totals = true;
		return true;
	case JSON:
		options->json = true;
		return true;
	default:
		options->strict = true;
		return true;
	}
}

static int take_all(struct trace_options *options, const char *mode, int argc, char **argv)
{
	const struct arguments arguments = {
		.verb = "trace", .intro = help_intro, .rest = help_rest,
		.options = long_options, .leading = true,
		.argc = argc, .argv = argv,
	};
	struct taking taking = { options, mode, 0 };
	int r;

	arguments_begin();
	r = arguments_take(&arguments, take, &taking);
	if (!r && taking.foreign)
		return say_wrong("trace", "--%s is no option of this mode",
				 arguments_name(long_options, taking.foreign));
	return r;
}

/* Refuses options that exclude each other, or need another.  0 or 2. */
static int check(const struct trace_options *options)
{
	bool has_file = options->output || options->capture || options->perfetto;

	if (options->pids && (options->command || options->files_named))
		return say_wrong("trace", "--pid cannot be combined with a command or --exe");
	if (options->folded && options->json)
		return say_wrong("trace", "--folded and --json cannot be combined");
	if (options->max_size && !has_file)
		return say_wrong("trace", "--max-size limits a file, and -o FILE is missing");
	if (options->files && !options->max_size)
		return say_wrong("trace", "--files needs --max-size");
	if (options->max_size && options->capture && options->max_size < options->snap + FILE_LEAST)
		return say_wrong("trace", "--max-size is too small for messages of --snap");
	return 0;
}

int options_parse(struct trace_options *options, const char *mode, int argc, char **argv)
{
	bool needs_file = !strcmp(mode, "capture");
	int r;

	*options = (struct trace_options){
		.buffer = 8u << 20, .older_ns = SECOND_NS, .top = UINT_MAX,
	};
	if (needs_file && argc > 1 && argv[1][0] != '-') {
		options->capture = argv[1];
		argv[1] = argv[0];
		argc--;
		argv++;
	}
	r = take_all(options, mode, argc, argv);
	if (r)
		return r;
	if (needs_file && !options->capture && optind < argc && strcmp(argv[optind - 1], "--") != 0)
		options->capture = argv[optind++];
	if (needs_file && !options->capture)
		return say_wrong("trace", "the name of a file is missing");
	if (optind < argc && !strcmp(argv[optind], "--"))
		optind++;
	if (optind < argc)
		options->command = argv + optind;
	if (options->top == UINT_MAX && !options->json)
		options->top = TOP;
	return check(options);
}
