/* SPDX-License-Identifier: MIT */
/*
 * How busy a server is: one page that it makes and that its clients map too, so that a
 * client can choose the least busy of several servers without asking anybody.
 *
 * The page is a sealed memfd named SLUICE_LOAD_NAME with the server's id behind it, in 16
 * hexadecimal digits.  Its descriptor comes with WELCOME.
 *
 *	counted		requests that went to one server and are not answered.  A client adds
 *			1 before it sends one, and marks it SLUICE_RING_COUNTED; it takes 1
 *			away if it could not send it, or has taken it back.  The server takes
 *			1 away when it sends the first response, or finishes without any; a
 *			request with a second one counts again, until it is finished
 *	uncounted	other requests that the server holds; stored by the server
 *	service		how long a request takes there on average, in nanoseconds, 0: not
 *			known; stored by the server
 *
 * Each side may write all of it, and nobody believes it: it decides which server a
 * request goes to, and nothing else.
 */
#ifndef SLUICE_UAPI_LOAD_H
#define SLUICE_UAPI_LOAD_H

#include <stdint.h>

#define SLUICE_LOAD_NAME	"sluice-load-"
#define SLUICE_LOAD_SIZE	4096u

/**
 * struct sluice_load - what is at the beginning of the page; the rest is 0
 * @counted: changed by clients and the server, by ordered compare-and-swap only.
 * @reserved: 0; what only the server writes has a cache line of its own.
 * @uncounted: the server's.
 * @service: the server's.
 * @reserved2: 0.
 */
struct sluice_load {
	uint64_t counted;
	uint64_t reserved[7];
	uint64_t uncounted;
	uint64_t service;
	uint64_t reserved2[6];
};

_Static_assert(sizeof(struct sluice_load) == 128, "two cache lines");

#endif /* SLUICE_UAPI_LOAD_H */
