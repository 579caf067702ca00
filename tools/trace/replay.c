// SPDX-License-Identifier: MIT
/*
 * sluice trace replay - sends the requests of a capture once more
 *
 * The capture is read into memory and checked before anything else is done.  Then the
 * contract of the running service is read from the registry, and the recorded messages are
 * checked against it.  Only then is the service opened, which must exist, and requests are
 * sent: a replay that cannot be complete is not begun.
 *
 *	recording.c	the messages of one service, out of the capture
 *	contract.c	the contract of the service that runs
 *	resend.c	sends, receives, compares
 *	replay_report.c	what is printed
 *
 * This file owns all of it, and the command line.
 *
 * ^C ends the sending, and the results so far are printed; pending requests are cancelled.
 */
#include "replay.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sluice.h>

#include "recording.h"
#include "replay_report.h"
#include "resend.h"
#include "tools/arguments.h"
#include "tools/contract.h"
#include "tools/interrupt.h"
#include "tools/text/say.h"

#define SECOND		1e9
#define TIMEOUT		(INT64_C(10) * 1000 * 1000 * 1000)
#define SECONDS_MAX	1e9
#define SPEED_MAX	1e9

static const char help_intro[] =
"usage: sluice trace replay FILE SERVICE [OPTION]...\n"
"\n"
"Sends the requests that a capture holds to a service that runs, with the user\n"
"headers and the payloads that were recorded, at the pace at which they were\n"
"recorded. One client sends those of all clients, in the order of time, and has\n"
"as many under way as the service allows; if that is not enough, or the service\n"
"is slower than it was, the pace is slower too. FILE must hold all bytes of the\n"
"requests, and they must fit the contract of SERVICE; else nothing is sent.\n";

static const char help_rest[] =
"--compare needs all bytes of the replies too. All bytes of elements and of user\n"
"headers count, those that pad a struct included. Responses are compared in order\n"
"if one server was recorded and one answers, else in any order. The rest counts\n"
"as different, pair by pair, and then as missing or extra.\n"
"\n"
"^C ends it early and prints its results. The exit status is 1 if a request has\n"
"failed or timed out, if a response was not the same, or after ^C. Examples:\n"
"\n"
"  sluice trace replay calls.pcapng example/adder\n"
"  sluice trace replay calls.pcapng example/adder --speed max --compare\n"
"  sluice trace replay calls.pcapng test/adder --from example/adder --domain test\n";

struct options {
	const char *domain;
	double speed;		/* 0: as fast as possible */
	int64_t timeout;	/* nanoseconds */
	bool compare;
	bool json;
};

struct replay {
	struct options options;
	struct recording recording;
	struct contract contract;
	struct sluice_node *node;
	struct sluice_service *service;
	struct resend resend;
};

#define NAME	"trace replay"

/* ---- The command line ------------------------------------------------------ */

/* More than 0, and at most so much. */
static bool number(const char *text, double most, double *ret_value)
{
	char *end;
	double value = strtod(text, &end);

	*ret_value = value;
	return end != text && !*end && value > 0 && value <= most;
}

enum { SPEED = 256, TIME_LIMIT, FROM, COMPARE, DOMAIN, JSON };

static const struct verb_option long_options[] = {
	{ "speed", SPEED, "N|max", "N times as fast, or as fast as possible (1)" },
	{ "timeout", TIME_LIMIT, "SECONDS",
	  "to wait for a server, and for all responses to a request, which has that "
	  "as its deadline (10)" },
	{ "from", FROM, "NAME",
	  "the service whose messages in FILE are meant; else it is the only one "
	  "there, or else SERVICE" },
	{ "compare", COMPARE, NULL, "compare the responses with the recorded ones" },
	{ "domain", DOMAIN, "NAME", "where the service is ($SLUICE_DOMAIN, or default)" },
	{ "json", JSON, NULL, "print an object; replay_report.c lists its keys" },
	HELP_OPTION,
	{ 0 },
};

static bool take_speed(struct options *options, const char *value)
{
	options->speed = 0;
	return strcmp(value, "max") == 0 || number(value, SPEED_MAX, &options->speed);
}

static bool take_timeout(struct options *options, const char *value)
{
	double seconds;

	if (!number(value, SECONDS_MAX, &seconds))
		return false;
	options->timeout = (int64_t)(seconds * SECOND);
	return true;
}

/* False: the value of the option cannot be used. */
static bool take(void *context, int option, char *value)
{
	struct replay *replay = context;

	switch (option) {
	case SPEED:
		return take_speed(&replay->options, value);
	case TIME_LIMIT:
		return take_timeout(&replay->options, value);
	case FROM:
		replay->recording.from = value;
		return true;
	case COMPARE:
		replay->options.compare = true;
		return true;
	case DOMAIN:
		replay->options.domain = value;
		return true;
	default:
		replay->options.json = true;
		return true;
	}
}

/* 0; 2 (wrong, and a sentence was printed) or -1 (help was asked for, and printed). */
static int parse(int argc, char **argv, struct replay *replay)
{
	const struct arguments arguments = {
		.verb = NAME, .intro = help_intro, .rest = help_rest,
		.options = long_options, .argc = argc, .argv = argv,
	};
	int r;

	arguments_begin();
	r = arguments_take(&arguments, take, replay);
	if (r)
		return r;
	if (argc - optind < 2)
		return say_wrong(NAME, "FILE and SERVICE are needed");
	if (argc - optind > 2)
		return say_wrong(NAME, "there is no third argument such as %s", argv[optind + 2]);
	replay->recording.path = argv[optind];
	replay->recording.wanted = argv[optind + 1];
	replay->recording.with_replies = replay->options.compare;
	return 0;
}

/* ---- The service ----------------------------------------------------------- */

static int open_service(struct replay *replay)
{
	const struct sluice_node_opts node = SLUICE_NODE_OPTS(.domain = replay->options.domain);
	const struct sluice_service_opts service =
		SLUICE_SERVICE_OPTS(.flags = SLUICE_SERVICE_MUST_EXIST);
	struct resend *resend = &replay->resend;

	replay->node = sluice_node_create("sluice-replay", &node);
	interrupt_catch(replay->node);
	replay->service = sluice_service_open(replay->node, &replay->contract.contract, &service);
	resend->client = sluice_client_create(replay->service, NULL);
	return resend->client ? 0 : say(NAME, "%s", sluice_strerror());
}

/* An interruption counts as found: nothing will be sent then. */
static int wait_server(struct replay *replay)
{
	int64_t deadline = sluice_deadline(replay->options.timeout), left;
	int r;

	do {
		left = deadline - sluice_deadline(0);
		r = sluice_client_wait_servers(replay->resend.client, 1, left > 0 ? left : 0);
	} while (r == -EINTR && !interrupted);
	if (r > 0 || interrupted)
		return 0;
	if (r == -ETIMEDOUT || r == -EAGAIN)
		return say(NAME, "no server of %s has come", replay->contract.contract.name);
	return say(NAME, "%s", sluice_strerror());
}

static int send_all(struct replay *replay)
{
	struct resend *resend = &replay->resend;
	int r;

	resend->node = replay->node;
	resend->recording = &replay->recording;
	resend->service = &replay->contract.service->info;
	resend->speed = replay->options.speed;
	resend->timeout = replay->options.timeout;
	resend->stop = &interrupted;
	r = resend_all(resend);
	if (resend->tally.why[0])
		say(NAME, "%s", resend->tally.why);
	return r;
}

/* ---- The course of it ------------------------------------------------------ */

/* Everything before the first request.  0, or -1 and a sentence was printed. */
static int prepare(struct replay *replay)
{
	char why[CONTRACT_WHY];

	if (recording_load(&replay->recording) < 0)
		return say(NAME, "%s", replay->recording.why);
	if (contract_find(&replay->contract, replay->options.domain, replay->recording.wanted,
			  why) < 0)
		return say(NAME, "%s", why);
	if (recording_fits(&replay->recording, &replay->contract.service->info) < 0)
		return say(NAME, "%s", replay->recording.why);
	if (open_service(replay) < 0)
		return -1;
	return wait_server(replay);
}

static bool all_is_well(const struct tally *tally, bool compared)
{
	if (tally->timed_out || tally->failed || tally->interrupted)
		return false;
	return !compared || !(tally->different || tally->missing || tally->extra);
}

static int run(struct replay *replay)
{
	const struct tally *tally = &replay->resend.tally;
	int r = 0;

	if (prepare(replay) < 0 || send_all(replay) < 0)
		return -1;
	if (!replay->options.json)
		replay_print(&replay->recording, tally);
	else
		r = replay_print_json(&replay->recording, tally);
	if (r < 0)
		return say(NAME, "no JSON can be made of it: no memory, or a name is not UTF-8");
	if (fflush(stdout) || ferror(stdout))
		return say(NAME, "cannot write: %s", strerror(errno));
	return all_is_well(tally, replay->options.compare) ? 0 : -1;
}

static void finish(struct replay *replay)
{
	interrupt_forget();
	sluice_client_destroy(replay->resend.client);
	sluice_service_close(replay->service);
	sluice_node_destroy(replay->node);
	contract_free(&replay->contract);
	recording_free(&replay->recording);
}

int trace_replay(int argc, char **argv)
{
	static struct replay replay = { .options = { .speed = 1, .timeout = TIMEOUT } };
	int r = parse(argc, argv, &replay);

	if (r)
		return r < 0 ? 0 : r;
	r = run(&replay);
	finish(&replay);
	return r < 0;
}
