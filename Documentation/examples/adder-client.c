/* SPDX-License-Identifier: MIT */
/* adder-client.c - the smallest client: one question, one answer */
#include <err.h>
#include <inttypes.h>
#include <stdio.h>

#include "adder.h"

int main(void)
{
	sluice_auto(sluice_node) node = sluice_node_create("adder-client", NULL);
	sluice_auto(sluice_service) service = sluice_service_open(node, &adder, NULL);
	sluice_auto(sluice_client) client = sluice_client_create(service, NULL);
	sluice_auto(sluice_pending_response) pending = NULL;
	sluice_auto(sluice_response) response = NULL;
	const struct add_response *answer;
	struct sluice_request *request;
	struct add_request *question;

	if (sluice_client_wait_servers(client, 1, SLUICE_FOREVER) < 0)
		errx(1, "%s", sluice_strerror());

	request = sluice_client_loan(client, 1);
	if (!request)
		errx(1, "%s", sluice_strerror());

	question = request->data;	/* the very bytes the server will read */
	question->a = 40;
	question->b = 2;

	pending = sluice_request_send(request);
	response = sluice_pending_response_receive(pending, SLUICE_FOREVER);
	if (!response)
		errx(1, "%s", sluice_strerror());

	answer = response->data;	/* and those that it wrote */
	printf("40 + 2 = %" PRIu64 "\n", answer->sum);
	return 0;
}
