/* SPDX-License-Identifier: MIT */
/*
 * sluice_result.hpp - what the calls of sluice.hpp return and take: results, spans, timeouts
 *
 * A call that can fail returns a result<T>.  It is true if the call has succeeded.  Otherwise
 * error() has the errno and a sentence.  The compiler warns if a result is ignored.  Nothing
 * throws, and nothing needs exceptions or run-time type information.
 *
 * If SLUICE_EXCEPTIONS is defined before the header is included, a result also has value(),
 * which throws sluice::exception after a failure.  Files with and without the macro can be
 * parts of one program.
 *
 * The names are in an inline namespace that says which span they use, std::span or the one
 * below.  So files compiled as C++17 and as C++20 can be parts of one program, but they cannot
 * hand each other these objects.
 */
#ifndef SLUICE_RESULT_HPP
#define SLUICE_RESULT_HPP

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>
#if __cplusplus >= 202002L
#include <version>
#endif
#ifdef __cpp_lib_span
#include <span>
#define SLUICE_SPAN_	cxx20
#else
#define SLUICE_SPAN_	cxx17
#endif
#ifdef SLUICE_EXCEPTIONS
#include <stdexcept>
#endif

#include <sluice.h>

namespace sluice {
inline namespace SLUICE_SPAN_ {

/* ---- Errors -------------------------------------------------------------- */

/**
 * error - an errno, and the sentence that explains it
 *
 * Code 0 is no error.  The sentence of a failure of the library is this thread's last one: it
 * is valid until the thread's next failure, so a program reads it first and goes on then.
 */
class error {
public:
	constexpr error() noexcept = default;
	/** @sentence: a string that stays valid; nullptr: that of the library's last failure */
	constexpr explicit error(int code, const char *sentence = nullptr) noexcept
		: code_(code), sentence_(sentence) {}

	/** code() - the errno, as EAGAIN; 0 for none */
	constexpr int code() const noexcept { return code_; }
	constexpr explicit operator bool() const noexcept { return code_ != 0; }

	/** sentence() - one line that explains it, never nullptr */
	const char *sentence() const noexcept
	{
		if (!code_)
			return "no failure";
		return sentence_ ? sentence_ : sluice_strerror();
	}

	friend constexpr bool operator==(const error &e, int code) noexcept
	{
		return e.code_ == code;
	}
	friend constexpr bool operator!=(const error &e, int code) noexcept
	{
		return e.code_ != code;
	}

private:
	int code_ = 0;
	const char *sentence_ = nullptr;
};

#ifdef SLUICE_EXCEPTIONS
/** exception - what value() throws; what() is the sentence */
class exception : public std::runtime_error {
public:
	explicit exception(const error &e) : std::runtime_error(e.sentence()), code_(e.code()) {}
	int code() const noexcept { return code_; }

private:
	int code_;
};
#endif

namespace detail {

/* Complete only where SLUICE_EXCEPTIONS is defined: elsewhere value() does not compile. */
struct thrower;
#ifdef SLUICE_EXCEPTIONS
struct thrower {
	static void check(const error &e)
	{
		if (e)
			throw exception(e);
	}
};
#endif

/* The base of what owns something and can be empty: nodes, ports, messages, descriptors. */
struct noun {};

template <class T> constexpr bool is_noun = std::is_base_of<noun, T>::value;

} /* namespace detail */

/* ---- Results ------------------------------------------------------------- */

/**
 * result<T> - a T, or an error
 *
 * After a failure the value is a T{}, so to use it is never undefined.
 */
template <class T, class = void>
class [[nodiscard]] result {
public:
	constexpr result(T value) noexcept : value_(std::move(value)) {}
	constexpr result(sluice::error e) noexcept : error_(e) {}

	constexpr explicit operator bool() const noexcept { return !error_; }
	constexpr sluice::error error() const noexcept { return error_; }

	constexpr T &operator*() noexcept { return value_; }
	constexpr const T &operator*() const noexcept { return value_; }
	constexpr T *operator->() noexcept { return &value_; }
	constexpr const T *operator->() const noexcept { return &value_; }
	constexpr T value_or(T other) const { return error_ ? other : value_; }

	template <class Thrower = detail::thrower> const T &value() const &
	{
		Thrower::check(error_);
		return value_;
	}
	template <class Thrower = detail::thrower> T value() &&
	{
		Thrower::check(error_);
		return std::move(value_);
	}

private:
	T value_{};
	sluice::error error_;
};

/**
 * result<void> - success, or an error
 */
template <>
class [[nodiscard]] result<void> {
public:
	constexpr result() noexcept = default;
	constexpr result(sluice::error e) noexcept : error_(e) {}

	constexpr explicit operator bool() const noexcept { return !error_; }
	constexpr sluice::error error() const noexcept { return error_; }

	template <class Thrower = detail::thrower> void value() const { Thrower::check(error_); }

private:
	sluice::error error_;
};

/**
 * result of a noun - the node, port or message itself, or an empty one and an error
 *
 * It is a T, so that a program writes request->a and request.send() at once.  Moved into a T it
 * leaves the error behind.  An empty noun can be given to the next call, which then fails with
 * the same error; so a program that makes several objects needs to check only the last.
 */
template <class T>
class [[nodiscard]] result<T, std::enable_if_t<detail::is_noun<T>>> : public T {
public:
	result(T &&noun) noexcept : T(std::move(noun)) {}
	result(sluice::error e) noexcept : code_(e.code()) {}

	/** error() - why the noun was not made; code 0 if it was, whatever became of it */
	sluice::error error() const noexcept { return sluice::error(code_); }

	template <class Thrower = detail::thrower> T value() &&
	{
		Thrower::check(error());
		return std::move(static_cast<T &>(*this));
	}

private:
	int code_ = 0;
};

namespace detail {

/* As the C functions tell it: 0 or more, or -errno. */
inline result<void> done(int value) noexcept
{
	return value < 0 ? result<void>(error(-value)) : result<void>();
}

inline result<int> number(int value) noexcept
{
	return value < 0 ? result<int>(error(-value)) : result<int>(value);
}

/* As they tell it that return 1 or 0, or -errno. */
inline result<bool> truth(int value) noexcept
{
	return value < 0 ? result<bool>(error(-value)) : result<bool>(value != 0);
}

} /* namespace detail */

/* ---- Spans --------------------------------------------------------------- */

#ifdef __cpp_lib_span
template <class T> using span = std::span<T>;
#else
/**
 * span - elements one behind the other, which somebody else owns; std::span from C++20 on
 */
template <class T>
class span {
public:
	using element_type = T;
	using value_type = std::remove_cv_t<T>;
	using size_type = std::size_t;
	using iterator = T *;

	constexpr span() noexcept = default;
	constexpr span(T *data, std::size_t size) noexcept : data_(data), size_(size) {}
	template <std::size_t N> constexpr span(T (&array)[N]) noexcept : span(array, N) {}
	/** from anything that has data() and size(), and from a span that may write more */
	template <class Range,
		  class = std::enable_if_t<std::is_convertible<
			std::remove_pointer_t<decltype(std::declval<Range &>().data())> (*)[],
			T (*)[]>::value>>
	constexpr span(Range &&range) noexcept : span(range.data(), range.size()) {}

	constexpr T *data() const noexcept { return data_; }
	constexpr std::size_t size() const noexcept { return size_; }
	constexpr std::size_t size_bytes() const noexcept { return size_ * sizeof(T); }
	constexpr bool empty() const noexcept { return size_ == 0; }
	constexpr T *begin() const noexcept { return data_; }
	constexpr T *end() const noexcept { return data_ + size_; }
	constexpr T &operator[](std::size_t i) const noexcept { return data_[i]; }
	constexpr T &front() const noexcept { return data_[0]; }
	constexpr T &back() const noexcept { return data_[size_ - 1]; }
	constexpr span first(std::size_t count) const noexcept { return {data_, count}; }
	constexpr span last(std::size_t count) const noexcept
	{
		return {data_ + (size_ - count), count};
	}
	constexpr span subspan(std::size_t from) const noexcept
	{
		return {data_ + from, size_ - from};
	}
	constexpr span subspan(std::size_t from, std::size_t count) const noexcept
	{
		return {data_ + from, count};
	}

private:
	T *data_ = nullptr;
	std::size_t size_ = 0;
};
#endif

/* ---- Time ---------------------------------------------------------------- */

/** clock - deadlines are times of this clock, which is CLOCK_MONOTONIC */
using clock = std::chrono::steady_clock;

/**
 * timeout - how long a call may wait: any duration, nowait or forever
 *
 * A duration that is negative, as one that was computed and is over, waits for nothing.  One
 * that is too long to be counted in nanoseconds waits for 292 years.
 */
class timeout {
public:
	template <class Rep, class Period>
	constexpr timeout(std::chrono::duration<Rep, Period> d) noexcept
		: nanoseconds_(clamped(d)) {}

	constexpr std::int64_t nanoseconds() const noexcept { return nanoseconds_; }

	static constexpr timeout never() noexcept { return timeout(SLUICE_FOREVER); }

private:
	explicit constexpr timeout(std::int64_t nanoseconds) noexcept
		: nanoseconds_(nanoseconds) {}

	template <class Rep, class Period>
	static constexpr std::int64_t clamped(std::chrono::duration<Rep, Period> d) noexcept
	{
		using nano = std::chrono::nanoseconds;

		if (!(d > d.zero()))
			return SLUICE_NOWAIT;
		if constexpr (std::is_same<decltype(d), nano>::value)
			return d.count();
		else if (std::chrono::duration<double, std::nano>(d).count() >= 9.2e18)
			return INT64_MAX;
		else
			return std::chrono::duration_cast<nano>(d).count();
	}

	std::int64_t nanoseconds_;
};

inline constexpr timeout nowait{std::chrono::nanoseconds(0)};
inline constexpr timeout forever = timeout::never();

} /* inline namespace */
} /* namespace sluice */

#endif /* SLUICE_RESULT_HPP */
