// SPDX-License-Identifier: MIT
/*
 * Wants: what a client lacks to reach its servers, or a server lacks to take the client, and
 * how the error sentences say so.
 *
 * A failure to look for servers, to connect, or to keep a connection is one of five:
 *
 *	the server's refusal	its REJECT says why, or the mode of its socket; final
 *	the server's end	it left, died, or broke the protocol; final
 *	a want of this process	descriptors, memory; tried again	EMFILE, ENFILE, ENOMEM
 *	a want of the server	the same; tried again			ECONNABORTED
 *	no place at the server	tried again				EUSERS
 *
 * Every failure that is neither refusal nor end counts as a want.  To try again costs little,
 * and a client that gave up for an unknown reason would never be served again.  The last want
 * is kept for the sentences.  api/client_connect.c tries again.
 *
 * A hostile server can say that it lacks something as often as it likes.  The client tries it
 * again once a second.
 */
#include "api/client.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/error.h"
#include "os/shortage.h"

#define TEXT_SIZE	(SHORTAGE_TEXT_SIZE + 80)

void client_wants(struct sluice_client *client, struct client_want want)
{
	if (client->destroyed)
		return;
	client->want = want;
	retry_later(&client->retry);
}

/* Each look at a server that breaks the protocol costs a connection. */
void client_grow_wary(struct sluice_client *client)
{
	client->wary = true;
	retry_later_firmly(&client->retry);
}

void client_rest(struct sluice_client *client, int64_t until)
{
	client->wary = true;
	retry_at(&client->retry, until);
}

static const char *of_server(int error)
{
	switch (error) {
	case EMFILE:
	case ENFILE:
		return "had no descriptor left for this client";
	case ENOMEM:
		return "had no memory left for this client";
	case EUSERS:
		return "has as many clients as max_clients allows";
	case EAGAIN:
		return "has its queue of connections full";
	default:
		return "hung up before it had taken this client";
	}
}

static void describe(const struct client_want *want, char text[TEXT_SIZE])
{
	char who[SHORTAGE_TEXT_SIZE];

	if (want->theirs && !want->server) {
		snprintf(text, TEXT_SIZE, "the server that is started on demand %s",
			 of_server(want->error));
		return;
	}
	if (want->theirs) {
		snprintf(text, TEXT_SIZE, "server %" PRIu64 " %s", want->server,
			 of_server(want->error));
		return;
	}
	shortage_describe(who, want->error);
	if (want->server)
		snprintf(text, TEXT_SIZE, "%s for the connection to server %" PRIu64, who,
			 want->server);
	else
		snprintf(text, TEXT_SIZE, "%s to look for servers", who);
}

int client_fail(const struct sluice_client *client, int error, const char *sentence)
{
	char text[TEXT_SIZE];

	if (!client->retry.wanted || !client->want.error)
		return fail(error, "%s", sentence);
	describe(&client->want, text);
	return fail(error, "%s: %s", sentence, text);
}

/* Does its errno say only that the server lacked something? */
static bool is_unnamed(const struct client_want *want)
{
	return want->theirs && want->error != EUSERS;
}

int client_fail_lost(const struct sluice_client *client, int error)
{
	const struct client_want *want = &client->want;
	char text[TEXT_SIZE];

	if (error == EACCES || error == EPROTOTYPE || error == EPROTONOSUPPORT)
		return fail_quietly(error, "a server refused the client");
	if (error == (is_unnamed(want) ? ECONNABORTED : want->error)) {
		describe(want, text);
		return fail(error, "%s", text);
	}
	if (error == ECONNABORTED)
		return fail(error, "a server lacked something for this client");
	if (error == EUSERS)
		return fail(error, "a server had as many clients as max_clients allows");
	return fail_for_want(error, "the connection to a server");
}
