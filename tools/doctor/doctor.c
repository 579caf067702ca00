// SPDX-License-Identifier: MIT
/*
 * sluice doctor - checks whether Sluice works here, and what prevents it
 *
 * The library finds out by itself which features a machine has, and the sentence of a failed
 * call says which one was missing.  The doctor checks before anything has failed, and also
 * for things that do not fail but are slower, larger or less safe than possible.  It tries
 * things if that can be done (a ring, a sealed file, a node), and reads settings only to
 * explain its results.
 *
 * Each check is a line: its verdict, its name, its result, and below it how to correct a
 * problem.  As JSON it is an object with check, status, found and mend, which is null if
 * there is nothing to correct.  Names of checks stay.  The values of found and mend are words
 * for people, and may change.
 *
 * The last check is the decisive one: it sends a message.  The others explain why that works,
 * or does not.
 */
#include "doctor.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "tools/configured.h"
#include "tools/domain/domain_json.h"
#include "tools/look.h"
#include "tools/text/printable.h"
#include "tools/text/style.h"
#include "tools/text/text.h"
#include "tools/verbs.h"

static const char help_intro[] =
"usage: sluice doctor [OPTION]...\n"
"\n"
"Tells whether Sluice works here, how its processes would wait for each other and\n"
"why, what limits them, what dead ones have left behind, and how to correct\n"
"problems. It looks at the kernel, io_uring, memory files, limits, the root\n"
"directory, processors, containers, and what tracing needs; and then it sends a\n"
"message from one process to another.\n"
"\n"
"A line is ok, a note (slower or less than it might be, or good to know) or a\n"
"problem (does not work, or will not when it is needed). Nothing is changed.\n";

static const char help_rest[] =
"The exit status is 0, or 1 if there is a problem.\n"
"\n"
"Examples\n"
"  sluice doctor\n"
"  sluice doctor --json | jq -r 'select(.status != \"ok\").check'\n"
"  setpriv --reuid robot --clear-groups sluice doctor\n";

static const struct verb_option options[] = {
	LOOK_DOMAIN_OPTION,
	{ "json", LOOK_JSON, NULL,
	  "a line of JSON for each check: check, status, found, mend" },
	HELP_OPTION,
	{ 0 },
};

/* Each check depends only on those before it. */
static const struct {
	const char *name;
	doctor_check *check;
} checks[] = {
	{ "kernel",		doctor_kernel },
	{ "peers",		doctor_peers },
	{ "io_uring",		doctor_uring },
	{ "futex",		doctor_futex },
	{ "wait",		doctor_wait },
	{ "memfd",		doctor_memfd },
	{ "noexec",		doctor_noexec },
	{ "files",		doctor_files },
	{ "address_space",	doctor_address_space },
	{ "file_size",		doctor_file_size },
	{ "maps",		doctor_maps },
	{ "overcommit",		doctor_overcommit },
	{ "root",		doctor_root },
	{ "room",		doctor_room },
	{ "node",		doctor_node },
	{ "logout",		doctor_logout },
	{ "entries",		doctor_entries },
	{ "leftovers",		doctor_leftovers },
	{ "processors",		doctor_processors },
	{ "namespaces",		doctor_namespaces },
	{ "container",		doctor_container },
	{ "tracing",		doctor_tracing },
	{ "probes",		doctor_probes },
	{ "message",		doctor_message },
};

/* ---- For the checks --------------------------------------------------------- */

void doctor_found(struct doctor_finding *finding, enum doctor_status status,
		  const char *format, ...)
{
	va_list arguments;

	finding->status = status;
	va_start(arguments, format);
	vsnprintf(finding->found, sizeof(finding->found), format, arguments);
	va_end(arguments);
}

void doctor_mend(struct doctor_finding *finding, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(finding->mend, sizeof(finding->mend), format, arguments);
	va_end(arguments);
}

bool doctor_kernel_is(unsigned int major, unsigned int minor)
{
	unsigned int running[2] = { 0, 0 };
	struct utsname kernel;

	uname(&kernel);
	sscanf(kernel.release, "%u.%u", &running[0], &running[1]);
	return running[0] > major || (running[0] == major && running[1] >= minor);
}

long long doctor_number(const char *path)
{
	FILE *file = fopen(path, "re");
	long long number = -1;

	if (file && fscanf(file, "%lld", &number) != 1)
		number = -1;
	if (file)
		fclose(file);
	return number;
}

/* ---- Telling ------------------------------------------------------------------ */

static const char *const status_names[] = { "ok", "note", "problem" };

static void print_text(const char *name, const struct doctor_finding *finding)
{
	enum style style = finding->status == DOCTOR_OK ? STYLE_PLAIN : STYLE_BOLD;
	char clean[TEXT_CLEAN(sizeof(finding->found))];

	printf("%s%-8s%s %-14s %s\n", style_begin(style), status_names[finding->status],
	       style_end(style), name, text_clean(clean, sizeof(clean), finding->found));
	if (finding->mend[0])
		printf("%*s %s%s%s\n", 23, "", style_begin(STYLE_DIM),
		       text_clean(clean, sizeof(clean), finding->mend), style_end(STYLE_DIM));
}

/* The sentence may contain the name of a file, which is any bytes. */
static json_t *text(const char *string)
{
	char clean[TEXT_CLEAN(sizeof(((struct doctor_finding *)0)->found))];

	return *string ? json_string(text_utf8(clean, sizeof(clean), string)) : json_null();
}

static int print_json(const char *name, const struct doctor_finding *finding)
{
	return domain_json_print(json_pack("{s:s, s:s, s:o, s:o}", "check", name,
					   "status", status_names[finding->status],
					   "found", text(finding->found),
					   "mend", text(finding->mend)));
}

/* Makes a check and prints it at once, since the last may take some time. */
static int examine(struct doctor *doctor, const struct look *look, unsigned int i,
		   enum doctor_status *worst)
{
	struct doctor_finding finding = { .status = DOCTOR_OK };
	int r = 0;

	checks[i].check(doctor, &finding);
	if (finding.status > *worst)
		*worst = finding.status;
	if (look->json)
		r = print_json(checks[i].name, &finding);
	else
		print_text(checks[i].name, &finding);
	if (r < 0)
		return look_failed(look, "no memory");
	return look_flush(look);
}

/* A check says whether the domain can be read. */
static bool is_domain(const char *name)
{
	const struct sluice_list_opts opts = SLUICE_LIST_OPTS(.domain = name);
	struct sluice_list *list = sluice_list_open(&opts);
	bool misnamed = !list && errno == EINVAL && !configured_is_wrong();

	sluice_list_close(list);
	return !misnamed;
}

int verb_doctor(int argc, char **argv)
{
	struct look look = { .verb = "doctor", .intro = help_intro, .rest = help_rest,
	.options = options };
	enum doctor_status worst = DOCTOR_OK;
	struct doctor doctor = { .futexes = false };
	int r = look_parse(&look, argc, argv);

	if (r)
		return r < 0 ? 0 : r;
	if (look.names)
		return look_wrong(&look, "there are no arguments such as %s", look.name[0]);
	if (look.domain && !is_domain(look.domain))
		return look_wrong(&look, "\"%s\" is no name of a domain", look.domain);
	doctor.domain = look.domain;
	/* A limit must make a call fail, and not end the process (RLIMIT_FSIZE). */
	signal(SIGXFSZ, SIG_IGN);
	for (unsigned int i = 0; i < sizeof(checks) / sizeof(checks[0]) && r == 0; i++)
		r = examine(&doctor, &look, i, &worst);
	return r ? r : worst == DOCTOR_PROBLEM;
}
