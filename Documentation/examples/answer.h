/* SPDX-License-Identifier: MIT */
/* answer.h - how the servers that have an event loop answer all requests of adder that are there */
#ifndef EXAMPLES_ANSWER_H
#define EXAMPLES_ANSWER_H

#include <err.h>

#include "adder.h"

static inline void answer(struct sluice_active_request *request)
{
	const struct add_request *question = request->data;
	struct sluice_reply *reply = sluice_active_request_loan(request, 1);

	if (reply) {
		((struct add_response *)reply->data)->sum = question->a + question->b;
		if (sluice_reply_send(reply) == 0)
			return;
	}
	warnx("%s", sluice_strerror());
	sluice_reply_release(reply);
}

/* Returns how many there were. */
static inline unsigned int answer_all(struct sluice_node *node)
{
	struct sluice_event event = SLUICE_EVENT();
	struct sluice_active_request *request;
	unsigned int n = 0;

	while (sluice_node_next(node, &event) > 0) {
		if (event.kind != SLUICE_EVENT_REQUEST)
			continue;
		request = sluice_server_receive(event.server, SLUICE_NOWAIT);
		if (!request)
			continue;
		answer(request);
		sluice_active_request_release(request);
		n++;
	}
	return n;
}

#endif /* EXAMPLES_ANSWER_H */
