// SPDX-License-Identifier: MIT
/*
 * The memory of a server's replies: how much is allowed, how much is in use, and how one
 * channel gets memory that is idle in another.
 *
 * Each channel has a pool with a limit of its own.  There is also a limit for all pools, and
 * one for the pools of one process (memory/allowance.c).  Both are derived from the memory of
 * the machine if they are not set.  A derived limit is never less than the port needs: a
 * slice that memory_limit was set for, preallocated memory, and all memory of a static port.
 *
 * A static port promises each channel all its memory, and its loans never fail for lack of
 * it.  So its limits must have room for all clients that can be there at a time
 * (api/server_places.c), of any process; otherwise the port is not made.  Then nothing needs
 * to be counted.  Memory of clients that have left is held by the program, which holds their
 * requests.
 *
 * If a limit for all leaves no room for a loan, the other channels give up their idle
 * segments, one at a time.  If it is the limit of a process, only its own channels do that.
 * So a process that keeps its replies takes nothing from others.
 */
#include "api/server.h"

#include <errno.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/opts.h"
#include "config/config.h"
#include "os/memfd.h"
#include "os/page.h"

/* The memory that the port needs, and that the limits must allow. */
static uint64_t promised(const struct sluice_server *server)
{
	const struct pool_config *pool = &server->config.pool;
	uint64_t kept = pool_kept_size(pool);

	if (pool->strategy == POOL_STATIC)
		return pool_static_size(pool) * server->config.settings->max_clients;
	return kept ? kept : page_round(pool_slice_length(pool, pool->slice_bytes));
}

struct wish {
	unsigned int setting;
	uint64_t derived;		/* the limit if the program sets none */
	uint64_t least;			/* what the port needs */
};

/* Sets a limit from the options, or derives it.  0, -EINVAL or -EMSGSIZE. */
static int choose(const struct sluice_server *server, const struct sluice_server_opts *opts,
		  const struct wish *wish, uint64_t *ret_limit)
{
	uint64_t ceiling = config_ceiling(&server->service->node->config, wish->setting);
	const struct setting *setting = &setting_table[wish->setting];
	uint64_t limit = setting_get(setting, opts);

	if (limit > setting->most)
		return fail(EINVAL, "%s is %llu bytes, and can be at most %llu", setting->name,
			    (unsigned long long)limit, (unsigned long long)setting->most);
	if (!limit)
		limit = min_u64(max_u64(wish->derived, wish->least), ceiling);
	limit = page_round(limit);
	if (limit < wish->least)
		return fail(EMSGSIZE, "%s is %llu bytes, and the port needs room for %llu",
			    setting->name, (unsigned long long)limit,
			    (unsigned long long)wish->least);
	*ret_limit = limit;
	return 0;
}

int server_allow_memory(struct sluice_server *server, const struct sluice_server_opts *opts)
{
	struct allowances *all = &server->allowances;
	struct pool_config *pool = &server->config.pool;
	uint64_t share = min_u64(memory_available(), MEMORY_LIMIT_MAX) / PORT_MEMORY_SHARE;
	struct wish port = {
		.setting = SETTING_server_port_memory_limit,
		.derived = max_u64(max_u64(share, PORT_MEMORY_LEAST), opts->port.memory_limit),
	};
	struct wish peer = { .setting = SETTING_server_peer_memory_limit };
	int r;

	r = pool_check(pool);
	if (r < 0)
		return r;
	port.least = peer.least = promised(server);
	r = choose(server, opts, &port, &all->limit);
	if (r < 0)
		return r;
	peer.derived = max_u64(all->limit / PEER_MEMORY_SHARE, opts->port.memory_limit);
	r = choose(server, opts, &peer, &all->peer_limit);
	if (r < 0)
		return r;
	if (pool->strategy == POOL_STATIC)
		return 0;
	pool->all = all;
	pool->most = min_u64(pool->limit, min_u64(all->limit, all->peer_limit));
	return 0;
}

/* May this channel's idle memory be given up to make room for the other's? */
static bool may_give_up(const struct server_channel *channel, const struct server_channel *other)
{
	if (channel == other)
		return false;
	return other->responder.pool.shortage == POOL_SHORT_OF_PORT ||
	       channel->responder.allowance == other->responder.allowance;
}

bool server_make_room(struct responder *responder)
{
	const struct server_channel *channel = server_channel_of(responder);
	const struct sluice_server *server = channel->server;
	struct server_channel *other;

	/* A port keeps the memory that it asked for from the start. */
	if (server->config.pool.residence != RESIDENCE_LAZY)
		return false;
	for (other = server->newest; other; other = other->older)
		if (may_give_up(other, channel) && responder_give_up_idle(&other->responder))
			return true;
	return false;
}

static void add_memory(struct sluice_memory *memory, const struct pool *pool)
{
	memory->growths += pool->growths;
	memory->segments += pool_segments(pool);
	memory->bytes += pool->bytes;
	memory->largest_segment = max_u64(memory->largest_segment, pool->largest);
	memory->retired += pool->retired;
}

int sluice_server_memory(struct sluice_server *server, struct sluice_memory *memory)
{
	struct sluice_memory known = { .size = sizeof(known) };
	const struct server_channel *channel;
	int r;

	if (!server)
		return fail(EINVAL, "server is NULL");
	r = node_check(server->service->node);
	if (r < 0)
		return r;
	known.growths = server->growths;
	known.largest_segment = server->largest;
	known.retired = server->retired;
	for (channel = server->newest; channel; channel = channel->older)
		if (channel->responder.pool_open)
			add_memory(&known, &channel->responder.pool);
	return opts_answer(memory, &known, sizeof(known), "memory");
}
