/* SPDX-License-Identifier: MIT */
/* The subjects of NATS that bridges use. */
#ifndef TOOLS_BRIDGE_SUBJECT_H
#define TOOLS_BRIDGE_SUBJECT_H

#include <stdbool.h>
#include <stdint.h>

#include "packet.h"

/* Holds any subject: a network of 63 bytes and a service of 255, each byte as three. */
#define SUBJECT_SIZE	1024

/* Where requests to a service are published. */
void subject_service(char subject[SUBJECT_SIZE], const char *network, const char *service);

/* Where packets to one bridge are published; and what that bridge subscribes to. */
void subject_bridge(char subject[SUBJECT_SIZE], const char *network, uint64_t bridge);
void subject_all_of(char subject[SUBJECT_SIZE], const char *network, uint64_t bridge);

/* The reply subject of a packet: who has sent it, and its header. */
void subject_header(char subject[SUBJECT_SIZE], const char *network, uint64_t sender,
		    const struct packet *packet);

/* Reads it.  False: it is none. */
bool subject_read_header(const char *subject, const char *network, uint64_t *ret_sender,
			 struct packet *ret_packet);

#endif /* TOOLS_BRIDGE_SUBJECT_H */
