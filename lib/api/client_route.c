// SPDX-License-Identifier: MIT
/*
 * The choice of a server for a request that goes to one of several.
 *
 * The client chooses the server that is expected to begin with the request first.  The
 * expected delay is the number of requests that the server has, in its hands and in its queue
 * and whoever has sent them, times the mean time of one request there (shm/load.c).  Among
 * equal servers, such as idle ones, the client takes the next one behind its last choice, so
 * that they take turns.  Each client begins at a random one.  If requests do not overflow,
 * servers whose queue is full come last.  A server that cannot take the request is passed
 * over, and the next best is tried.
 *
 * A choice is counted in the server's page before the request is sent.  If another client has
 * counted a request there meanwhile, the choice is made again with the new numbers.  So if
 * many clients choose at once, no two of them see the same server idle.
 *
 * A server's page may be unknown (exchange/load_page.c), or its number may be too low.  Then
 * the requests count that this client has outstanding there.  So a server, or another client,
 * that falsifies the number can attract requests of this client or drive them away.  But a
 * server that has many of them is not chosen while others have none.
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

/* The load of a server, as far as it is known. */
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

/* The expected delay there; a server without room costs more than all that have room. */
static uint64_t cost_of(const struct client_channel *channel, const struct load_seen *seen,
			uint64_t shortest)
{
	const struct requester *requester = &channel->requester;
	bool room = requester->requests.overflows || requester_has_room(requester);
	uint64_t service = min_u64(max_u64(seen->service, shortest), shortest * LOAD_SERVICE_RATIO);

	return seen->depth * service + (room ? 0 : NO_ROOM);
}

/* The best server that was not tried in this round, and the number that was read; or NULL. */
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
