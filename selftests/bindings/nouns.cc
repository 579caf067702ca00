// SPDX-License-Identifier: GPL-2.0-only
/*
 * The classes of sluice.hpp: each owns what it should, can be moved, is harmless when it is
 * empty, and reports failures.  A client and a server of one thread take turns.
 * cplusplus_test.sh compiles it in several ways and runs it in a root directory of its own.
 */
#include <fcntl.h>
#include <sys/stat.h>

#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include <sluice.hpp>

#include "checks.hpp"

using namespace std::chrono_literals;

namespace geometry {
struct point {
	std::int32_t x, y;
};
} /* namespace geometry */

struct number {
	std::uint64_t value;
};

struct round_header {
	std::uint64_t round;
};

template <class T> struct boxed {
	T value;
};
SLUICE_DESCRIBE(boxed<std::uint32_t>, "boxed_u32", 0x1234)

using slices = sluice::headed<round_header, geometry::point[]>;

static constexpr sluice::contract<number, number> fixed("selftest/cpp-fixed");
static constexpr sluice::contract<slices, std::uint8_t[]> sliced("selftest/cpp-sliced");
static constexpr sluice::contract<boxed<std::uint32_t>, char> named("selftest/cpp-named");

/* ---- What the compiler knows ------------------------------------------------ */

static_assert(std::string_view(sliced.request.name) == "geometry::point");
static_assert(std::string_view(sliced.response.name) == "uint8_t");
static_assert(std::string_view(sliced.request_header.name) == "round_header");
static_assert(sliced.request.kind == SLUICE_KIND_SLICE && sliced.request.size == 8);
static_assert(fixed.request.kind == SLUICE_KIND_FIXED && fixed.request_header.name == nullptr);
static_assert(std::string_view(named.request.name) == "boxed_u32");
static_assert(named.request.fingerprint == 0x1234 && named.response.fingerprint == 0);

struct with_pointer {
	char text[40];
	struct { int a; struct { int b; void *pointer; } inner[2]; } outer;
};
struct with_long_double { int a; long double b; };
struct with_reference { int &a; };
struct with_virtual { virtual void f(); int a; };
struct with_constructor { with_constructor(const with_constructor &) {} int a; };
struct plain {
	char text[5000];
	enum { one } e;
	geometry::point points[3];
	union { float f; int i; } u;
	double d;
};
static_assert(!sluice::is_payload<with_pointer>);
static_assert(!sluice::is_payload<with_long_double>);
static_assert(!sluice::is_payload<with_reference>);
static_assert(!sluice::is_payload<with_virtual>);
static_assert(!sluice::is_payload<with_constructor>);
static_assert(!sluice::is_payload<std::string>);
static_assert(!sluice::is_payload<int plain::*>);
static_assert(sluice::is_payload<plain>);
static_assert(sluice::is_payload<float>);

template <class T>
constexpr bool is_owning = std::is_nothrow_move_constructible<T>::value &&
	std::is_nothrow_move_assignable<T>::value &&
	std::is_nothrow_default_constructible<T>::value &&
	!std::is_copy_constructible<T>::value && !std::is_copy_assignable<T>::value &&
	sizeof(T) <= sizeof(void *);
static_assert(is_owning<sluice::node> && is_owning<sluice::descriptor>);
static_assert(is_owning<decltype(fixed)::service>);
static_assert(is_owning<decltype(fixed)::client> && is_owning<decltype(fixed)::server>);
static_assert(is_owning<decltype(fixed)::client::request>);
static_assert(is_owning<decltype(fixed)::client::pending_response>);
static_assert(is_owning<decltype(fixed)::client::response>);
static_assert(is_owning<decltype(fixed)::server::active_request>);
static_assert(is_owning<decltype(fixed)::server::reply>);

static_assert(sluice::timeout(1ms).nanoseconds() == 1000000);
static_assert(sluice::timeout(-1s).nanoseconds() == SLUICE_NOWAIT);
static_assert(sluice::timeout(-1ns).nanoseconds() == SLUICE_NOWAIT);
static_assert(sluice::timeout(std::chrono::hours::max()).nanoseconds() == INT64_MAX);
static_assert(sluice::timeout(std::chrono::duration<double>(0.5)).nanoseconds() == 500000000);
static_assert(sluice::nowait.nanoseconds() == SLUICE_NOWAIT);
static_assert(sluice::forever.nanoseconds() == SLUICE_FOREVER);

#ifdef __cpp_lib_ranges
static_assert(std::ranges::input_range<
	decltype(std::declval<decltype(fixed)::server &>().requests())>);
#endif
#ifdef __cpp_lib_span
static_assert(std::is_same<sluice::span<int>, std::span<int>>::value);
#endif

/* ---- The parts of a test ------------------------------------------------------ */

/* A client and a server of one node. */
template <class Contract>
struct both {
	sluice::result<sluice::node> node;
	sluice::result<typename Contract::service> service;
	sluice::result<typename Contract::server> server;
	sluice::result<typename Contract::client> client;

	explicit both(const Contract &contract, const sluice::service_opts &opts = {})
		: node(sluice::node::create("selftest")), service(node.open(contract, opts)),
		  server(service.create_server()), client(service.create_client())
	{
		CHECK(node && service && server && client);
		while (!client.wait_servers(1, sluice::nowait))
			CHECK(!server.receive(sluice::nowait));
		CHECK(!server.receive(sluice::nowait));
	}

	auto ask(std::uint64_t value)
	{
		auto request = client.loan();

		CHECK(request);
		request->value = value;
		auto pending = request.send();
		CHECK(pending && !request);
		return pending;
	}
};

/* Answers what is queued, each request so many times. */
template <class Server>
static int answer(Server &server, int times = 1)
{
	int answered = 0;

	for (auto &request : server.requests(sluice::nowait)) {
		for (int i = 0; i < times; i++) {
			auto reply = request.loan();

			CHECK(reply);
			reply->value = request->value + static_cast<unsigned>(i);
			CHECK(reply.send());
		}
		answered++;
	}
	return answered;
}

static int open_descriptors()
{
	int count = 0;
	struct stat status;

	for (int fd = 0; fd < 256; fd++)
		count += fstat(fd, &status) == 0;
	return count;
}

/* ---- Tests ---------------------------------------------------------------------- */

static void test_one_element()
{
	both ends(fixed);
	auto pending = ends.ask(40);

	CHECK(pending->value == 40 && *pending.servers() == 1);
	CHECK(*ends.server.has_request());
	auto request = ends.server.receive();
	CHECK(request && (*request).value == 40 && request.data() == &*request);
	CHECK(*request.is_connected() && !*request.has_stop_hint() && !request.deadline());
	CHECK(pending.set_stop_hint() && *request.has_stop_hint());
	CHECK(request.info()->client == ends.client.id());
	CHECK(request.info()->request == pending.info()->request);
	CHECK(request.peer()->pid == getpid() && request.peer()->node == ends.node.id());

	auto reply = request.loan_zeroed();
	CHECK(reply && reply->value == 0);
	reply->value = 42;
	CHECK(*reply.send() == sluice::delivered::sent && !reply && reply.error() == 0);
	CHECK(*pending.has_response() && *pending.is_connected());
	auto response = pending.receive(1s);
	CHECK(response && response->value == 42 && response.info()->server == ends.server.id());
	CHECK(response.peer()->pid == getpid());
	CHECK(pending.receive(sluice::nowait).error() == EAGAIN);
	CHECK(pending.receive(1ms).error() == ETIMEDOUT);
	request.release();
	CHECK(pending.receive().error() == EPIPE && !*pending.is_connected());
	pending.release();
	ends.client.release();
	CHECK(response->value == 42);	/* it can be held longer than its client */
}

static void test_slices()
{
	both ends(sliced);
	auto request = ends.client.loan(1000);

	CHECK(request && request.size() == 1000 && request.size_bytes() == 8000);
	request.header().round = 7;
	for (auto &p : request)
		p = {1, 2};
	request[999].x = 5;
	CHECK(request.shorten(2) && request.elements().size() == 2 && !request.empty());
	CHECK(request.shorten(3).error() == EINVAL);
	auto pending = request.send();
	CHECK(pending.header().round == 7 && pending.size() == 2 && request.empty());
	CHECK(request.data() == nullptr && request.begin() == request.end());

	auto active = ends.server.receive(sluice::nowait);
	CHECK(active && active.header().round == 7 && active[1].y == 2);
	auto reply = active.loan(0);
	CHECK(reply && reply.empty() && reply.data() && reply.begin() == reply.end());
	CHECK(reply.send());
	reply = active.loan_zeroed(3);
	CHECK(reply.size() == 3 && reply[2] == 0);
	CHECK(reply.shorten(1) && reply.set_last() && reply.send());
	CHECK(active.loan(1).error() == EINVAL);

	std::size_t total = 0;
	auto answers = pending.responses();
	for (const auto &response : answers)
		total += response.size() + 10;
	CHECK(total == 21 && answers.is_complete() && answers.error() == EPIPE);
	CHECK(ends.client.memory()->bytes > 0 && ends.server.memory()->segments == 1);
}

/* A noun goes from hand to hand, and is given back once. */
static void test_moves()
{
	both ends(fixed);
	sluice::result<decltype(fixed)::client::request> first = ends.client.loan();
	auto *data = first.data();
	decltype(fixed)::client::request second = std::move(first);

	CHECK(!first && first.error() == 0 && second && second.data() == data);
	CHECK(first.data() == nullptr);
	CHECK(!first.send() && !first.shorten(1) && !first.set_route(sluice::route::one));
	first.release();
	auto &itself = second;
	second = std::move(itself);
	CHECK(second && second.data() == data);
	second = ends.client.loan();	/* gives back the one before */

	std::vector<decltype(fixed)::client::request> many;
	many.push_back(std::move(second));
	for (int i = 1; i < 8; i++)
		many.push_back(ends.client.loan());
	for (const auto &request : many)
		CHECK(request);
	CHECK(ends.client.loan().error() == ENOBUFS);	/* 8 may be loaned, and are */
	many.clear();

	/* Others can hold what C functions have made, and the other way round. */
	decltype(fixed)::client::request adopted(sluice_client_loan(ends.client.native(), 1));
	CHECK(adopted && sluice_request_release(adopted.detach()) == 0 && !adopted);

	auto node = std::move(ends.node);
	decltype(fixed)::server server = std::move(ends.server);
	CHECK(!ends.node && node && !ends.server.receive(sluice::nowait));
	auto pending = ends.ask(1);
	CHECK(answer(server) == 1 && pending.receive());
	auto other = std::move(pending);
	CHECK(!pending && !pending.receive(sluice::nowait) && !pending.status());
	CHECK(pending.servers().error() == EINVAL || pending.servers().error().code() > 0);
	CHECK(other->value == 1);
}

/* What was not made fails with the reason of what was to be made first. */
static void test_errors()
{
	sluice::node_opts bad;
	sluice::node none;

	bad.domain = "a/b";
	auto node = sluice::node::create("selftest", bad);
	std::string sentence = node.error().sentence();
	CHECK(!node && node.error() == EINVAL && node.native() == nullptr && !sentence.empty());
	auto service = node.open(fixed);
	auto client = service.create_client();
	CHECK(!service && !client && client.error() == EINVAL);
	CHECK(client.error().sentence() == sentence);
	CHECK(client.loan().error().sentence() == sentence);
	CHECK(!client.wait_servers() && client.id() == 0 && !client.memory());
	CHECK(!none.wait() && !none.fd() && !none.next() && !none.interrupt() && !none.adopt());
	CHECK(std::string(sluice::error().sentence()) == "no failure");

	both ends(fixed);
	sluice::service_opts must_exist;
	must_exist.flags = SLUICE_SERVICE_MUST_EXIST;
	static constexpr sluice::contract<number, geometry::point> missing("selftest/missing");
	static constexpr sluice::contract<number, geometry::point> other("selftest/cpp-fixed");
	CHECK(ends.node.open(missing, must_exist).error() == ENOENT);
	CHECK(ends.node.open(other).error() == EPROTOTYPE);
	CHECK(ends.service.settings()->max_loaned_requests == 8 && !ends.service.attribute(0));
	CHECK(*ends.server.expired() == 0);
}

/* A send that fails leaves the message where it was. */
static void test_failed_sends()
{
	both ends(fixed);
	std::vector<decltype(fixed)::client::pending_response> held;

	for (int i = 0; i < 16; i++)
		held.push_back(ends.ask(1));
	auto request = ends.client.loan();
	request->value = 9;
	auto refused = request.send();
	CHECK(!refused && refused.error() == EBUSY && request && request->value == 9);
	decltype(fixed)::client::pending_response called;
	CHECK(request.call(called, sluice::nowait).error() == EBUSY && !called && request);
	held.pop_back();
	auto answered = request.call(called, sluice::nowait);
	CHECK(answered.error() == EAGAIN && called && !request);

	/* The client is gone: the reply is still loaned, as a request would be. */
	held.clear();
	auto active = ends.server.receive(sluice::nowait);
	auto reply = active.loan();
	CHECK(active && reply && !*active.is_connected());
	auto sent = reply.send();
	CHECK(!sent && sent.error() == EPIPE && reply);
	reply.release();
	active.release();
	CHECK(answer(ends.server, 0) > 0);
}

static void test_send_and_receive()
{
	both ends(fixed);
	auto first = ends.ask(1);
	auto second = ends.ask(2);
	auto request = ends.server.receive(sluice::nowait);
	auto reply = request.loan();
	sluice::result<sluice::delivered> sent = sluice::delivered::discarded;

	reply->value = 10;
	auto next = reply.send_and_receive(request, sluice::nowait, &sent);
	CHECK(next && next->value == 2 && !reply && !request);
	CHECK(sent && *sent == sluice::delivered::sent);
	CHECK(first.receive()->value == 10 && first.receive().error() == EPIPE);

	/* Nothing to receive: sent all the same. */
	reply = next.loan();
	reply->value = 20;
	CHECK(reply.send_and_receive(next, sluice::nowait).error() == EAGAIN);
	CHECK(!reply && !next && second.receive()->value == 20);

	/* The next request takes the place of the one that was answered. */
	auto third = ends.ask(3);
	auto fourth = ends.ask(4);
	request = ends.server.receive(sluice::nowait);
	reply = request.loan();
	reply->value = 30;
	request = reply.send_and_receive(request, sluice::nowait);
	CHECK(request && request->value == 4 && third.receive()->value == 30);

	/* An empty reply answers nothing, and its request stays. */
	CHECK(!reply.send_and_receive(request, sluice::nowait, &sent) && !sent && request);
}

static void test_responses_in_a_loop()
{
	both ends(fixed);
	std::vector<decltype(fixed)::client::response> kept;
	auto pending = ends.ask(100);
	std::uint64_t sum = 0;

	CHECK(answer(ends.server, 8) == 1);
	auto answers = pending.responses(1s);
	for (auto &response : answers) {
		sum += response->value;
		if (response->value == 101)
			break;			/* is released with the range */
	}
	CHECK(sum == 201 && !answers.error());
	for (auto &response : answers) {	/* goes on where the loop was left */
		sum += response->value;
		if (kept.size() < 3)
			kept.push_back(std::move(response));
	}
	CHECK(sum == 100 * 8 + 28 && answers.is_complete());
	CHECK(kept[0]->value == 102 && kept[2]->value == 104);

	/* As many are held as may be, and the rest stays queued. */
	auto another = ends.ask(0);
	CHECK(answer(ends.server, 8) == 1);
	kept.clear();
	for (auto &response : another.responses(sluice::nowait))
		kept.push_back(std::move(response));
	CHECK(kept.size() == 8);
	CHECK(another.receive().error() == EPIPE);
}

static void test_status_and_deadline()
{
	both ends(fixed);
	auto request = ends.client.loan();
	auto until = sluice::clock::now() + 1h;

	CHECK(request.set_deadline(until));
	auto pending = request.send();
	CHECK(!pending.status());
	auto active = ends.server.receive(sluice::nowait);
	CHECK(active.deadline() && *active.deadline() == until);
	CHECK(active.end(0).error() == EINVAL && active);
	CHECK(active.end(ENOSPC, "no room left") && !active);
	CHECK(pending.receive().error() == EREMOTEIO);
	auto status = pending.status();
	CHECK(status && status->code() == ENOSPC && status->text() == "no room left");
	CHECK(status->server() == ends.server.id());

	/* A deadline that has passed: the server never sees the request. */
	request = ends.client.loan();
	CHECK(request.set_deadline(1ns));
	pending = request.send();
	if (pending)
		CHECK(pending.receive().error() == ETIMEDOUT);
	CHECK(ends.server.receive(sluice::nowait).error() == EAGAIN);

	/* None at all. */
	request = ends.client.loan();
	CHECK(request.set_deadline(sluice::forever) && request.set_route(sluice::route::one));
	pending = request.send();
	active = ends.server.receive(sluice::nowait);
	CHECK(active && !active.deadline());
}

static void test_events()
{
	both ends(fixed);
	int requests = 0, responses = 0, others = 0;

	while (ends.node.next())
		continue;
	auto pending = ends.ask(1);
	auto count = [&] {
		while (auto event = ends.node.next()) {
			if (event->is_of(ends.server) &&
			    event->kind() == sluice::event_kind::request)
				requests++;
			else if (event->is_of(pending) &&
				 event->kind() == sluice::event_kind::response)
				responses++;
			else
				others += event->kind() != sluice::event_kind::connected;
		}
	};
	CHECK(ends.node.wait());
	count();
	CHECK(requests == 1 && responses == 0);
	CHECK(answer(ends.server) == 1);
	CHECK(ends.node.fd() && *ends.node.fd() >= 0);
	CHECK(*ends.node.prepare());	/* there is something */
	count();
	CHECK(requests == 1 && responses == 1 && others == 0);
	CHECK(pending.receive() && pending.receive().error() == EPIPE);
	while (ends.node.wait(sluice::nowait))
		count();
	CHECK(ends.node.interrupt());
	CHECK(ends.node.wait().error() == EINTR);
	CHECK(ends.node.wait(1ms).error() == ETIMEDOUT);
}

static void test_descriptors()
{
	sluice::service_opts opts;
	opts.max_fds_per_message = 2;
	static constexpr sluice::contract<number, number> contract("selftest/cpp-descriptors");
	both ends(contract, opts);
	auto first = ends.ask(1);
	CHECK(answer(ends.server) == 1 && first.receive());
	first.release();
	int before = open_descriptors();	/* the memory of both sides is there now */
	sluice::descriptor null(open("/dev/null", O_RDWR | O_CLOEXEC));
	auto request = ends.client.loan();

	CHECK(null && request.attach_fd(null.native()) && request.attach_fd(null.native()));
	CHECK(request.attach_fd(null.native()).error() == ENOBUFS);
	auto pending = request.send();
	auto active = ends.server.receive(sluice::nowait);
	auto one = active.take_fd();
	CHECK(one && one.native() >= 0 && one.native() != null.native());
	sluice::descriptor two = active.take_fd();
	CHECK(two && active.take_fd().error() == ENOENT);
	null = std::move(two);
	CHECK(!two && two.native() == -1 && null);
	auto reply = active.loan();
	CHECK(reply.attach_fd(null.native()) && reply.send());
	auto response = pending.receive();
	CHECK(response.take_fd() && response.take_fd().error() == ENOENT);
	response.release();
	active.release();
	pending.release();
	one.release();
	CHECK(!one);
	close(null.detach());
	CHECK(!null && open_descriptors() == before);
}

/* In every order of destruction, and with calls after it. */
static void test_destruction()
{
	both ends(fixed);
	auto loaned = ends.client.loan();
	auto pending = ends.ask(1);
	auto active = ends.server.receive(sluice::nowait);
	auto reply = active.loan();

	ends.node.release();
	ends.service.release();
	ends.client.release();
	CHECK(loaned.send().error() == EINVAL);
	/* A void loan does not outlive the last object of its node. */
	loaned.release();
	ends.server.release();
	CHECK(active->value == 1 && pending->value == 1);
	CHECK(!reply.send());
	CHECK(active.loan().error() == EPIPE);
	CHECK(pending.receive(sluice::nowait).error().code() > 0);
}

/* A loan in a wider scope than what it was loaned from, which is gone, and so is the client. */
static void test_void_loans()
{
	both ends(fixed);
	decltype(fixed)::server::reply reply, other;
	decltype(fixed)::client::request request;
	{
		auto loaned = ends.client.loan();
		auto pending = ends.ask(1), second = ends.ask(2);
		auto active = ends.server.receive(sluice::nowait);
		auto ended = ends.server.receive(sluice::nowait);

		reply = active.loan();
		other = ended.loan();
		request = std::move(loaned);
		pending.release();
		second.release();
		ends.client.release();
		CHECK(!ends.server.receive(sluice::nowait));
		CHECK(ended.end(7, "no"));
	}
	CHECK(!ends.server.receive(sluice::nowait));
	CHECK(reply.send().error() == EINVAL && other.set_last().error() == EINVAL);
	CHECK(request.send().error() == EINVAL);
	ends.server.release();
	ends.service.release();
	CHECK(reply.send().error() == EINVAL);
}

/* A node that another thread adopts; a call in the wrong thread fails. */
static void test_threads()
{
	both ends(fixed);
	auto pending = ends.ask(1);

	std::thread([&] {
		CHECK(ends.server.receive(sluice::nowait).error() == EBUSY);
		CHECK(ends.node.adopt());
		CHECK(answer(ends.server) == 1);
	}).join();
	CHECK(pending.receive(sluice::nowait).error() == EBUSY);
	CHECK(ends.node.adopt() && pending.receive()->value == 1);
}

static void test_exceptions()
{
#ifdef SLUICE_EXCEPTIONS
	sluice::node node = sluice::node::create("selftest").value();
	auto service = node.open(fixed).value();
	auto client = service.create_client().value();

	CHECK(client.wait_servers(0).value() == 0);
	node.interrupt().value();
	try {
		node.wait().value();
		CHECK(!"is not reached");
	} catch (const sluice::exception &e) {
		CHECK(e.code() == EINTR && *e.what());
	}
	try {
		auto none = sluice::client<number, number>().loan().value();
		CHECK(!"is not reached");
	} catch (const std::exception &) {
	}
#endif
}

int main()
{
	test_one_element();
	test_slices();
	test_moves();
	test_errors();
	test_failed_sends();
	test_send_and_receive();
	test_responses_in_a_loop();
	test_status_and_deadline();
	test_events();
	test_descriptors();
	test_destruction();
	test_void_loans();
	test_threads();
	test_exceptions();
	return failures != 0;
}
