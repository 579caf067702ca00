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

/* In make check-hard with all errnos, and with all later calls of the same kind failing too. */
TEST_F_TIMEOUT(setup_failures, the_way_out, 1200)
{
	bool in_hard = getenv("HARD_TABLE");
	const struct trial trial = {
		.name = "leave", .before = exchange_all, .run = leave, .after = open_another,
		.argument = 100000, .briefly = !in_hard,
	};

	install(_metadata);
	try_all(_metadata, &self->root, &self->side, &trial, INJECT_ONCE);
	if (in_hard)
		try_all(_metadata, &self->root, &self->side, &trial, INJECT_ON);
}

TEST_HARNESS_MAIN
