// SPDX-License-Identifier: MIT
//
// growing-slices-cpp-client.cc - growing-slices-client.c in C++: sends slices that grow, and
// looks at every byte
//
// Shows slices as spans, user headers, responses in a range-for, and that a failed call leaves
// an error behind.  It talks to servers in any language.
#include <getopt.h>

#include <thread>

#include "growing-slices.hpp"
#include "usage.h"

#define ARGUMENTS	"[--interval SECONDS] [-n N|--rounds N] [--print N] [--servers N] " \
			"[--hint ELEMENTS] [--strategy power-of-two|best-fit|static]"

using namespace std::chrono_literals;
using client = decltype(growing_slices)::client;

static double interval = 1;		// seconds between two rounds
static std::uint64_t rounds;		// how many; 0: until told to stop
static std::uint64_t printed = UINT64_MAX;	// how many of them are printed
static unsigned int servers = 1;	// how many to wait for at the start
static sluice::client_opts opts;

static std::uint64_t sent, received, missing;

// A wait of a second at most, so that no signal is overlooked for longer.
static void wait_servers(client &client, unsigned int count)
{
	while (!stop) {
		auto there = client.wait_servers(count, 1s);

		if (there)
			return;
		if (there.error() != ETIMEDOUT && there.error() != EINTR)
			errx(1, "%s", there.error().sentence());
	}
}

// Has the request answered by everyone it reached; returns how many that were.
static int collect(client::pending_response &pending, std::uint64_t number)
{
	auto responses = pending.responses(1s);
	int answers = 0;

	do {
		for (auto &response : responses) {
			round_check(response.header().number, salt::response, response);
			if (number <= printed)
				std::printf("round %4ju: received %7zu bytes\n",
					    std::uintmax_t(number), response.size());
			received += response.size_bytes();
			answers++;
		}
	} while (!stop && (responses.error() == ETIMEDOUT || responses.error() == EINTR));

	if (!stop && !responses.is_complete())
		warnx("round %ju: %s", std::uintmax_t(number), responses.error().sentence());
	return answers;
}

// One round: true if it took place; false if nobody was there, or we were told to stop.
static sluice::result<bool> exchange(client &client, std::uint64_t number)
{
	auto request = client.loan(round_len(number));
	if (!request)
		return request.error();
	request.header().number = number;
	round_write(number, salt::request, request);

	auto pending = request.send();
	if (!pending)
		return pending.error();
	int reached = pending.servers().value_or(0);
	if (reached == 0)
		return false;
	if (number <= printed)
		std::printf("round %4ju: sent     %7zu bytes\n", std::uintmax_t(number),
			    pending.size());

	int answers = collect(pending, number);
	if (stop && answers < reached)
		return false;
	sent += pending.size_bytes();
	missing += static_cast<unsigned int>(reached - answers);
	return true;
}

static void parse(int argc, char **argv)
{
	static const struct option options[] = {
		{"interval", required_argument, nullptr, 'i'},
		{"rounds", required_argument, nullptr, 'n'},
		{"print", required_argument, nullptr, 'p'},
		{"servers", required_argument, nullptr, 'c'},
		{"hint", required_argument, nullptr, 'h'},
		{"strategy", required_argument, nullptr, 's'},
		{},
	};
	int option;

	while ((option = getopt_long(argc, argv, "n:", options, nullptr)) != -1) {
		if (option == 'i')
			interval = number_in<double>(optarg);
		else if (option == 'n')
			rounds = number_in<std::uint64_t>(optarg);
		else if (option == 'p')
			printed = number_in<std::uint64_t>(optarg);
		else if (option == 'c')
			servers = number_in<unsigned int>(optarg);
		else if (option == 'h')
			opts.port.initial_max_slice_len = number_in<std::uint64_t>(optarg);
		else if (auto found = option == 's' ? strategy_named(optarg) : std::nullopt)
			opts.port.strategy = *found;
		else
			errx(2, "usage: " ARGUMENTS);
	}
}

int main(int argc, char **argv)
{
	std::uint64_t number = 1;

	std::setvbuf(stdout, nullptr, _IOLBF, 0);
	usage(argc, argv, ARGUMENTS);
	opts.port.initial_max_slice_len = 16;
	parse(argc, argv);
	stop_on_signals();

	auto node = sluice::node::create("growing-slices-cpp-client");
	auto service = node.open(growing_slices);
	auto client = service.create_client(opts);
	if (!client)
		errx(1, "%s", client.error().sentence());
	std::printf("ready to send requests\n");

	wait_servers(client, servers);
	while (!stop && (!rounds || number <= rounds)) {
		auto done = exchange(client, number);

		if (!done) {
			std::printf("round %4ju: %s\n", std::uintmax_t(number),
				    done.error().sentence());
			if (opts.port.strategy != SLUICE_STATIC || done.error() != EMSGSIZE)
				return 1;
			std::printf("this is how the static strategy is expected to end\n");
			break;
		}
		if (!*done)
			wait_servers(client, 1);
		else if (number++ != rounds && !stop)
			std::this_thread::sleep_for(std::chrono::duration<double>(interval));
	}

	auto memory = client.memory();
	std::printf("%ju rounds, %ju bytes sent, %ju received; %ju growths, "
		    "largest segment %ju bytes\n",
		    std::uintmax_t(number - 1), std::uintmax_t(sent), std::uintmax_t(received),
		    std::uintmax_t(memory->growths), std::uintmax_t(memory->largest_segment));
	if (missing)
		errx(1, "%ju answers are missing", std::uintmax_t(missing));
}
