// SPDX-License-Identifier: MIT
/*
 * The process at the other end of a channel, for the program: the kernel's word about the
 * process, and the process's own word about its port and node.
 *
 * A client knows all of it when the first response comes, because a server answers HELLO
 * before it answers requests.  But the packet may be still unread.
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
