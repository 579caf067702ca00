// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the compiler must refuse, a line each that is compiled if REFUSED is its number;
 * cplusplus_test.sh says what it must be told.  Without REFUSED all of it compiles.
 */
#include <sluice.hpp>

struct plain { int a; };
struct pointing { int a; const char *text; };
struct counted { counted(); ~counted(); int a; };
struct mixed { int a; private: int b; };
template <class T> struct boxed { T value; };

static constexpr sluice::contract<plain, plain[]> contract("refused");

void refused(sluice::node &node, decltype(contract)::client &client,
	     decltype(contract)::server &server);
void refused(sluice::node &node, decltype(contract)::client &client,
	     decltype(contract)::server &server)
{
	auto request = client.loan();
	auto pending = request.send();
	auto response = pending.receive();
	auto active = server.receive();
	auto reply = active.loan(1);

#if REFUSED == 1
	sluice::contract<pointing, plain> other("other");
#elif REFUSED == 2
	sluice::contract<plain, counted[]> other("other");
#elif REFUSED == 3
	sluice::contract<sluice::headed<mixed, plain>, plain> other("other");
#elif REFUSED == 4
	sluice::contract<boxed<int>, plain> other("other");
#elif REFUSED == 5
	auto slice = client.loan(3);
#elif REFUSED == 6
	auto one = active.loan();
#elif REFUSED == 7
	auto copy = request;
#elif REFUSED == 8
	client.wait_servers();
#elif REFUSED == 9
	response[0].a = 1;
#elif REFUSED == 10
	active->a = 1;
#elif REFUSED == 11
	pending.header();
#elif REFUSED == 12
	auto service = node.open(sluice::contract<plain, plain>("temporary"));
#elif REFUSED == 13
	auto opened = node.open(contract).value();
#elif REFUSED == 14
	request.send();
#elif REFUSED == 15
	pending = active;
#endif
	(void)node;
}
