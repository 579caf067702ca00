/* SPDX-License-Identifier: MIT */
/*
 * sluice_owner.hpp - what the classes of sluice.hpp have in common
 *
 *	owner		one object of sluice.h, or none
 *	descriptor	a file descriptor
 *	detail::message	an owner of a message: how its elements and its user header are used
 *	detail::received	a loop over messages
 *
 * sluice.hpp says what holds for all classes: ownership, threads, errors.
 */
#ifndef SLUICE_OWNER_HPP
#define SLUICE_OWNER_HPP

#include <unistd.h>

#include <iterator>

#include <sluice_payload.hpp>
#include <sluice_result.hpp>

namespace sluice {
inline namespace SLUICE_SPAN_ {

/**
 * owner - what nodes, services, ports and messages have in common: one object, or none
 */
template <class Native, auto Release>
class owner : public detail::noun {
public:
	constexpr owner() noexcept = default;
	/** takes an object that a function of sluice.h has made */
	constexpr explicit owner(Native *native) noexcept : native_(native) {}
	owner(owner &&other) noexcept : native_(other.detach()) {}
	owner &operator=(owner &&other) noexcept
	{
		Native *native = other.detach();

		release();
		native_ = native;
		return *this;
	}
	~owner() { release(); }

	/** is there an object? */
	constexpr explicit operator bool() const noexcept { return native_ != nullptr; }

	/** native() - the object for functions of sluice.h, which stays this owner's; or nullptr */
	Native *native() const noexcept { return native_; }

	/** detach() - the object, which the caller owns from here on; or nullptr */
	Native *detach() noexcept { return std::exchange(native_, nullptr); }

	/**
	 * release() - give the object back now: destroys a node or a port, closes a service,
	 * gives back a message, ends an exchange, finishes a request
	 */
	void release() noexcept
	{
		if (native_)
			(void)Release(native_);
		native_ = nullptr;
	}

protected:
	Native *native_ = nullptr;
};

/**
 * descriptor - a file descriptor that came with a message, closed at the end
 */
class descriptor : public detail::noun {
public:
	constexpr descriptor() noexcept = default;
	constexpr explicit descriptor(int fd) noexcept : fd_(fd) {}
	descriptor(descriptor &&other) noexcept : fd_(other.detach()) {}
	descriptor &operator=(descriptor &&other) noexcept
	{
		int fd = other.detach();

		release();
		fd_ = fd;
		return *this;
	}
	~descriptor() { release(); }

	constexpr explicit operator bool() const noexcept { return fd_ >= 0; }
	/** native() - its number, or -1 */
	int native() const noexcept { return fd_; }
	/** detach() - its number, which the caller closes; or -1 */
	int detach() noexcept { return std::exchange(fd_, -1); }
	/** release() - close it now; keeps errno */
	void release() noexcept
	{
		int saved = errno;

		if (fd_ >= 0)
			(void)::close(fd_);
		fd_ = -1;
		errno = saved;
	}

private:
	int fd_ = -1;
};

namespace detail {

/* The result of a function that returns an object or NULL. */
template <class T, class Native>
result<T> made(Native *native) noexcept
{
	return native ? result<T>(T(native)) : result<T>(error(errno));
}

inline result<descriptor> opened(int fd) noexcept
{
	return fd < 0 ? result<descriptor>(error(-fd)) : result<descriptor>(descriptor(fd));
}

/* A struct of sluice.h that begins with its size. */
template <class T>
T sized() noexcept
{
	T value{};

	value.size = sizeof(T);
	return value;
}

/* The same, filled in by a function of sluice.h. */
template <class T, class Native>
result<T> filled(int (*fill)(Native *, T *), Native *native) noexcept
{
	T value = sized<T>();
	int r = fill(native, &value);

	return r < 0 ? result<T>(error(-r)) : result<T>(value);
}

template <class T, bool Writable>
using access = std::conditional_t<Writable, T, const T>;

/* ---- The payload of a message --------------------------------------------- */

template <class Payload, class Native, auto Release, bool Writable,
	  bool IsSlice = payload<Payload>::is_slice>
class elements_of;

/**
 * elements_of - a message of exactly one element
 */
template <class Payload, class Native, auto Release, bool Writable>
class elements_of<Payload, Native, Release, Writable, false> : public owner<Native, Release> {
public:
	using element_type = access<typename payload<Payload>::element, Writable>;
	using owner<Native, Release>::owner;

	/** data() - the element, or nullptr if the message is empty */
	element_type *data() const noexcept
	{
		return this->native_ ? static_cast<element_type *>(this->native_->data) : nullptr;
	}
	/** the element; the message must not be empty */
	element_type &operator*() const noexcept
	{
		return *static_cast<element_type *>(this->native_->data);
	}
	element_type *operator->() const noexcept { return &**this; }
};

/**
 * elements_of - a message that is a slice
 */
template <class Payload, class Native, auto Release, bool Writable>
class elements_of<Payload, Native, Release, Writable, true> : public owner<Native, Release> {
public:
	using element_type = access<typename payload<Payload>::element, Writable>;
	using value_type = typename payload<Payload>::element;
	using size_type = std::size_t;
	using reference = element_type &;
	using iterator = element_type *;
	using const_iterator = element_type *;
	using owner<Native, Release>::owner;

	element_type *data() const noexcept
	{
		return this->native_ ? static_cast<element_type *>(this->native_->data) : nullptr;
	}
	/** size() - number of elements; size_bytes(), of their bytes */
	std::size_t size() const noexcept { return this->native_ ? this->native_->count : 0; }
	std::size_t size_bytes() const noexcept { return this->native_ ? this->native_->size : 0; }
	bool empty() const noexcept { return size() == 0; }
	element_type *begin() const noexcept { return data(); }
	element_type *end() const noexcept { return data() + size(); }
	/** an element; @i must be less than size() */
	element_type &operator[](std::size_t i) const noexcept { return data()[i]; }
	/** elements() - all of them; valid as long as the message is held */
	span<element_type> elements() const noexcept { return {data(), size()}; }
};

/**
 * message - elements, and the user header in front of them
 */
template <class Payload, class Native, auto Release, bool Writable>
class message : public elements_of<Payload, Native, Release, Writable> {
public:
	using elements_of<Payload, Native, Release, Writable>::elements_of;

	/** header() - the user header, if the contract has one; not of an empty message */
	template <class Header = typename payload<Payload>::header>
	access<Header, Writable> &header() const noexcept
	{
		return *static_cast<access<Header, Writable> *>(this->native_->header);
	}
};

/* What loan() and loan_zeroed() of clients and active requests have in common. */
template <class Message, class Payload, class Native, class Loaned>
result<Message> loan_one(Loaned *(*loan)(Native *, std::size_t), Native *native) noexcept
{
	static_assert(!payload<Payload>::is_slice, "a slice needs a length: loan(count)");
	return made<Message>(loan(native, 1));
}

template <class Message, class Payload, class Native, class Loaned>
result<Message> loan_many(Loaned *(*loan)(Native *, std::size_t), Native *native,
			  std::size_t count) noexcept
{
	static_assert(payload<Payload>::is_slice, "the payload is exactly one element: loan()");
	return made<Message>(loan(native, count));
}

/* ---- Receiving in a loop --------------------------------------------------- */

/**
 * received - a range of the messages that receive() of a port or a pending response returns
 *
 * Each message is released before the next is received, unless the program has moved it out.
 * After the loop error() says why it ended.  The source must outlive the range.
 */
template <class Source, class Message>
class received {
public:
	class iterator {
	public:
		using iterator_category = std::input_iterator_tag;
		using value_type = Message;
		using difference_type = std::ptrdiff_t;
		using pointer = Message *;
		using reference = Message &;

		iterator() noexcept = default;
		explicit iterator(received *range) noexcept : range_(range) {}

		Message &operator*() const noexcept { return range_->message_; }
		Message *operator->() const noexcept { return &range_->message_; }
		iterator &operator++() noexcept
		{
			range_->next();
			return *this;
		}
		void operator++(int) noexcept { range_->next(); }

		friend bool operator==(const iterator &a, const iterator &b) noexcept
		{
			return a.is_at_end() == b.is_at_end();
		}
		friend bool operator!=(const iterator &a, const iterator &b) noexcept
		{
			return !(a == b);
		}

	private:
		bool is_at_end() const noexcept { return !range_ || range_->code_; }

		received *range_ = nullptr;
	};

	received(Source &source, timeout each) noexcept : source_(&source), timeout_(each) {}
	received(received &&) = delete;

	/** begin() - receives the first message, or the next one after a loop that was left */
	iterator begin() noexcept
	{
		next();
		return iterator(this);
	}
	iterator end() noexcept { return iterator(); }

	/** error() - why the last receive has failed; code 0 if it has not */
	sluice::error error() const noexcept { return sluice::error(code_); }

	/** is_complete() - has a stream ended well, after all responses of all servers? */
	bool is_complete() const noexcept { return code_ == EPIPE; }

private:
	void next() noexcept
	{
		message_.release();
		auto next_one = source_->receive(timeout_);
		code_ = next_one.error().code();
		message_ = std::move(next_one);
	}

	Source *source_;
	timeout timeout_;
	Message message_;
	int code_ = 0;
};

} /* namespace detail */

} /* inline namespace */
} /* namespace sluice */

#endif /* SLUICE_OWNER_HPP */
