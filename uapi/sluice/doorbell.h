/* SPDX-License-Identifier: MIT */
/*
 * The word on which one end of a channel sleeps and which the other end rings.
 *
 * The owner of a doorbell stores HOT or ARMED with what it waits for and how it
 * wants to be woken.  The peer, after it has published something, looks at the
 * word; if it is armed for that kind of event, the peer exchanges it for RUNG
 * and wakes: by a futex wake on the word, or by one byte on the channel's
 * socket.  See lib/shm/doorbell.c for the protocol.
 */
#ifndef SLUICE_UAPI_DOORBELL_H
#define SLUICE_UAPI_DOORBELL_H

#include <stdint.h>

#define SLUICE_DOORBELL_HOT	0u	/* the owner polls; no ring wanted */
#define SLUICE_DOORBELL_ARMED	1u	/* the owner sleeps, or is about to */
#define SLUICE_DOORBELL_RUNG	2u	/* the peer has rung */
#define SLUICE_DOORBELL_MESSAGE	4u	/* with ARMED: a message or an end of stream */
#define SLUICE_DOORBELL_SPACE	8u	/* with ARMED: a returned slice or a free slot */
#define SLUICE_DOORBELL_SOCKET	16u	/* with ARMED: wake by a byte on the socket */

/**
 * struct sluice_doorbell - a doorbell in a cache line of its own
 * @word: the state; a 32-bit futex shared between processes.
 * @reserved: 0.
 */
struct sluice_doorbell {
	uint32_t word;
	uint32_t reserved[15];
};

_Static_assert(sizeof(struct sluice_doorbell) == 64, "one cache line");

#endif /* SLUICE_UAPI_DOORBELL_H */
