// SPDX-License-Identifier: GPL-2.0-only
/*
 * The round trips of tools/probes_test.c in C++, for who counts what they cost: "trip 1000"
 * makes 1000 of them.  cplusplus_test.sh compares the instructions of both.
 */
#include <err.h>
#include <time.h>

#include <cstdlib>

#include <sluice.hpp>

static constexpr sluice::contract<std::uint64_t, std::uint64_t> contract("selftest/trip");

using client_type = decltype(contract)::client;
using server_type = decltype(contract)::server;

/* It does not throw, which the compiler cannot know of errx(). */
[[noreturn]] static void fail(const sluice::error &error) noexcept
{
	errx(1, "%s", error.sentence());
}

static __attribute__((__noinline__)) void round_trip(client_type &client, server_type &server)
{
	auto request = client.loan();
	if (!request)
		fail(request.error());
	*request = 1;
	auto pending = request.send();
	if (!pending)
		fail(pending.error());
	auto active = server.receive(sluice::nowait);
	if (!active)
		fail(active.error());
	auto reply = active.loan();
	if (!reply)
		fail(reply.error());
	*reply = 2;
	auto sent = reply.send();
	if (!sent)
		fail(sent.error());
	active.release();
	auto response = pending.receive(sluice::nowait);
	if (!response)
		fail(response.error());
}

/* The server takes the client in its own calls. */
static void meet(client_type &client, server_type &server)
{
	while (!client.wait_servers(1, sluice::nowait))
		if (server.receive(sluice::nowait))
			errx(1, "a request from nowhere");
	if (server.receive(sluice::nowait))
		errx(1, "a request from nowhere");
}

/* As in probes_test.c: a node looks once more at what it has entered, some 100 ms after it. */
static void settle(client_type &client)
{
	const struct timespec pause = {0, 200 * 1000 * 1000};

	for (int i = 0; i < 2; i++) {
		nanosleep(&pause, nullptr);
		if (!client.wait_servers(1, sluice::nowait))
			errx(1, "%s", sluice_strerror());
	}
}

int main(int argc, char **argv)
{
	unsigned long count = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 1;
	auto node = sluice::node::create("trip");
	auto service = node.open(contract);
	auto server = service.create_server();
	auto client = service.create_client();

	if (!client || !server)
		errx(1, "%s", sluice_strerror());
	meet(client, server);
	settle(client);
	while (count--)
		round_trip(client, server);
	return 0;
}
