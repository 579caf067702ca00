// SPDX-License-Identifier: MIT
// adder-cpp-server.cc - the smallest server in C++: answers until it is killed
#include <err.h>

#include "adder.hpp"

int main()
{
	auto node = sluice::node::create("adder-cpp-server");
	auto service = node.open(adder);
	auto server = service.create_server();
	auto requests = server.requests();

	for (auto &question : requests) {	// each is finished when the next is received
		auto reply = question.loan();

		if (reply)
			reply->sum = question->a + question->b;
		if (auto sent = reply.send(); !sent)
			warnx("%s", sent.error().sentence());
	}
	errx(1, "%s", requests.error().sentence());
}
