/* SPDX-License-Identifier: MIT */
/*
 * complex-types-client.c - sends orders and checks the invoices
 *
 * Shows how payloads that hold text, lists and optional values are written where they
 * lie: in a zeroed loan everything is empty, and nothing else is to be set up.  At the
 * end it sends an order that is a lie, which a good server refuses.
 */
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "complex-types.h"
#include "usage.h"

#define ORDERS	3

static void add(struct order *order, const char *name, uint32_t count, uint64_t price)
{
	struct item *item = sluice_vector_push(&order->items);

	if (!item || sluice_string_set(&item->name, name) < 0)
		err(1, "%s", name);
	item->count = count;
	item->price = price;
}

static void write_orders(struct order *order)
{
	sluice_string_set(&order[0].customer, "Ada Lovelace");
	add(&order[0], "punched card", 1000, 2);
	add(&order[0], "brass wheel", 12, 1750);
	*sluice_optional_set(&order[0].discount) = 10;

	sluice_string_set(&order[1].customer, "Grace");
	sluice_string_append(&order[1].customer, " Hopper");
	add(&order[1], "nanosecond of wire", 30, 15);
	add(&order[1], "moth", 1, 1);
	add(&order[1], "adhesive tape", 2, 199);
	sluice_vector_remove(&order[1].items, 1);

	sluice_string_set(&order[2].customer, "Nobody");	/* who orders nothing */
}

static struct sluice_pending_response *submit(struct sluice_request *request)
{
	struct sluice_pending_response *pending = sluice_request_send(request);

	if (!pending)
		errx(1, "%s", sluice_strerror());
	return pending;
}

static struct sluice_request *loan(struct sluice_client *client, size_t count)
{
	struct sluice_request *request = sluice_client_loan_zeroed(client, count);

	if (!request)
		errx(1, "%s", sluice_strerror());
	return request;
}

static void print(const struct invoice *invoice)
{
	const uint64_t *saved = sluice_optional_get(&invoice->saved);
	size_t length;
	const char *customer = sluice_string_get(&invoice->customer, &length);

	if (!customer)
		err(1, "an invoice");
	printf("%.*s: %" PRId64 " items, %" PRIu64 " cents", (int)length, customer,
	       sluice_vector_length(&invoice->amounts), invoice->total);
	if (saved)
		printf(", %" PRIu64 " saved", *saved);
	printf("\n");
}

static int is(const struct invoice *invoice, const char *customer, int64_t items,
	      uint64_t total)
{
	return sluice_string_equal(&invoice->customer, customer) &&
	       sluice_vector_length(&invoice->amounts) == items &&
	       invoice->total == total;
}

static void check(const struct sluice_response *response)
{
	const struct invoice *invoice = response->data;
	const uint64_t *saved, *amount;

	if (response->count != ORDERS)
		errx(1, "%zu invoices for %d orders", response->count, ORDERS);
	for (size_t i = 0; i < ORDERS; i++)
		print(&invoice[i]);

	saved = sluice_optional_get(&invoice[0].saved);
	amount = sluice_vector_at(&invoice[1].amounts, 1);
	if (!is(&invoice[0], "Ada Lovelace", 2, 20700) || !saved || *saved != 2300 ||
	    !is(&invoice[1], "Grace Hopper", 2, 848) || !amount || *amount != 398 ||
	    !is(&invoice[2], "Nobody", 0, 0) || sluice_optional_get(&invoice[2].saved))
		errx(1, "an invoice is wrong");
}

static void order(struct sluice_client *client)
{
	struct sluice_request *request = loan(client, ORDERS);
	sluice_auto(sluice_pending_response) pending = NULL;
	sluice_auto(sluice_response) response = NULL;

	write_orders(request->data);
	pending = submit(request);
	response = sluice_pending_response_receive(pending, SLUICE_FOREVER);
	if (!response)
		errx(1, "%s", sluice_strerror());
	check(response);
}

/* More items than there is room for, if one believes the length. */
static void lie(struct sluice_client *client)
{
	struct sluice_request *request = loan(client, 1);
	struct sluice_status status = SLUICE_STATUS();
	sluice_auto(sluice_pending_response) pending = NULL;
	sluice_auto(sluice_response) response = NULL;

	((struct order *)request->data)->items.length = UINT32_MAX;
	pending = submit(request);
	response = sluice_pending_response_receive(pending, SLUICE_FOREVER);
	if (response || errno != EREMOTEIO)
		errx(1, "the server has believed a lie");
	if (sluice_pending_response_status(pending, &status) < 1 || status.code != EPROTO)
		errx(1, "the server has not seen what is wrong");
	printf("a lie: %s\n", status.text);
}

int main(int argc, char **argv)
{
	usage(argc, argv, "");
	sluice_auto(sluice_node) node = sluice_node_create("complex-types-client", NULL);
	sluice_auto(sluice_service) service = sluice_service_open(node, &complex_types, NULL);
	sluice_auto(sluice_client) client = sluice_client_create(service, NULL);
	if (sluice_client_wait_servers(client, 1, SLUICE_FOREVER) < 0)
		errx(1, "%s", sluice_strerror());

	order(client);
	lie(client);
	return 0;
}
