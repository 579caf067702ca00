// SPDX-License-Identifier: MIT
/*
 * Which of several servers gets a request that goes to one of them.
 *
 * The one that is expected to begin with it first: by the requests that it has, in its
 * hands and in its queue, whoever has sent them, times what one takes there on average
 * (shm/load.c).  Of those that are equal, as all that are idle, the next behind the one that
 * was chosen last, so that they take turns; each client begins anywhere.  Where requests do
 * not overflow, those whose queue is full come last.  One that cannot take it is passed
 * over, and the next best is tried.
 *
 * A choice is counted in the server's page before the request is sent.  If somebody else
 * has counted one there meanwhile, the choice is made again, by what holds then; so of
 * many clients that choose at once no two see the same server idle.
 *
 * Of a server whose page is not known (exchange/load_page.c), and of one that says less, the
 * requests count that this client has outstanding.  So a server, or another client, that
 * bends the count can have requests of this client go elsewhere, or come, but one that has
 * many of them is not chosen while others have none.
 */
#include "api/client.h"
#include "base/limits.h"
#include "shm/load.h"

#define NO_ROOM	(UINT64_C(1) << 62)

static bool may_be_chosen(const struct sluice_client *client, const struct client_channel *channel)
{
	return channel->tried != client->round && !channel->requester.channel.gone &&
	       !channel->requester.channel.leaving;
}

/* The figures that are known of a server. */
static struct load_seen look_at(const struct client_channel *channel)
{
	const struct sluice_load *load = load_page_words(&channel->requester.load_page);
	struct load_seen seen = { 0 };

	if (load)
		seen = load_look(load);
	seen.depth = max_u64(seen.depth, channel->requester.outstanding);
	return seen;
}

/* The shortest service time that is known of any server, or the least that matters. */
static uint64_t shortest_service(const struct sluice_client *client)
{
	uint64_t shortest = UINT64_MAX, service;
	uint32_t i;

	for (i = 0; i < client->count; i++) {
		service = look_at(client->channels[i]).service;
		if (service && may_be_chosen(client, client->channels[i]))
			shortest = min_u64(shortest, service);
	}
	return shortest == UINT64_MAX ? LOAD_SERVICE_LEAST_NS :
	       max_u64(shortest, LOAD_SERVICE_LEAST_NS);
}

/* How long the request would wait there; one that has no room comes after all that have. */
static uint64_t cost_of(const struct client_channel *channel, const struct load_seen *seen,
			uint64_t shortest)
{
	const struct requester *requester = &channel->requester;
	bool room = requester->requests.overflows || requester_has_room(requester);
	uint64_t service = min_u64(max_u64(seen->service, shortest), shortest * LOAD_SERVICE_RATIO);

	return seen->depth * service + (room ? 0 : NO_ROOM);
}

/* The best of those that were not tried in this round, and what was counted there; or NULL. */
static struct client_channel *best_of(const struct sluice_client *client, uint64_t *ret_counted)
{
	uint64_t shortest = shortest_service(client), cost, least = UINT64_MAX;
	struct client_channel *best = NULL, *channel;
	struct load_seen seen;
	uint32_t i;

	for (i = 0; i < client->count; i++) {
		channel = client->channels[(client->turn + i) % client->count];
		if (!may_be_chosen(client, channel))
			continue;
		seen = look_at(channel);
		cost = cost_of(channel, &seen, shortest);
		if (cost < least) {
			best = channel;
			least = cost;
			*ret_counted = seen.counted;
		}
	}
	return best;
}

void client_begin_round(struct sluice_client *client)
{
	uint32_t i;

	client->round++;
	for (i = 0; i < client->count; i++)
		requester_reap(&client->channels[i]->requester);
}

struct client_channel *client_next_choice(struct sluice_client *client)
{
	struct client_channel *best;
	struct sluice_load *load;
	uint64_t counted = 0;
	uint32_t tries;

	for (tries = 0; tries < LOAD_TRIES; tries++) {
		best = best_of(client, &counted);
		load = best ? load_page_words(&best->requester.load_page) : NULL;
		if (!load || counted >= LOAD_COUNT_MAX)
			break;
		best->claimed = load_claim(load, counted);
		if (best->claimed)
			break;
	}
	if (best)
		best->tried = client->round;
	return best;
}

void client_has_chosen(struct sluice_client *client, struct client_channel *channel)
{
	uint32_t i;

	channel->claimed = false;
	for (i = 0; i < client->count; i++)
		if (client->channels[i] == channel)
			client->turn = i + 1;
}

void client_has_not_chosen(struct client_channel *channel)
{
	if (channel->claimed)
		load_drop(load_page_words(&channel->requester.load_page));
	channel->claimed = false;
}

void client_route(struct sluice_client *client)
{
	uint32_t i;

	if (client->routes)
		return;
	client->routes = true;
	for (i = 0; i < client->count; i++)
		requester_find_load(&client->channels[i]->requester);
}
