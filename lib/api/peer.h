/* SPDX-License-Identifier: MIT */
/* The identity of the peer of a channel, for the program. */
#ifndef SLUICE_API_PEER_H
#define SLUICE_API_PEER_H

#include <sluice.h>

#include "channel/channel.h"

/* 0 or -EINVAL (its size is not set). */
int peer_answer(struct channel *channel, struct sluice_peer *peer) MUST_CHECK;

/* The id of its node; 0 if the peer has gone before it said so. */
uint64_t peer_node(struct channel *channel);

#endif /* SLUICE_API_PEER_H */
