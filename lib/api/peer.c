// SPDX-License-Identifier: MIT
/*
 * Who is at the other end of a channel, for the program: what the kernel says of its
 * process, and what it says of its port and node itself.
 *
 * A client has all of it by the first response, for a server answers HELLO before it
 * answers requests; but the packet may be still unread.
 */
#include "api/peer.h"

#include "base/opts.h"

uint64_t peer_node(struct channel *channel)
{
	if (!channel->peer_node && !channel->gone)
		(void)channel_drain(channel);
	return channel->peer_node;
}

int peer_answer(struct channel *channel, struct sluice_peer *peer)
{
	struct sluice_peer known = {
		.size = sizeof(known),
		.port = channel->peer,
		.node = peer_node(channel),
	};

	known.pid = channel->user.pid;
	known.uid = channel->user.uid;
	known.gid = channel->user.gid;
	return opts_answer(peer, &known, sizeof(known), "peer");
}
