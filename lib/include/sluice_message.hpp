/* SPDX-License-Identifier: MIT */
/*
 * sluice_message.hpp - the messages of sluice.hpp
 *
 *	request			the client loans it, writes it and sends it
 *	pending_response	a request that the client has sent
 *	response		a reply that the client has received
 *	active_request		a request that the server has received
 *	reply			the server loans it, writes it and sends it
 *
 * A message with one element is used as a pointer to it: *message, message->member.  A slice is
 * used as a container: begin(), end(), size(), message[i], elements().  A user header is
 * header().  Received messages are constant.  Their sender can still change them while they are
 * read, so a program copies what it decides by.
 *
 * sluice.hpp says what holds for all classes: ownership, threads, errors.
 */
#ifndef SLUICE_MESSAGE_HPP
#define SLUICE_MESSAGE_HPP

#include <optional>
#include <string_view>

#include <sluice_owner.hpp>

namespace sluice {
inline namespace SLUICE_SPAN_ {

/* Functions have the same names as these structs, which then need the word struct. */
using request_info = struct ::sluice_request_info;
using response_info = struct ::sluice_response_info;
using peer = struct ::sluice_peer;

/* ---- Messages of a client -------------------------------------------------- */

/**
 * response - a reply that the client has received, see sluice_response_release()
 *
 * It can be held longer than its pending response and its client.
 */
template <class Response>
class response : public detail::message<Response, ::sluice_response, ::sluice_response_release,
					false> {
public:
	using detail::message<Response, ::sluice_response, ::sluice_response_release,
			      false>::message;

	/** info() - origin and number; sluice_response_info() */
	result<response_info> info() const noexcept
	{
		return detail::filled(::sluice_response_info, this->native_);
	}
	/** peer() - the process that has sent it; sluice_response_peer() */
	result<sluice::peer> peer() const noexcept
	{
		return detail::filled(::sluice_response_peer, this->native_);
	}
	/** pidfd() - a pidfd of that process; sluice_response_pidfd() */
	result<descriptor> pidfd() const noexcept
	{
		return detail::opened(sluice_response_pidfd(this->native_));
	}
	/** take_fd() - the next descriptor that came with it; sluice_response_take_fd() */
	result<descriptor> take_fd() noexcept
	{
		return detail::opened(sluice_response_take_fd(this->native_));
	}
};

/**
 * status - why a server has ended a request, a code and a text
 */
class status {
public:
	explicit status(const ::sluice_status &raw) noexcept : raw_(raw) {}
	int code() const noexcept { return raw_.code; }
	/** text() - may be empty; lives as long as this status */
	std::string_view text() const noexcept { return raw_.text; }
	std::uint64_t server() const noexcept { return raw_.server; }

private:
	::sluice_status raw_;
};

/**
 * pending_response - a request that was sent, and the stream of its responses
 *
 * What was sent can still be read.  To release it ends the exchange; see
 * sluice_pending_response_release().
 */
template <class Request, class Response>
class pending_response
	: public detail::message<Request, ::sluice_pending_response,
				 ::sluice_pending_response_release, false> {
public:
	using detail::message<Request, ::sluice_pending_response,
			      ::sluice_pending_response_release, false>::message;

	/** receive() - the next response; sluice_pending_response_receive() */
	result<sluice::response<Response>> receive(timeout t = forever) noexcept
	{
		return detail::made<sluice::response<Response>>(
			sluice_pending_response_receive(this->native_, t.nanoseconds()));
	}

	/**
	 * responses() - receive responses in a loop
	 * @each: as of receive(), for each response.
	 *
	 *	auto answers = pending.responses();
	 *	for (auto &answer : answers)
	 *		...
	 *	if (!answers.is_complete())
	 *		... answers.error().sentence() ...
	 */
	detail::received<pending_response, sluice::response<Response>>
	responses(timeout each = forever) noexcept
	{
		return {*this, each};
	}

	/** servers() - how many the request has reached; sluice_pending_response_servers() */
	result<int> servers() const noexcept
	{
		return detail::number(sluice_pending_response_servers(this->native_));
	}
	/** outcome() - how has the stream ended? sluice_pending_response_outcome() */
	result<sluice_outcome> outcome() const noexcept
	{
		int r = sluice_pending_response_outcome(this->native_);

		if (r < 0)
			return error(-r);
		return static_cast<sluice_outcome>(r);
	}
	/** is_connected() - may more come? sluice_pending_response_is_connected() */
	result<bool> is_connected() const noexcept
	{
		return detail::truth(sluice_pending_response_is_connected(this->native_));
	}
	/** has_response() - is one queued? sluice_pending_response_has_response() */
	result<bool> has_response() const noexcept
	{
		return detail::truth(sluice_pending_response_has_response(this->native_));
	}
	/** set_stop_hint() - no more are needed; sluice_pending_response_set_stop_hint() */
	result<void> set_stop_hint() noexcept
	{
		return detail::done(sluice_pending_response_set_stop_hint(this->native_));
	}
	/** status() - with which a server has ended it; sluice_pending_response_status() */
	std::optional<sluice::status> status() const noexcept
	{
		auto raw = detail::sized<::sluice_status>();

		if (sluice_pending_response_status(this->native_, &raw) <= 0)
			return std::nullopt;
		return sluice::status(raw);
	}
	/** info() - its number; sluice_pending_response_info() */
	result<request_info> info() const noexcept
	{
		return detail::filled(::sluice_pending_response_info, this->native_);
	}
};

/** route - which servers a request goes to */
enum class route {
	all = SLUICE_ROUTE_ALL,
	one = SLUICE_ROUTE_ONE,
};

/**
 * request - a request that a client has loaned and may write
 */
template <class Request, class Response>
class request : public detail::message<Request, ::sluice_request, ::sluice_request_release, true> {
public:
	using pending = pending_response<Request, Response>;
	using detail::message<Request, ::sluice_request, ::sluice_request_release, true>::message;

	/**
	 * send() - send it to the connected servers; sluice_request_send()
	 *
	 * The request is empty afterwards.  If the call fails, it is still loaned, and can be
	 * sent again or released.
	 */
	result<pending> send() noexcept
	{
		::sluice_pending_response *sent = sluice_request_send(this->native_);

		if (sent)
			this->native_ = nullptr;
		return detail::made<pending>(sent);
	}

	/**
	 * call() - send it and receive the first response; sluice_request_call()
	 * @ret_pending: the stream, if the request was sent; else empty, and the request is still
	 *	loaned.
	 * @t: from the sending on.
	 */
	result<sluice::response<Response>> call(pending &ret_pending, timeout t = forever) noexcept
	{
		::sluice_pending_response *sent = nullptr;
		::sluice_response *received =
			sluice_request_call(this->native_, &sent, t.nanoseconds());
		auto answer = detail::made<sluice::response<Response>>(received);

		if (sent)
			this->native_ = nullptr;
		ret_pending = pending(sent);
		return answer;
	}

	/** shorten() - give up the end of a slice; sluice_request_shorten() */
	result<void> shorten(std::size_t count) noexcept
	{
		return detail::done(sluice_request_shorten(this->native_, count));
	}
	/** set_deadline() - after it no answer is of use; sluice_request_set_deadline() */
	result<void> set_deadline(clock::time_point deadline) noexcept
	{
		std::chrono::nanoseconds since = deadline.time_since_epoch();

		return detail::done(sluice_request_set_deadline(this->native_, since.count()));
	}
	/** set_deadline() - a while from now on, or never */
	result<void> set_deadline(timeout from_now) noexcept
	{
		std::int64_t ns = from_now.nanoseconds();

		return detail::done(sluice_request_set_deadline(
			this->native_, ns < 0 ? 0 : sluice_deadline(ns)));
	}
	/** set_route() - to all servers, or to one; sluice_request_set_route() */
	result<void> set_route(sluice::route r) noexcept
	{
		return detail::done(sluice_request_set_route(
			this->native_, static_cast<::sluice_route>(r)));
	}
	/** attach_fd() - send a duplicate of a descriptor; sluice_request_attach_fd() */
	result<void> attach_fd(int fd) noexcept
	{
		return detail::done(sluice_request_attach_fd(this->native_, fd));
	}
};

/* ---- Messages of a server -------------------------------------------------- */

/** delivered - what has become of a reply that was sent */
enum class delivered {
	sent,
	discarded,	/* there was no room, and the server's options ask for it */
};

/**
 * reply - a reply that a server has loaned and may write
 */
template <class Request, class Response>
class reply : public detail::message<Response, ::sluice_reply, ::sluice_reply_release, true> {
public:
	using detail::message<Response, ::sluice_reply, ::sluice_reply_release, true>::message;

	/**
	 * send() - send it; sluice_reply_send()
	 *
	 * The reply is empty afterwards.  If the call fails, it is still loaned, and can be sent
	 * again or released.
	 */
	result<delivered> send() noexcept
	{
		int r = sluice_reply_send(this->native_);

		return outcome(r, r >= 0);
	}

	/**
	 * send_and_receive() - answer a request and receive the next one;
	 * sluice_reply_send_and_receive()
	 * @answered: the request that this reply was loaned from; empty afterwards if the reply
	 *	was consumed.
	 * @t: as of server::receive().
	 * @sent: set to what send() would have returned; or nullptr.
	 */
	result<active_request<Request, Response>>
	send_and_receive(active_request<Request, Response> &answered, timeout t = forever,
			 result<delivered> *sent = nullptr) noexcept
	{
		int r = -EINVAL;
		auto next = detail::made<active_request<Request, Response>>(
			sluice_reply_send_and_receive(this->native_, t.nanoseconds(), &r));
		bool was_loaned = static_cast<bool>(*this);
		/* If the client is gone, it has released the request all the same. */
		auto told = outcome(r, r >= 0 || r == -EPIPE || r == -ECONNRESET || r == -EPROTO);

		if (was_loaned && !*this)
			(void)answered.detach();
		if (sent)
			*sent = told;
		return next;
	}

	/** shorten() - give up the end of a slice; sluice_reply_shorten() */
	result<void> shorten(std::size_t count) noexcept
	{
		return detail::done(sluice_reply_shorten(this->native_, count));
	}
	/** set_last() - no other follows; sluice_reply_set_last() */
	result<void> set_last() noexcept
	{
		return detail::done(sluice_reply_set_last(this->native_));
	}
	/** attach_fd() - send a duplicate of a descriptor; sluice_reply_attach_fd() */
	result<void> attach_fd(int fd) noexcept
	{
		return detail::done(sluice_reply_attach_fd(this->native_, fd));
	}

private:
	result<delivered> outcome(int r, bool consumed) noexcept
	{
		if (consumed)
			this->native_ = nullptr;
		if (r < 0)
			return error(-r);
		return r ? delivered::discarded : delivered::sent;
	}
};

/**
 * active_request - a request that a server has received
 *
 * To release it tells the client that this server sends no more; see
 * sluice_active_request_release().
 */
template <class Request, class Response>
class active_request
	: public detail::message<Request, ::sluice_active_request, ::sluice_active_request_release,
				 false> {
public:
	using reply = sluice::reply<Request, Response>;
	using detail::message<Request, ::sluice_active_request, ::sluice_active_request_release,
			      false>::message;

	/** loan() - memory for a reply of one element; sluice_active_request_loan() */
	result<reply> loan() noexcept
	{
		return detail::loan_one<reply, Response>(sluice_active_request_loan,
							 this->native_);
	}
	/** loan() - the same for a slice of @count elements */
	result<reply> loan(std::size_t count) noexcept
	{
		return detail::loan_many<reply, Response>(sluice_active_request_loan,
							  this->native_, count);
	}
	/** loan_zeroed() - as loan(), and all bytes are 0 */
	result<reply> loan_zeroed() noexcept
	{
		return detail::loan_one<reply, Response>(sluice_active_request_loan_zeroed,
							 this->native_);
	}
	result<reply> loan_zeroed(std::size_t count) noexcept
	{
		return detail::loan_many<reply, Response>(sluice_active_request_loan_zeroed,
							  this->native_, count);
	}

	/**
	 * end() - finish it with a status; sluice_active_request_end()
	 *
	 * It is empty afterwards, unless the call fails.
	 */
	result<void> end(int code, const char *text = nullptr) noexcept
	{
		int r = sluice_active_request_end(this->native_, code, text);

		if (r >= 0)
			this->native_ = nullptr;
		return detail::done(r);
	}

	/** deadline() - until when the client waits, if it has said so */
	std::optional<clock::time_point> deadline() const noexcept
	{
		if (!this->native_ || !this->native_->deadline)
			return std::nullopt;
		return clock::time_point(std::chrono::nanoseconds(this->native_->deadline));
	}
	/** is_connected() - is it still wanted? sluice_active_request_is_connected() */
	result<bool> is_connected() const noexcept
	{
		return detail::truth(sluice_active_request_is_connected(this->native_));
	}
	/** has_stop_hint() - are no more needed? sluice_active_request_has_stop_hint() */
	result<bool> has_stop_hint() const noexcept
	{
		return detail::truth(sluice_active_request_has_stop_hint(this->native_));
	}
	/** info() - origin and number; sluice_active_request_info() */
	result<request_info> info() const noexcept
	{
		return detail::filled(::sluice_active_request_info, this->native_);
	}
	/** peer() - the process that has sent it; sluice_active_request_peer() */
	result<sluice::peer> peer() const noexcept
	{
		return detail::filled(::sluice_active_request_peer, this->native_);
	}
	/** pidfd() - a pidfd of that process; sluice_active_request_pidfd() */
	result<descriptor> pidfd() const noexcept
	{
		return detail::opened(sluice_active_request_pidfd(this->native_));
	}
	/** take_fd() - the next descriptor that came with it; sluice_active_request_take_fd() */
	result<descriptor> take_fd() noexcept
	{
		return detail::opened(sluice_active_request_take_fd(this->native_));
	}
};

} /* inline namespace */
} /* namespace sluice */

#endif /* SLUICE_MESSAGE_HPP */
