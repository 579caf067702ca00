// SPDX-License-Identifier: MIT
/*
 * The sluice command.
 *
 * The table below is the whole command line: a verb, the function that carries it out, and
 * the line that help prints.  A verb gets the arguments that follow it, with its own name
 * as argv[0], and returns the exit status: 0 done, 1 it failed, 2 the command line was
 * wrong.
 *
 * Two things are done here for all verbs.  Before a verb runs, standard descriptors that
 * are closed are opened on /dev/null.  So no file that the verb opens takes their number,
 * and no output goes into one of its files.  After it, standard output is flushed; output
 * that could not be written is a failure, whichever verb has printed it.
 */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sluice.h>

#include "tools/text/printable.h"
#include "tools/text/say.h"
#include "tools/text/suggest.h"
#include "verbs.h"

struct verb {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *description;
};

static int help(int argc, char **argv);
static int version(int argc, char **argv);

static const struct verb verbs[] = {
	{ "bench",	verb_bench,	"measure round trips, beside what the machine can do" },
	{ "bridge",	verb_bridge,	"carry requests and responses between hosts, over NATS" },
	{ "call",	verb_call,	"send a request, and print the responses" },
	{ "config",	verb_config,	"tell what is configured, and where" },
	{ "doctor",	verb_doctor,	"tell whether Sluice works here, and what is in the way" },
	{ "gc",		verb_gc,	"remove what dead processes have left" },
	{ "help",	help,		"list the verbs" },
	{ "ls",		verb_ls,	"list the services and their processes" },
	{ "metrics",	verb_metrics,	"tell a monitoring system what clients and servers count" },
	{ "monitor",	verb_monitor,	"print what comes and goes, as it does" },
	{ "serve",	verb_serve,	"serve a service with a command, or as an echo" },
	{ "show",	verb_show,	"show all of one service" },
	{ "stat",	verb_stat,	"show what clients and servers have counted, or how fast" },
	{ "top",	verb_top,	"watch what clients and servers do, live" },
	{ "trace",	verb_trace,	"watch processes that use Sluice, from inside the kernel" },
	{ "types",	verb_types,	"tell whether the payload types of programs are safe to share" },
	{ "version",	version,	"print the version of the library" },
};

#define TYPED	128	/* as much of a word as is told */
#define VERBS	(sizeof(verbs) / sizeof(verbs[0]))

static void usage(FILE *to)
{
	fprintf(to, "usage: sluice VERB [ARGUMENT]...\n"
		    "       sluice VERB --help\n\n");
	for (size_t i = 0; i < VERBS; i++)
		fprintf(to, "  %-10s%s\n", verbs[i].name, verbs[i].description);
}

static int wrong(const char *what)
{
	fprintf(stderr, "sluice: %s\n", what);
	usage(stderr);
	return 2;
}

static int no_verb(const char *typed)
{
	char sentence[SUGGEST_TEXT + TYPED + 32], clean[TEXT_CLEAN(sizeof(sentence))];
	struct suggestion suggestion = { .typed = typed };
	char text[SUGGEST_TEXT];

	for (size_t i = 0; i < VERBS; i++)
		suggest_among(&suggestion, verbs[i].name);
	snprintf(sentence, sizeof(sentence), "there is no verb \"%.*s\"%s", TYPED, typed,
		 suggest_text(text, &suggestion, ""));
	return wrong(text_clean(clean, sizeof(clean), sentence));
}

static int help(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		return wrong("help takes no argument");

	usage(stdout);
	return 0;
}

static int version(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		return wrong("version takes no argument");

	printf("%s\n", sluice_version());
	return 0;
}

/* Not close-on-exec: the commands that verbs start have them too. */
static void open_standard(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

/* The exit status of the command.  A verb that has failed has printed why. */
static int flush(const struct verb *verb, int status)
{
	errno = 0;
	if (!fflush(stdout) && !ferror(stdout))
		return status;
	if (!status)
		say(verb->name, "cannot write: %s", errno ? strerror(errno) : "output was lost");
	return status ? status : 1;
}

int main(int argc, char **argv)
{
	open_standard();
	/* Sets which characters can be printed; numbers are written the same everywhere. */
	setlocale(LC_CTYPE, "");
	if (argc < 2)
		return wrong("a verb is missing");

	/* The spelling of other commands. */
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "--version") == 0)
		argv[1] += 2;
	else if (strcmp(argv[1], "-h") == 0)
		argv[1] = "help";
	if (argc > 2 && strcmp(argv[2], "-h") == 0)
		argv[2] = "--help";
	for (size_t i = 0; i < VERBS; i++) {
		if (strcmp(argv[1], verbs[i].name) == 0)
			return flush(&verbs[i], verbs[i].run(argc - 1, argv + 1));
	}
	return no_verb(argv[1]);
}
