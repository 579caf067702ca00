// SPDX-License-Identifier: MIT
// adder-cpp-client.cc - the smallest client in C++: one question, one answer
#include <err.h>

#include <iostream>

#include "adder.hpp"

int main()
{
	auto node = sluice::node::create("adder-cpp-client");
	auto service = node.open(adder);
	auto client = service.create_client();

	if (auto servers = client.wait_servers(); !servers)
		errx(1, "%s", servers.error().sentence());

	auto request = client.loan();
	if (!request)
		errx(1, "%s", request.error().sentence());

	request->a = 40;	// the very bytes the server will read
	request->b = 2;

	auto pending = request.send();
	auto response = pending.receive();
	if (!response)
		errx(1, "%s", response.error().sentence());

	std::cout << "40 + 2 = " << response->sum << "\n";	// and those that it wrote
}
