/* SPDX-License-Identifier: MIT */
/* adder-server.c - the smallest server: answers until it is killed */
#include <err.h>

#include "adder.h"

int main(void)
{
	sluice_auto(sluice_node) node = sluice_node_create("adder-server", NULL);
	sluice_auto(sluice_service) service = sluice_service_open(node, &adder, NULL);
	sluice_auto(sluice_server) server = sluice_server_create(service, NULL);
	struct sluice_active_request *request;

	while ((request = sluice_server_receive(server, SLUICE_FOREVER))) {
		struct sluice_reply *reply = sluice_active_request_loan(request, 1);
		const struct add_request *question = request->data;

		if (reply) {
			struct add_response *answer = reply->data;

			answer->sum = question->a + question->b;
		}
		if (!reply || sluice_reply_send(reply) < 0)
			warnx("%s", sluice_strerror());
		sluice_active_request_release(request);	/* no more answers to this one */
	}
	errx(1, "%s", sluice_strerror());
}
