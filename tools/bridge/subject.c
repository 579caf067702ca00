// SPDX-License-Identifier: MIT
/*
 * The subjects of NATS that bridges use.
 *
 *	sluice.1.NETWORK.s.SERVICE		requests; a queue group of all who offer it
 *	sluice.1.NETWORK.b.BRIDGE.p		packets to one bridge
 *	sluice.1.NETWORK.b.BRIDGE.HEADER	reply subjects of the packets of a bridge
 *
 * A bridge subscribes to sluice.1.NETWORK.b.BRIDGE.>, its own number, which are 16 hexadecimal
 * digits.  NATS publishes to a reply subject itself when nobody has received a packet, and
 * nobody else does.
 *
 * A name is one token.  Its bytes other than letters, digits, "-", "_" and "/" are written as
 * "=" and two hexadecimal digits, so different names are different tokens.
 */
#include "subject.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define START		"sluice.1."
#define TOKEN_SIZE	(3 * 255 + 1)
#define NUMBER_DIGITS	16

static bool is_plain(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       c == '-' || c == '_' || c == '/';
}

/* Cut at the size of the buffer, which holds the longest name. */
static const char *token(char buffer[TOKEN_SIZE], const char *name)
{
	size_t n = 0;

	for (; *name && n + 4 <= TOKEN_SIZE; name++) {
		if (is_plain((unsigned char)*name))
			buffer[n++] = *name;
		else
			n += (size_t)snprintf(buffer + n, 4, "=%02x", (unsigned char)*name);
	}
	buffer[n] = 0;
	return buffer;
}

void subject_service(char subject[SUBJECT_SIZE], const char *network, const char *service)
{
	char net[TOKEN_SIZE], name[TOKEN_SIZE];

	snprintf(subject, SUBJECT_SIZE, START "%.192s.s.%s", token(net, network),
		 token(name, service));
}

static void of_bridge(char subject[SUBJECT_SIZE], const char *network, uint64_t bridge,
		      const char *end)
{
	char net[TOKEN_SIZE];

	snprintf(subject, SUBJECT_SIZE, START "%.192s.b.%016" PRIx64 ".%s", token(net, network),
		 bridge, end);
}

void subject_bridge(char subject[SUBJECT_SIZE], const char *network, uint64_t bridge)
{
	of_bridge(subject, network, bridge, "p");
}

void subject_all_of(char subject[SUBJECT_SIZE], const char *network, uint64_t bridge)
{
	of_bridge(subject, network, bridge, ">");
}

void subject_header(char subject[SUBJECT_SIZE], const char *network, uint64_t sender,
		    const struct packet *packet)
{
	char text[PACKET_TEXT];

	packet_write(packet, text);
	of_bridge(subject, network, sender, text);
}

bool subject_read_header(const char *subject, const char *network, uint64_t *ret_sender,
			 struct packet *ret_packet)
{
	char start[SUBJECT_SIZE], number[NUMBER_DIGITS + 1], *end;
	size_t length;
	uint64_t sender;

	of_bridge(start, network, 0, "");
	length = strlen(start) - NUMBER_DIGITS - 1;
	if (strncmp(subject, start, length) != 0)
		return false;
	subject += length;
	if (strspn(subject, "0123456789abcdef") != NUMBER_DIGITS || subject[NUMBER_DIGITS] != '.')
		return false;
	memcpy(number, subject, NUMBER_DIGITS);
	number[NUMBER_DIGITS] = 0;
	sender = strtoull(number, &end, 16);
	if (!packet_read(subject + NUMBER_DIGITS + 1, ret_packet))
		return false;
	*ret_sender = sender;
	return true;
}
