// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the compiler must refuse: with REFUSED it must complain about each line that ends in a
 * comment, and say these words.  Without REFUSED all of it compiles.  cplusplus_test.sh tries it.
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

#ifdef REFUSED
	sluice::contract<pointing, plain> other_1("other");	// a pointer, a reference or a long double in a payload
	sluice::contract<plain, counted[]> other_2("other");	// it must be trivially copyable
	sluice::contract<sluice::headed<mixed, plain>, plain> other_3("other");	// it must have standard layout
	sluice::contract<boxed<int>, plain> other_4("other");	// name it with SLUICE_DESCRIBE()
	auto slice = client.loan(3);	// the payload is exactly one element: loan()
	auto one = active.loan();	// a slice needs a length: loan(count)
	auto copy = request;	// deleted
	client.wait_servers();	// nodiscard
	response[0].a = 1;	// read-only\|const
	active->a = 1;	// read-only\|const
	pending.header();	// no matching
	auto service = node.open(sluice::contract<plain, plain>("temporary"));	// deleted
	auto opened = node.open(contract).value();	// incomplete\|thrower
	request.send();	// nodiscard
	pending = active;	// no match\|no viable
#endif
	(void)node;
}
