/* SPDX-License-Identifier: MIT */
/*
 * complex-types-server.c - writes an invoice for each order
 *
 * Shows how payloads that hold text, lists and optional values are read where they
 * lie.  The client is not trusted: a length that it has made up is refused by the
 * getters, and a number is copied before it is checked, for it may change meanwhile.
 * Such a request is ended with a status.  Serves until SIGINT or SIGTERM.
 */
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "complex-types.h"
#include "usage.h"

#define SECOND	INT64_C(1000000000)

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

/* As much as each item costs, and all together.  Returns 0 or -errno. */
static int add_up(struct invoice *invoice, const struct order *order)
{
	const struct item *item;
	uint64_t *amount;

	sluice_vector_for_each(item, &order->items) {
		amount = sluice_vector_push(&invoice->amounts);
		if (!amount)
			return -errno;
		if (__builtin_mul_overflow(item->price, item->count, amount) ||
		    __builtin_add_overflow(invoice->total, *amount, &invoice->total))
			return -EOVERFLOW;
	}
	return errno == ERANGE ? 0 : -errno;	/* ERANGE: that was the last */
}

/* Returns 0 or -errno. */
static int subtract(struct invoice *invoice, const struct order *order)
{
	const volatile uint64_t *discount = sluice_optional_get(&order->discount);
	uint64_t *saved, percent;

	if (!discount)
		return 0;
	percent = *discount;
	if (percent > 100)
		return -EINVAL;
	saved = sluice_optional_set(&invoice->saved);
	*saved = invoice->total / 100 * percent + invoice->total % 100 * percent / 100;
	invoice->total -= *saved;
	return 0;
}

/* The invoice is all zeroes, which is to say that all in it is empty. */
static int charge(struct invoice *invoice, const struct order *order)
{
	size_t length;
	const char *customer = sluice_string_get(&order->customer, &length);
	int result;

	if (!customer || sluice_string_set_bytes(&invoice->customer, customer, length) < 0)
		return -errno;
	result = add_up(invoice, order);
	return result < 0 ? result : subtract(invoice, order);
}

/* Returns 0, or -1: no reply can be had, or the client wants none any more. */
static int answer(struct sluice_active_request *request)
{
	const struct order *orders = request->data;
	struct sluice_reply *reply;
	struct invoice *invoices;
	int result;

	reply = sluice_active_request_loan_zeroed(request, request->count);
	if (!reply)
		return -1;
	invoices = reply->data;
	for (size_t i = 0; i < request->count; i++) {
		result = charge(&invoices[i], &orders[i]);
		if (result < 0)		/* the reply is given back with the request */
			return sluice_active_request_end(request, -result,
							 strerror(-result));
	}
	if (sluice_reply_send(reply) < 0)
		return -1;
	return sluice_active_request_release(request);
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct sluice_active_request *request;
	uint64_t answered = 0;

	usage(argc, argv, "");
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);

	sluice_auto(sluice_node) node = sluice_node_create("complex-types-server", NULL);
	sluice_auto(sluice_service) service = sluice_service_open(node, &complex_types, NULL);
	sluice_auto(sluice_server) server = sluice_server_create(service, NULL);
	if (!server)
		errx(1, "%s", sluice_strerror());

	while (!stop) {
		/* A second at most, so that no signal is overlooked for longer. */
		request = sluice_server_receive(server, SECOND);
		if (!request && errno != ETIMEDOUT && errno != EINTR)
			errx(1, "%s", sluice_strerror());
		if (!request)
			continue;
		if (answer(request) < 0) {
			warnx("%s", sluice_strerror());
			sluice_active_request_release(request);
		} else {
			answered++;
		}
	}

	printf("%" PRIu64 " requests answered\n", answered);
	return 0;
}
