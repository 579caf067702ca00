/* SPDX-License-Identifier: MIT */
/* The title of a port for people. */
#ifndef TOOLS_PORT_TITLE_H
#define TOOLS_PORT_TITLE_H

#include "snapshot.h"
#include "tools/text/printable.h"

#define PORT_TITLE	TEXT_CLEAN(SNAPSHOT_ENTRY + SNAPSHOT_NAME + 4)

/* In a buffer of PORT_TITLE; returns it. */
char *port_title(char *buffer, const struct snapshot_port *port);

#endif /* TOOLS_PORT_TITLE_H */
