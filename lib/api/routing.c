// SPDX-License-Identifier: MIT
/*
 * Which of several servers gets a request that goes to one of them.
 *
 * The one with the fewest requests of this client outstanding: in its queue or in its
 * hands, by what it has returned until now.  Of those that have as few, the next behind
 * the one that was chosen last, so that they take turns.  Where requests do not overflow,
 * those whose queue is full come last.  One that cannot take it is passed over, and the
 * next best is tried.
 *
 * A server that returns requests without having worked on them gets more of them: it could
 * have the client's requests by other means too.  It cannot keep them from others for
 * longer than it holds them.
 */
#include "api/client.h"

/* One that has no room comes after all that have. */
static uint64_t load_of(const struct requester *requester)
{
	bool room = requester->overflow || requester_has_room(requester);

	return requester->outstanding + (room ? 0 : UINT64_C(1) << 32);
}

/* The best of those that were not tried in this round, or NULL. */
static struct requester *best_of(const struct sluice_client *client)
{
	struct requester *best = NULL, *requester;
	uint64_t load, least = UINT64_MAX;
	uint32_t i;

	for (i = 0; i < client->count; i++) {
		requester = client->requesters[(client->turn + i) % client->count];
		if (requester->tried == client->round || requester->channel.gone ||
		    requester->channel.leaving)
			continue;
		load = load_of(requester);
		if (load < least) {
			best = requester;
			least = load;
		}
	}
	return best;
}

void client_begin_round(struct sluice_client *client)
{
	uint32_t i;

	client->round++;
	for (i = 0; i < client->count; i++)
		requester_reap(client->requesters[i]);
}

struct requester *client_next_choice(struct sluice_client *client)
{
	struct requester *best = best_of(client);

	if (best)
		best->tried = client->round;
	return best;
}

void client_has_chosen(struct sluice_client *client, const struct requester *requester)
{
	uint32_t i;

	for (i = 0; i < client->count; i++)
		if (client->requesters[i] == requester)
			client->turn = i + 1;
}
