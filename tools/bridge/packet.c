// SPDX-License-Identifier: MIT
/*
 * The header of a packet between two bridges.
 *
 * NATS carries a reply subject beside each payload.  The header travels there, as hexadecimal
 * digits.  So a payload is published from the slice where it lies, without a header in front
 * of it that it would have to be copied behind.  And if nobody receives a packet, NATS answers
 * to the reply subject, so its sender learns which packet that was.
 *
 * Numbers are little-endian:
 *
 *	byte	0 version, 1 kind, 2 hops, 3 flags
 *	4	code
 *	8	exchange	16 number	24 total	32 offset
 *	40	about		48 left
 *
 *  1. A text is a header only if it has exactly this length, consists of digits, and has this
 *     version and a known kind.
 *  2. Whoever may publish to a bridge can write any header.  So all numbers are checked by
 *     those who use them.
 */
#include "packet.h"

#include <string.h>

#define BYTES	((PACKET_TEXT - 1) / 2)

static void put(unsigned char *at, uint64_t value, unsigned int bytes)
{
	for (unsigned int i = 0; i < bytes; i++)
		at[i] = (unsigned char)(value >> (8 * i));
}

static uint64_t get(const unsigned char *at, unsigned int bytes)
{
	uint64_t value = 0;

	for (unsigned int i = 0; i < bytes; i++)
		value |= (uint64_t)at[i] << (8 * i);
	return value;
}

void packet_write(const struct packet *packet, char text[PACKET_TEXT])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char at[BYTES];

	at[0] = packet->version;
	at[1] = packet->kind;
	at[2] = packet->hops;
	at[3] = packet->flags;
	put(at + 4, packet->code, 4);
	put(at + 8, packet->exchange, 8);
	put(at + 16, packet->number, 8);
	put(at + 24, packet->total, 8);
	put(at + 32, packet->offset, 8);
	put(at + 40, packet->about, 8);
	put(at + 48, (uint64_t)packet->left, 8);
	for (unsigned int i = 0; i < BYTES; i++) {
		text[2 * i] = digits[at[i] >> 4];
		text[2 * i + 1] = digits[at[i] & 15];
	}
	text[2 * BYTES] = 0;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool packet_read(const char *text, struct packet *ret_packet)
{
	unsigned char at[BYTES];

	if (strlen(text) != PACKET_TEXT - 1)
		return false;
	for (unsigned int i = 0; i < BYTES; i++) {
		int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		at[i] = (unsigned char)(high << 4 | low);
	}
	if (at[0] != PACKET_VERSION || !at[1] || at[1] >= PACKET_KINDS)
		return false;
	*ret_packet = (struct packet){
		.version = at[0], .kind = at[1], .hops = at[2], .flags = at[3],
		.code = (uint32_t)get(at + 4, 4),
		.exchange = get(at + 8, 8),
		.number = get(at + 16, 8),
		.total = get(at + 24, 8),
		.offset = get(at + 32, 8),
		.about = get(at + 40, 8),
		.left = (int64_t)get(at + 48, 8),
	};
	return true;
}
