// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every system call and every allocation fails in turn (inject.h) while a program gives
 * everything back: messages that are held, ports with peers, the service, the node.  Those
 * calls have nothing to say about it.  No descriptor, mapping or block of memory is left,
 * and the next one that opens the service finds no obstacle.
 *
 * A name whose removal has failed is left, as the name of a process that has died is.  It goes
 * when somebody opens a service, whichever that is.
 */
#include "trials.h"

static long open_all(struct side *side, long a, long b)
{
	long r = open_service(side, PTR(&blobs), 0);

	(void)a, (void)b;
	if (!r)
		r = open_server(side, 0, 0);
	if (!r)
		r = open_client(side, 0, 0);
	return r < 0 ? r : wait_servers(side, 1, LONG);
}

/* Requests in each state, of a size for which both have grown. */
static long exchange_all(struct side *side, long size, long b)
{
	long i, r = open_all(side, 0, b);

	for (i = 0; r >= 0 && i < 3; i++)
		r = ask_blob(side, i, size);
	for (i = 0; r >= 0 && i < 2; i++)
		r = take_blob(side, i, LONG);
	if (r >= 0)
		r = answer_blob(side, 0, size);
	if (r < 0)
		return r;
	side->response[0] = sluice_pending_response_receive(side->pending[0], LONG);
	side->request[0] = sluice_client_loan(side->client, 10);
	side->reply[1] = sluice_active_request_loan(side->active[1], 10);
	return side->response[0] && side->request[0] && side->reply[1] ? 0 : -errno;
}

/* The next process, as far as names are concerned: it opens another service. */
static long open_another(struct side *side, long a, long b)
{
	long r = open_service(side, PTR(&any_contract), 0);

	leave(side, a, b);
	return r;
}

static const struct trial ports_trial = {
	.name = "leave", .before = open_all, .run = leave, .after = open_another,
};
static const struct trial messages_trial = {
	.name = "leave with messages", .before = exchange_all, .run = leave, .after = open_another,
	.argument = 100000,
};

TEST_F_TIMEOUT(setup_failures, ports_are_destroyed, 300)
{
	install(_metadata);
	try_all(_metadata, &self->root, &self->side, &ports_trial, INJECT_ONCE);
}

TEST_F_TIMEOUT(setup_failures, messages_are_held, 300)
{
	install(_metadata);
	try_all(_metadata, &self->root, &self->side, &messages_trial, INJECT_ONCE);
}

TEST_F_TIMEOUT(setup_failures, all_later_calls_fail_too, 300)
{
	install(_metadata);
	try_all(_metadata, &self->root, &self->side, &messages_trial, INJECT_ON);
}

TEST_HARNESS_MAIN
