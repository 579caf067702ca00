// SPDX-License-Identifier: MIT
//
// growing-slices-cpp-server.cc - growing-slices-server.c in C++: answers slices that grow with
// slices that grow
//
// Shows the server's side of an exchange: a request is released when its object is gone.  It
// serves clients in any language, until SIGINT or SIGTERM.
#include <getopt.h>

#include "growing-slices.hpp"
#include "usage.h"

#define ARGUMENTS	"[--print N] [--hint ELEMENTS] " \
			"[--strategy power-of-two|best-fit|static]"

using namespace std::chrono_literals;
using server = decltype(growing_slices)::server;

static std::uint64_t printed = UINT64_MAX;	// so many requests and responses are printed
static sluice::server_opts opts;

static std::uint64_t counter = 1;		// of the next response
static std::uint64_t answered, received, sent;

// The next reply.  A static port has room up to its hint: there the counter begins again.
static sluice::result<server::reply> loan(server::active_request &request)
{
	auto reply = request.loan(round_len(counter));

	if (reply || opts.port.strategy != SLUICE_STATIC || reply.error() != EMSGSIZE ||
	    counter == 1)
		return reply;
	std::printf("response %ju: %s\n"
		    "this is how the static strategy is expected to end; begins again with 1\n",
		    std::uintmax_t(counter), reply.error().sentence());
	counter = 1;
	return request.loan(round_len(counter));
}

// Returns the bytes sent; or why no reply can be had, or the client wants none any more.
static sluice::result<std::size_t> answer(server::active_request &request)
{
	auto reply = loan(request);
	if (!reply)
		return reply.error();
	std::size_t size = reply.size_bytes();
	reply.header().number = counter;
	round_write(counter, salt::response, reply);
	if (auto delivered = reply.send(); !delivered)
		return delivered.error();
	counter++;
	return size;
}

static void serve(server::active_request &request)
{
	std::uint64_t number = request.header().number;

	round_check(number, salt::request, request);
	received += request.size_bytes();
	if (answered < printed)
		std::printf("received %7zu bytes\n", request.size());
	auto size = answer(request);
	if (!size) {
		warnx("round %ju: %s", std::uintmax_t(number), size.error().sentence());
		return;
	}
	sent += *size;
	if (answered++ < printed)
		std::printf("sent     %7zu bytes\n", *size);
}

static void parse(int argc, char **argv)
{
	static const struct option options[] = {
		{"print", required_argument, nullptr, 'p'},
		{"hint", required_argument, nullptr, 'h'},
		{"strategy", required_argument, nullptr, 's'},
		{},
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, nullptr)) != -1) {
		if (option == 'p')
			printed = number_in<std::uint64_t>(optarg);
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
	std::setvbuf(stdout, nullptr, _IOLBF, 0);
	usage(argc, argv, ARGUMENTS);
	opts.port.initial_max_slice_len = 16;
	parse(argc, argv);
	stop_on_signals();

	auto node = sluice::node::create("growing-slices-cpp-server");
	auto service = node.open(growing_slices);
	auto server = service.create_server(opts);
	if (!server)
		errx(1, "%s", server.error().sentence());
	std::printf("ready to receive requests\n");

	auto requests = server.requests(1s);	// so that no signal is overlooked for longer
	while (!stop) {
		for (auto &request : requests) {
			serve(request);
			if (stop)
				break;
		}
		if (!stop && requests.error() != ETIMEDOUT && requests.error() != EINTR)
			errx(1, "%s", requests.error().sentence());
	}

	auto memory = server.memory();
	std::printf("%ju requests answered, %ju bytes received, %ju sent; %ju growths, "
		    "largest segment %ju bytes\n",
		    std::uintmax_t(answered), std::uintmax_t(received), std::uintmax_t(sent),
		    std::uintmax_t(memory->growths), std::uintmax_t(memory->largest_segment));
}
