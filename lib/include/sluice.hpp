/* SPDX-License-Identifier: MIT */
/*
 * sluice.hpp - zero-copy request-response between the processes of one host, for C++17
 *
 * It is the library of sluice.h with the means of C++, in headers alone: each object of the
 * library is a class that owns it, payloads are typed and checked at compile time, and a failure
 * is a result.  sluice.h is the manual of what the calls do, of their errors and limits; this
 * header says what C++ adds.
 *
 *	struct add_request  { std::uint64_t a, b; };
 *	struct add_response { std::uint64_t sum; };
 *	inline constexpr sluice::contract<add_request, add_response> adder("example/adder");
 *
 *	auto node = sluice::node::create("adder-client");
 *	auto service = node.open(adder);
 *	auto client = service.create_client();
 *	if (!client.wait_servers())
 *		...
 *	auto request = client.loan();
 *	if (!request)
 *		... request.error().sentence() ...
 *	request->a = 40;
 *	request->b = 2;
 *	auto pending = request.send();
 *	auto response = pending.receive();
 *	if (response)
 *		... response->sum ...
 *
 * Ownership.  An object of these classes owns one object or message of the library, and gives it
 * back when it is destroyed.  It can be moved and not copied.  It is empty after it was moved
 * from, sent, or released.  Then it is false and has no elements, and its calls fail and change
 * nothing; only *, -> and header() must not be used.  The objects can be destroyed in any order:
 * the library keeps what others need.  When a client or a server is destroyed, its loans are
 * void: their calls fail, and their memory must not be used.  The same holds for the replies of an
 * active request that is released.  Void loans can be destroyed later, but not later than the
 * last object of their node.
 *
 * Errors.  See sluice_result.hpp.  A call fails with the errnos of the C function that its
 * description names.
 *
 * Threads.  As in sluice.h: a node and everything made from it belong to one thread.  That holds
 * for destructors, too.  In another thread they do nothing, and the library keeps the object.
 *
 * Cost.  The classes are pointers, and their functions are calls of the C functions.  A round
 * trip takes as many instructions as in C.
 *
 * For calls that no class has, native() is the pointer that functions of sluice.h take.
 * sluice_containers.hpp has text, lists and optional values inside payloads.
 */
#ifndef SLUICE_HPP
#define SLUICE_HPP

#include <sluice_message.hpp>

namespace sluice {
inline namespace SLUICE_SPAN_ {

/* Options are the structs of sluice.h, whose members have default values in C++. */
using node_opts = ::sluice_node_opts;
using service_opts = ::sluice_service_opts;
using client_opts = ::sluice_client_opts;
using server_opts = ::sluice_server_opts;

/** version() - of the library that is running; sluice_version() */
inline const char *version() noexcept
{
	return sluice_version();
}

/* ---- Ports --------------------------------------------------------------- */

/**
 * client - a port that sends requests
 */
template <class Request, class Response>
class client : public owner<::sluice_client, ::sluice_client_destroy> {
public:
	using request = sluice::request<Request, Response>;
	using pending_response = sluice::pending_response<Request, Response>;
	using response = sluice::response<Response>;
	using owner::owner;

	/** create() - make one; sluice_client_create() */
	static result<client> create(const sluice::service<Request, Response> &service,
				     const client_opts &opts = {}) noexcept
	{
		return detail::made<client>(sluice_client_create(service.native(), &opts));
	}

	/** wait_servers() - until so many are connected; sluice_client_wait_servers() */
	result<int> wait_servers(unsigned int servers = 1, timeout t = forever) noexcept
	{
		return detail::number(
			sluice_client_wait_servers(native_, servers, t.nanoseconds()));
	}

	/** loan() - memory for a request of one element; sluice_client_loan() */
	result<request> loan() noexcept
	{
		return detail::loan_one<request, Request>(sluice_client_loan, native_);
	}
	/** loan() - the same for a slice of @count elements */
	result<request> loan(std::size_t count) noexcept
	{
		return detail::loan_many<request, Request>(sluice_client_loan, native_, count);
	}
	/** loan_zeroed() - as loan(), and all bytes are 0 */
	result<request> loan_zeroed() noexcept
	{
		return detail::loan_one<request, Request>(sluice_client_loan_zeroed, native_);
	}
	result<request> loan_zeroed(std::size_t count) noexcept
	{
		return detail::loan_many<request, Request>(sluice_client_loan_zeroed, native_,
							   count);
	}

	/** id() - by which others know it; any thread */
	std::uint64_t id() const noexcept { return sluice_client_id(native_); }

	/** memory() - of its requests; sluice_client_memory() */
	result<::sluice_memory> memory() const noexcept
	{
		return detail::filled(::sluice_client_memory, native_);
	}
};

/**
 * server - a port that answers requests
 */
template <class Request, class Response>
class server : public owner<::sluice_server, ::sluice_server_destroy> {
public:
	using active_request = sluice::active_request<Request, Response>;
	using reply = sluice::reply<Request, Response>;
	using owner::owner;

	/** create() - make one; sluice_server_create() */
	static result<server> create(const sluice::service<Request, Response> &service,
				     const server_opts &opts = {}) noexcept
	{
		return detail::made<server>(sluice_server_create(service.native(), &opts));
	}

	/** receive() - the next request; sluice_server_receive() */
	result<active_request> receive(timeout t = forever) noexcept
	{
		return detail::made<active_request>(
			sluice_server_receive(native_, t.nanoseconds()));
	}

	/**
	 * requests() - receive requests in a loop, until receive() fails
	 * @each: as of receive(), for each request.
	 */
	detail::received<server, active_request> requests(timeout each = forever) noexcept
	{
		return {*this, each};
	}

	/** has_request() - is one queued? sluice_server_has_request() */
	result<bool> has_request() const noexcept
	{
		return detail::truth(sluice_server_has_request(native_));
	}
	/** expired() - how many came too late; sluice_server_expired() */
	result<std::int64_t> expired() const noexcept
	{
		std::int64_t count = sluice_server_expired(native_);

		return count < 0 ? result<std::int64_t>(error(static_cast<int>(-count)))
				 : result<std::int64_t>(count);
	}

	/** id() - by which others know it; any thread */
	std::uint64_t id() const noexcept { return sluice_server_id(native_); }

	/** memory() - of its replies; sluice_server_memory() */
	result<::sluice_memory> memory() const noexcept
	{
		return detail::filled(::sluice_server_memory, native_);
	}
};

/* ---- Service ------------------------------------------------------------- */

/**
 * service - a named meeting point of clients and servers
 */
template <class Request, class Response>
class service : public owner<::sluice_service, ::sluice_service_close> {
public:
	using client = sluice::client<Request, Response>;
	using server = sluice::server<Request, Response>;
	using owner::owner;

	/** create_client() - make a port that sends requests; sluice_client_create() */
	result<client> create_client(const client_opts &opts = {}) noexcept
	{
		return client::create(*this, opts);
	}
	/** create_server() - make a port that answers requests; sluice_server_create() */
	result<server> create_server(const server_opts &opts = {}) noexcept
	{
		return server::create(*this, opts);
	}

	/** settings() - with which it was created; sluice_service_settings() */
	result<service_opts> settings() const noexcept
	{
		return detail::filled(::sluice_service_settings, native_);
	}
	/** attribute() - one of its attributes; sluice_service_attribute() */
	std::optional<::sluice_attribute> attribute(unsigned int index) const noexcept
	{
		::sluice_attribute attribute{};

		if (sluice_service_attribute(native_, index, &attribute) <= 0)
			return std::nullopt;
		return attribute;
	}
};

/* ---- Events --------------------------------------------------------------- */

/** event_kind - what has happened; see enum sluice_event_kind */
enum class event_kind {
	request = SLUICE_EVENT_REQUEST,
	response = SLUICE_EVENT_RESPONSE,
	connected = SLUICE_EVENT_CONNECTED,
	disconnected = SLUICE_EVENT_DISCONNECTED,
};

/**
 * event - something that node::wait() or node::prepare() has found
 */
class event {
public:
	explicit event(const ::sluice_event &raw) noexcept : raw_(raw) {}

	event_kind kind() const noexcept { return static_cast<event_kind>(raw_.kind); }
	/** reason() - why the last peer has gone: EPIPE, ECONNRESET, ... */
	int reason() const noexcept { return raw_.reason; }
	/** peers() - how many have come or gone */
	std::uint64_t peers() const noexcept { return raw_.peers; }

	/** is_of() - has it happened to this client, server or pending response? */
	template <class Request, class Response>
	bool is_of(const client<Request, Response> &c) const noexcept
	{
		return raw_.client && raw_.client == c.native();
	}
	template <class Request, class Response>
	bool is_of(const server<Request, Response> &s) const noexcept
	{
		return raw_.server && raw_.server == s.native();
	}
	template <class Request, class Response>
	bool is_of(const pending_response<Request, Response> &p) const noexcept
	{
		return raw_.pending && raw_.pending == p.native();
	}

	/** raw() - as sluice_node_next() has filled it in */
	const ::sluice_event &raw() const noexcept { return raw_; }

private:
	::sluice_event raw_;
};

/* ---- Node ---------------------------------------------------------------- */

/**
 * node - one thread in a domain; everything else is made from it
 */
class node : public owner<::sluice_node, ::sluice_node_destroy> {
public:
	using owner::owner;

	/** create() - enter a domain; sluice_node_create().  Any thread. */
	static result<node> create(const char *name = nullptr, const node_opts &opts = {}) noexcept
	{
		return detail::made<node>(sluice_node_create(name, &opts));
	}

	/**
	 * open() - open a service, or create it; sluice_service_open()
	 * @contract: must stay valid while the service is open.
	 * @opts: options.
	 */
	template <class Request, class Response>
	result<service<Request, Response>> open(const contract<Request, Response> &contract,
						const service_opts &opts = {}) noexcept
	{
		return detail::made<service<Request, Response>>(
			sluice_service_open(native_, &contract, &opts));
	}
	template <class Request, class Response>
	void open(const contract<Request, Response> &&, const service_opts & = {}) = delete;

	/** wait() - until anything made from the node is ready; sluice_node_wait() */
	result<void> wait(timeout t = forever) noexcept
	{
		return detail::done(sluice_node_wait(native_, t.nanoseconds()));
	}

	/** next() - what wait() or prepare() has found, if there is more; sluice_node_next() */
	std::optional<event> next() noexcept
	{
		auto raw = detail::sized<::sluice_event>();

		if (sluice_node_next(native_, &raw) <= 0)
			return std::nullopt;
		return event(raw);
	}

	/** fd() - for an event loop; the node's, not to be read or closed; sluice_node_fd() */
	result<int> fd() noexcept { return detail::number(sluice_node_fd(native_)); }

	/** prepare() - before that loop sleeps: true if it must not; sluice_node_prepare() */
	result<bool> prepare() noexcept { return detail::truth(sluice_node_prepare(native_)); }

	/** interrupt() - end a wait of its thread; sluice_node_interrupt().  Any thread. */
	result<void> interrupt() noexcept { return detail::done(sluice_node_interrupt(native_)); }

	/** adopt() - move the node to this thread; sluice_node_adopt().  Any thread. */
	result<void> adopt() noexcept { return detail::done(sluice_node_adopt(native_)); }

	/** id() - by which others know it; any thread */
	std::uint64_t id() const noexcept { return sluice_node_id(native_); }
};

} /* inline namespace */
} /* namespace sluice */

#endif /* SLUICE_HPP */
