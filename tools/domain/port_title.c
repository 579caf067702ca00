// SPDX-License-Identifier: MIT
/*
 * The title of a port for people: its entry, and behind it in quotes the name that it was
 * given, if any: client.3 "camera".
 */
#include "port_title.h"

#include <stdio.h>

#include "tools/text/printable.h"
#include "tools/text/text.h"

char *port_title(char *buffer, const struct snapshot_port *port)
{
	char entry[TEXT_CLEAN(SNAPSHOT_ENTRY)], name[TEXT_CLEAN(SNAPSHOT_NAME)];

	text_clean(entry, sizeof(entry), port->info.entry);
	text_clean(name, sizeof(name), port->info.name);
	if (name[0])
		snprintf(buffer, PORT_TITLE, "%s \"%s\"", entry, name);
	else
		snprintf(buffer, PORT_TITLE, "%s", entry);
	return buffer;
}
