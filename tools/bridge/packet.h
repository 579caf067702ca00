/* SPDX-License-Identifier: MIT */
/* The header of a packet between two bridges, and its form as text. */
#ifndef TOOLS_BRIDGE_PACKET_H
#define TOOLS_BRIDGE_PACKET_H

#include <stdbool.h>
#include <stdint.h>

/* The version of what bridges say to each other. */
#define PACKET_VERSION	1
/* Hexadecimal digits of a header, and a 0. */
#define PACKET_TEXT	(2 * 56 + 1)
/* A request comes from a program, and so through one bridge. */
#define PACKET_HOPS	1

/* U: sent by sluice bridge use, O: by sluice bridge offer. */
enum packet_kind {
	PACKET_ASK = 1,		/* U: asks for the contract */
	PACKET_CONTRACT,	/* O: the description of the service is the payload */
	PACKET_REQUEST,		/* U: the first part of a request */
	PACKET_PART,		/* U: a further part of it */
	PACKET_RESPONSE,	/* O: a part of a response */
	PACKET_END,		/* O: the stream has ended with code; the payload is the text */
	PACKET_CANCEL,		/* U: nobody waits for responses any more */
	PACKET_ROOM,		/* both: packets below number may be sent */
	PACKET_ALIVE,		/* U: the exchange goes on here; does it there? */
	PACKET_HERE,		/* O: it does; number is that of the next RESPONSE or END */
	PACKET_KINDS,
};

/* A flag of RESPONSE: the server has marked this response as its last. */
#define PACKET_LAST	1u

struct packet {
	uint8_t version;
	uint8_t kind;
	uint8_t hops;		/* bridges that a request has passed */
	uint8_t flags;
	uint32_t code;		/* END: 0, or a status */
	uint64_t exchange;	/* the number that the using bridge has given it */
	uint64_t number;	/* of this packet, in its direction of the exchange */
	uint64_t total;		/* bytes of the whole message */
	uint64_t offset;	/* of this part in it */
	uint64_t about;		/* REQUEST: digest of the contract; else the receiver, or 0 */
	int64_t left;		/* REQUEST: nanoseconds to the deadline; 0: there is none */
};

/* Writes a header as text. */
void packet_write(const struct packet *packet, char text[PACKET_TEXT]);

/* Reads a header.  False: the text is none of this version. */
bool packet_read(const char *text, struct packet *ret_packet);

#endif /* TOOLS_BRIDGE_PACKET_H */
