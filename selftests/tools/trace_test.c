// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the tracer is to find, for trace_test.sh:
 *
 *	trace_test leak		slices that are not given back, each kind from a function of
 *				its own, and then the end of the process
 *	trace_test grow LEN	loans of rising length, of a client whose
 *				initial_max_slice_len is LEN; prints how often it grew
 *	trace_test talk N	N round trips of 1 to 4096 bytes, and one in which the request
 *				waits for 20 ms; prints what it counted
 *	trace_test crowd N	N clients of one server, and some round trips of each
 *	trace_test flood	round trips as fast as they go, until it is killed
 *	trace_test swap A B	two files change places, as fast as they can, until it is killed
 *	trace_test align N	N round trips of a service whose elements begin on a multiple of
 *				more than their type asks for, behind user headers; the
 *				reply is the request
 *	trace_test hold ALIGNMENT	has such a service open, with this alignment of
 *				requests, and has neither client nor server; waits to be killed
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sluice.h>

#include "told_pair.h"

static const struct sluice_contract contract = {
	.name = "selftest/trace",
	.request = SLUICE_SLICE(uint8_t),
	.response = SLUICE_SLICE(uint8_t),
};

static void pause_ms(long ms)
{
	struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	nanosleep(&time, NULL);
}

static void connect_client(struct pair *ports, const struct sluice_client_opts *opts)
{
	ports->client = must(sluice_client_create(ports->service, opts));
	pair_connect(ports);
}

static void connect_ports(struct pair *ports, const struct sluice_client_opts *opts)
{
	ports->server = must(sluice_server_create(ports->service, NULL));
	connect_client(ports, opts);
}

static struct pair make_ports(uint64_t initial_max_slice_len)
{
	const struct sluice_client_opts opts = SLUICE_CLIENT_OPTS(
		.port = { .initial_max_slice_len = initial_max_slice_len });
	struct pair ports;

	ports.node = must(sluice_node_create("trace", NULL));
	ports.service = must(sluice_service_open(ports.node, &contract, NULL));
	connect_ports(&ports, &opts);
	return ports;
}

static struct sluice_pending_response *ask(const struct pair *ports, size_t count)
{
	struct sluice_request *request = must(sluice_client_loan(ports->client, count));

	memset(request->data, 1, request->size);
	return must(sluice_request_send(request));
}

/* ---- Leaks ---- */

static __attribute__((__noinline__)) void plant_unsent_request(const struct pair *ports)
{
	must(sluice_client_loan(ports->client, 100));
	must(sluice_client_loan(ports->client, 200));
}

static __attribute__((__noinline__)) struct sluice_active_request *
plant_held_request(const struct pair *ports)
{
	struct sluice_active_request *held;

	held = must(sluice_server_receive(ports->server, SLUICE_FOREVER));
	return held;
}

static __attribute__((__noinline__)) void plant_unsent_reply(struct sluice_active_request *request)
{
	must(sluice_active_request_loan(request, 300));
}

static __attribute__((__noinline__)) void
plant_kept_response(struct sluice_pending_response *pending)
{
	must(sluice_pending_response_receive(pending, SLUICE_FOREVER));
}

static void leak(void)
{
	struct pair ports = make_ports(0);
	struct sluice_pending_response *pending = ask(&ports, 400);
	struct sluice_active_request *request;

	plant_unsent_request(&ports);
	request = plant_held_request(&ports);
	plant_unsent_reply(request);
	must_answer(request, 500);
	plant_kept_response(pending);
	sluice_pending_response_release(pending);
	pause_ms(300);
	_exit(0);
}

/* ---- Growth ---- */

static void grow(uint64_t len)
{
	static const size_t counts[] = { 1, 1000, 5000, 70000, 70000, 300000 };
	struct sluice_memory memory = { .size = sizeof(memory) };
	struct sluice_request *request[sizeof(counts) / sizeof(counts[0])];
	struct pair ports = make_ports(len);
	size_t i;

	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		request[i] = must(sluice_client_loan(ports.client, counts[i]));
	for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		sluice_request_release(request[i]);
	if (sluice_client_memory(ports.client, &memory) < 0)
		errx(1, "%s", sluice_strerror());
	printf("%llu growths\n", (unsigned long long)memory.growths);
}

/* ---- Talk ---- */

static void round_trip(const struct pair *ports, size_t count, long wait_ms)
{
	struct sluice_pending_response *pending = ask(ports, count);
	struct sluice_active_request *request;
	struct sluice_response *response;

	if (wait_ms)
		pause_ms(wait_ms);
	request = must(sluice_server_receive(ports->server, SLUICE_FOREVER));
	must_answer(request, count);
	sluice_active_request_release(request);
	response = must(sluice_pending_response_receive(pending, SLUICE_FOREVER));
	if (response->count != count)
		errx(1, "%zu elements and not %zu", response->count, count);
	sluice_response_release(response);
	sluice_pending_response_release(pending);
}

static void talk(unsigned long trips)
{
	struct pair ports = make_ports(0);
	unsigned long i, large = 0;

	for (i = 0; i < trips; i++) {
		round_trip(&ports, i % 4096 + 1, 0);
		large += i % 4096 + 1 >= 1024;
	}
	round_trip(&ports, 1, 20);
	printf("%lu trips, %lu of at least 1024 bytes\n", trips + 1, large);
	pair_drop(&ports);
}

/* The kernel needs time to make room for the histograms of a client; else they are lost. */
static void talk_slowly(const struct pair *ports)
{
	for (int i = 0; i < 8; i++)
		round_trip(ports, 1, 2);
}

/* The clients go with the process. */
static void crowd(unsigned long clients)
{
	struct pair ports = make_ports(0);

	talk_slowly(&ports);
	for (unsigned long i = 1; i < clients; i++) {
		connect_client(&ports, NULL);
		talk_slowly(&ports);
	}
}

/* Sends as fast as it can, so that events come faster than anybody writes them. */
static void flood(void)
{
	struct pair ports = make_ports(0);

	puts("floods");
	fflush(stdout);
	for (;;)
		round_trip(&ports, 1, 0);
}

/* Whoever looks at A and then opens it may find B. */
static void swap(const char *a, const char *b)
{
	puts("swaps");
	fflush(stdout);
	for (;;)
		if (renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE) < 0)
			err(1, "%s, %s", a, b);
}

/* ---- Alignment ---- */

#define ALIGNMENT	64u

static const struct sluice_contract aligned = {
	.name = "selftest/aligned",
	.request = SLUICE_SLICE(uint16_t),
	.response = SLUICE_SLICE(uint16_t),
	.request_header = SLUICE_TYPE(uint64_t),
	.response_header = SLUICE_TYPE(uint64_t),
};

static struct sluice_service *open_aligned(struct sluice_node *node, uint32_t alignment)
{
	static const struct sluice_attribute attribute = { "what", "alignment" };
	const struct sluice_service_opts opts = SLUICE_SERVICE_OPTS(
		.flags = SLUICE_SERVICE_NO_REQUEST_OVERFLOW |
			 SLUICE_SERVICE_NO_RESPONSE_OVERFLOW |
			 SLUICE_SERVICE_NO_FIRE_AND_FORGET,
		.request_alignment = alignment,
		.response_alignment = 4 * alignment,
		.max_fds_per_message = 1,
		.max_nodes = 8,
		.attributes = &attribute,
		.attribute_count = 1);

	return must(sluice_service_open(node, &aligned, &opts));
}

static void check_place(const void *data, size_t alignment)
{
	if ((uintptr_t)data % alignment)
		errx(1, "elements at %p, which is no multiple of %zu", data, alignment);
}

static void echo(struct sluice_active_request *active)
{
	struct sluice_reply *reply = must(sluice_active_request_loan(active, active->count));

	check_place(reply->data, 4 * ALIGNMENT);
	memcpy(reply->header, active->header, sizeof(uint64_t));
	memcpy(reply->data, active->data, active->size);
	if (sluice_reply_send(reply) < 0)
		errx(1, "%s", sluice_strerror());
	sluice_active_request_release(active);
}

static void aligned_trip(const struct pair *ports, uint64_t number)
{
	struct sluice_request *request = must(sluice_client_loan(ports->client, number % 100));
	struct sluice_pending_response *pending;

	check_place(request->data, ALIGNMENT);
	*(uint64_t *)request->header = ~number;
	memset(request->data, (int)number, request->size);
	pending = must(sluice_request_send(request));
	echo(must(sluice_server_receive(ports->server, SLUICE_FOREVER)));
	sluice_response_release(must(sluice_pending_response_receive(pending, SLUICE_FOREVER)));
	sluice_pending_response_release(pending);
}

static void align(unsigned long trips)
{
	struct pair ports;

	ports.node = must(sluice_node_create("align", NULL));
	ports.service = open_aligned(ports.node, ALIGNMENT);
	connect_ports(&ports, NULL);
	for (unsigned long i = 0; i < trips; i++)
		aligned_trip(&ports, i);
	pair_drop(&ports);
}

static void hold(unsigned long alignment)
{
	open_aligned(must(sluice_node_create("hold", NULL)), (uint32_t)alignment);
	puts("held");
	fflush(stdout);
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	unsigned long number = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;

	if (!strcmp(what, "leak"))
		leak();
	else if (!strcmp(what, "grow"))
		grow(number);
	else if (!strcmp(what, "talk"))
		talk(number);
	else if (!strcmp(what, "crowd"))
		crowd(number);
	else if (!strcmp(what, "flood"))
		flood();
	else if (!strcmp(what, "swap") && argc > 3)
		swap(argv[2], argv[3]);
	else if (!strcmp(what, "align"))
		align(number);
	else if (!strcmp(what, "hold"))
		hold(number);
	else
		errx(2, "usage: trace_test leak | grow LEN | talk N | crowd N | flood | swap A B | align N | hold ALIGNMENT");
	return 0;
}
