// SPDX-License-Identifier: MIT
/* The command line of sluice bridge: offer or use, SERVICE, and options. */
#include "bridge.h"

#include <stdio.h>
#include <string.h>

#include "tools/arguments.h"
#include "tools/text/text.h"

static const char help_intro[] =
"usage: sluice bridge offer SERVICE [OPTION]...\n"
"       sluice bridge use SERVICE [OPTION]...\n"
"\n"
"Carries the requests and responses of a service between hosts, over NATS. On a\n"
"host that has servers, offer makes the service reachable for other hosts. On a\n"
"host that has clients, use serves it there, and forwards the requests.\n";

static const char help_rest[] =
"A service has one contract on all hosts: types, fingerprints and settings are\n"
"compared before anything is forwarded. ^C ends it. Examples:\n"
"\n"
"  sluice bridge offer example/adder --nats nats://hub.example.net\n"
"  sluice bridge use example/adder --nats nats://hub.example.net\n";

/* Eight such messages are the memory of a port. */
#define LIMIT_MOST	(UINT64_C(1) << 32)

enum { NATS = 256, NETWORK, CREDENTIALS, CA, SILENCE, LIMIT };

static const struct verb_option long_options[] = {
	{ "nats", NATS, "URL",
	  "the NATS server (nats://127.0.0.1:4222); user and password may be part of it; "
	  "tls:// demands TLS" },
	{ "network", NETWORK, "NAME", "bridges of different networks never meet (the domain)" },
	{ "credentials", CREDENTIALS, "FILE", "a user's JWT and key, as nsc(1) makes it" },
	{ "tls-ca", CA, "FILE", "certificates that the NATS server's may be of" },
	{ "message-limit", LIMIT, "BYTES", "refuse messages that are longer (64M)" },
	{ "timeout", SILENCE, "TIME", "take a bridge that is silent so long for dead (5s)" },
	{ "any-user", CHOSEN_ANY_USER, NULL,
	  "the service may be one that another user has made" },
	{ "domain", CHOSEN_DOMAIN, "NAME",
	  "where the service is ($SLUICE_DOMAIN, or \"default\")" },
	HELP_OPTION,
	{ 0 },
};

/* Takes a word that must not be empty. */
static bool take_word(const char *value, const char **ret_word)
{
	if (!*value)
		return false;
	*ret_word = value;
	return true;
}

static bool take_timeout(const char *value, int64_t *ret_timeout)
{
	int64_t timeout;

	if (!parse_timeout(value, &timeout) || timeout < SECOND_NS)
		return false;
	*ret_timeout = timeout;
	return true;
}

/* False: the value of the option cannot be used. */
static bool take(void *context, int option, char *value)
{
	struct bridge_options *options = context;

	switch (option) {
	case NATS:
		return take_word(value, &options->url);
	case NETWORK:
		return strlen(value) < 64 && take_word(value, &options->network);
	case CREDENTIALS:
		return take_word(value, &options->credentials);
	case CA:
		return take_word(value, &options->ca);
	case SILENCE:
		return take_timeout(value, &options->timeout);
	case LIMIT:
		return parse_bytes(value, &options->message_limit) &&
		       options->message_limit <= LIMIT_MOST;
	default:
		return chosen_service_take(&options->service, option, value);
	}
}

/* The two words that are no options. */
static int take_words(struct bridge_options *options, char **word, int words)
{
	const char *verb = words ? word[0] : "";

	if (strcmp(verb, "offer") != 0 && strcmp(verb, "use") != 0)
		return say_wrong("bridge", "the first argument must be offer or use");
	if (words != 2)
		return say_wrong("bridge", "%s needs one SERVICE", verb);
	options->offers = strcmp(verb, "offer") == 0;
	options->service.name = word[1];
	if (strpbrk(word[1], "*?"))
		return say_wrong("bridge", "patterns of names are not supported: name one service");
	return 0;
}

int bridge_parse(struct bridge_options *options, int argc, char **argv)
{
	const struct arguments arguments = {
		.verb = "bridge", .intro = help_intro, .options = long_options, .rest = help_rest,
		.argc = argc, .argv = argv,
	};
	int r;

	options->url = "nats://127.0.0.1:4222";
	options->message_limit = UINT64_C(64) << 20;
	options->timeout = 5 * SECOND_NS;
	arguments_begin();
	r = arguments_take(&arguments, take, options);
	return r ? r : take_words(options, argv + optind, argc - optind);
}
