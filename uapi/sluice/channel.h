/* SPDX-License-Identifier: MIT */
/*
 * The memory of a channel: one memfd that the client makes, seals in size, and that both
 * ends may write.  Neither believes what it reads.
 *
 * Its layout follows from the settings of the service alone, so that there is
 * nothing to negotiate.  With
 *
 *	A = max_active_requests		B = response_buffer
 *	M = max_borrowed		D = 3 * A  deliveries
 *	pow2(x) the least power of two that is at least x and at least 2
 *
 * the parts are, in this order, each beginning on a multiple of 64 bytes:
 *
 *	part			entries				written by
 *	client doorbell		1				both
 *	server doorbell		1				both
 *	cancelled words		D of 8 bytes			client
 *	closed words		D of 8 bytes			server
 *	request returns		pow2(D) of 8 bytes		server
 *	request ring		pow2(A) slots, A in use		client; stamps both
 *	stages			D of 32 bytes			server
 *	response returns	pow2(D * B + A * M) of 8 bytes	client
 *	response rings		D rings of pow2(B) slots, B in use
 *								server; stamps both
 *
 * and the whole is rounded up to SLUICE_CHANNEL_PAGE.
 *
 * The pages up to the end of the stages are the head.  They have memory before the server
 * gets the file.  The pages up to the end of response ring d have memory, and this ring is
 * formatted, before a request with the delivery d is sent.
 *
 * A delivery is one request on its way to one server.  It is bound to a response ring, a
 * cancelled word and a closed word of the same number.  The client gives a request a
 * delivery that is free.  A delivery is free again when the client has taken the request
 * back from the ring, or when the server has returned it and the client has read all
 * responses.  At most A of the D deliveries wait in the request ring, A are held by the
 * server, and A have come back with responses that are still unread.  So one is always
 * free.
 *
 *	cancelled[d]	number of the request whose answer nobody wants any more; with
 *			SLUICE_CHANNEL_STOP beside it, of one to which no more responses
 *			are wanted, though those that come are read
 *	closed[d]	number of the request that will get no further response;
 *			stored after the last response and before the return, unless
 *			that response was marked SLUICE_RING_LAST.  With
 *			SLUICE_CHANNEL_EXPIRED if it was never looked at, since its
 *			deadline had passed; or with a status, and SLUICE_CHANNEL_TEXT if
 *			a packet STATUS with a text was sent before
 *	stages[d]	of a request that asks for it (SLUICE_RING_TRACED): when the server
 *			did what.  Nobody looks at those of other requests
 */
#ifndef SLUICE_UAPI_CHANNEL_H
#define SLUICE_UAPI_CHANNEL_H

#include <sluice/doorbell.h>
#include <sluice/ring.h>

#define SLUICE_CHANNEL_LINE	64u
#define SLUICE_CHANNEL_PAGE	4096u

/* Numbers of requests have so many bits; the bits above describe the request. */
#define SLUICE_CHANNEL_REQUEST		((UINT64_C(1) << 50) - 1)

/* In the word closed: a status from 1 to SLUICE_CHANNEL_STATUS_MAX, shifted. */
#define SLUICE_CHANNEL_STATUS_SHIFT	50u
#define SLUICE_CHANNEL_STATUS_MAX	4095u
#define SLUICE_CHANNEL_TEXT		(UINT64_C(1) << 62)
#define SLUICE_CHANNEL_EXPIRED		(UINT64_C(1) << 63)

/* In the word cancelled. */
#define SLUICE_CHANNEL_STOP		(UINT64_C(1) << 63)

/**
 * struct sluice_channel_stages - what a server tells of a request that is traced
 * @request: number of the request; the times are of this one.
 * @received: when it was received.
 * @replied: when the first reply was sent; 0: not yet.
 * @finished: when it was finished with; 0: not yet.
 *
 * Times are nanoseconds of CLOCK_MONOTONIC, stored before what they tell of is
 * published.
 */
struct sluice_channel_stages {
	uint64_t request;
	uint64_t received;
	uint64_t replied;
	uint64_t finished;
};

_Static_assert(sizeof(struct sluice_channel_stages) == 32, "no holes");

/* Deliveries for each request that a client may have pending; see above. */
#define SLUICE_CHANNEL_DELIVERIES_PER_REQUEST	3u

#endif /* SLUICE_UAPI_CHANNEL_H */
