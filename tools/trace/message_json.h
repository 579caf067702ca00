/* SPDX-License-Identifier: MIT */
/* A captured message as a line of JSON. */
#ifndef TRACE_MESSAGE_JSON_H
#define TRACE_MESSAGE_JSON_H

#include "service_layouts.h"
#include "tools/text/bytes.h"

/* Appends the line, with its end.  0 or -ENOMEM. */
int message_json(struct bytes *line, const struct capture_packet *packet,
		 const struct message_layout *layout);

#endif /* TRACE_MESSAGE_JSON_H */
