// SPDX-License-Identifier: MIT
/*
 * The memory that all pools of a port may have together, and those of one peer process.
 *
 * A server has a pool for each client, and each pool has a limit of its own
 * (memory/pool.c).  That limit bounds neither the memory of a server with many clients nor
 * that of a process that connects many times.  So a pool also grows only as far as these
 * permit:
 *
 *	port_memory_limit	all pools of the port
 *	peer_memory_limit	all pools whose clients are in one process
 *
 * Processes are told apart by the pid and user that the kernel reported when they
 * connected, and not by anything that they say.  Processes whose pid the kernel does not
 * show, since they are in another pid namespace, count as one for each user.  A process
 * whose pid is used again, while a pool of its predecessor is still there, shares its
 * allowance.
 *
 * Invariant: bytes of all is the sum of those of its pools, and of a peer likewise; neither
 * exceeds its limit.
 *
 * This is private memory of the owner, which no peer writes.  A peer process that keeps
 * what it was sent uses up its own allowance, and then replies to it fail with ENOMEM.  The
 * limit of the port divided by that of a peer is the number of processes that can use up
 * the memory of the port.
 */
#include "memory/allowance.h"

#include <errno.h>
#include <stdlib.h>

#include "base/error.h"
#include "shm/bounds.h"

struct allowance *allowance_get(struct allowances *all, const struct ucred *user)
{
	struct allowance *peer;

	for (peer = all->peers; peer; peer = peer->next)
		if (peer->user.pid == user->pid && peer->user.uid == user->uid)
			break;
	if (!peer) {
		peer = calloc(1, sizeof(*peer));
		if (!peer)
			return fail_null(ENOMEM, "no memory for the account of a process");
		peer->user = *user;
		peer->next = all->peers;
		all->peers = peer;
	}
	peer->references++;
	return peer;
}

void allowance_put(struct allowances *all, struct allowance *peer)
{
	struct allowance **link;

	if (!peer || --peer->references)
		return;
	for (link = &all->peers; *link != peer; link = &(*link)->next)
		;
	*link = peer->next;
	free(peer);
}

void allowance_count(struct allowances *all, struct allowance *peer, uint64_t bytes)
{
	all->bytes += bytes;
	peer->bytes += bytes;
}

uint64_t allowance_room(const struct allowances *all, const struct allowance *peer)
{
	return min_u64(all->limit - all->bytes, all->peer_limit - peer->bytes);
}

static const struct allowance *largest(const struct allowances *all)
{
	const struct allowance *peer, *most = all->peers;

	for (peer = all->peers; peer; peer = peer->next)
		if (peer->bytes > most->bytes)
			most = peer;
	return most;
}

int allowance_refuse(const struct allowances *all, const struct allowance *peer, uint64_t bytes)
{
	const struct allowance *most = largest(all);

	if (bytes > all->peer_limit - peer->bytes)
		return fail(ENOMEM, "%llu more bytes would exceed peer_memory_limit, %llu bytes, of which process %d has %llu",
			    (unsigned long long)bytes, (unsigned long long)all->peer_limit,
			    peer->user.pid, (unsigned long long)peer->bytes);
	return fail(ENOMEM, "%llu more bytes would exceed port_memory_limit, %llu bytes, of which %llu are in use, and process %d has most, %llu",
		    (unsigned long long)bytes, (unsigned long long)all->limit,
		    (unsigned long long)all->bytes, most->user.pid,
		    (unsigned long long)most->bytes);
}
