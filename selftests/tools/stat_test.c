// SPDX-License-Identifier: GPL-2.0-only
/*
 * Traffic of known counts, for stat_test.sh.  Does what the lines of standard input say,
 * and says "done" after each:
 *
 *	trips N COUNT	N round trips, of COUNT bytes each way
 *	hold N		loans N requests more, and keeps them
 *	late		a request whose deadline has passed when the server looks
 *	ahead N		N requests that the server does not look at
 *
 * It ends with its standard input.
 */
#include <time.h>

#include "told_pair.h"

static const struct sluice_contract contract = {
	.name = "selftest/stat",
	.request = SLUICE_SLICE(uint8_t),
	.response = SLUICE_SLICE(uint8_t),
};

static struct sluice_pending_response *ask(const struct pair *pair, int64_t deadline)
{
	struct sluice_request *request = must(sluice_client_loan(pair->client, 1));

	*(uint8_t *)request->data = 1;
	if (sluice_request_set_deadline(request, deadline) < 0)
		errx(1, "%s", sluice_strerror());
	return must(sluice_request_send(request));
}

static void be_late(const struct pair *pair)
{
	const struct timespec time = { .tv_nsec = 20 * 1000 * 1000 };
	struct sluice_pending_response *pending;

	pending = ask(pair, sluice_deadline(time.tv_nsec / 2));
	nanosleep(&time, NULL);
	if (sluice_server_receive(pair->server, SLUICE_NOWAIT))
		errx(1, "it was received all the same");
	sluice_pending_response_release(pending);
}

static void obey(const struct pair *pair, const char *order, unsigned int n, unsigned int count)
{
	if (!strcmp(order, "late"))
		be_late(pair);
	else
		for (unsigned int i = 0; i < n; i++) {
			if (!strcmp(order, "trips"))
				pair_trip(pair, count);
			else if (!strcmp(order, "hold"))
				must(sluice_client_loan(pair->client, 1));
			else if (!strcmp(order, "ahead"))
				ask(pair, 0);
			else
				errx(2, "that is not understood: %s", order);
		}
}

int main(void)
{
	struct pair pair = pair_make("stat", &contract, NULL);
	unsigned int n, count;
	char line[64], order[16];

	say_done();
	while (fgets(line, sizeof(line), stdin)) {
		n = 0;
		count = 0;
		if (sscanf(line, "%15s %u %u", order, &n, &count) < 1)
			continue;
		obey(&pair, order, n, count);
		say_done();
	}
	pair_drop(&pair);
	return 0;
}
