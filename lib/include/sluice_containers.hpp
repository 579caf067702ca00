/* SPDX-License-Identifier: MIT */
/*
 * sluice_containers.hpp - the containers of sluice_containers.h, with the members of C++
 *
 *	struct order {
 *		sluice::string<28> customer;
 *		sluice::vector<item, 8> items;
 *		sluice::optional<std::uint32_t> discount;
 *	};
 *
 * They have the layout of SLUICE_STRING(), SLUICE_VECTOR() and SLUICE_OPTIONAL(), and the names
 * of their members, so that a program in C reads what a program in C++ writes.  They have no
 * constructors: in a loan they hold bytes of an earlier message, until the program sets or clears
 * them, or asks for a loan that is zeroed.
 *
 * Hostile peers.  What sluice_containers.h says holds here too: each call reads a length once
 * and compares it with the capacity, so no call and no iterator leaves the container.  A length
 * that is greater than the capacity counts as 0; is_valid() tells the two apart.  operator[]
 * does not compare its index with the length: an index below size() lies in the container, also
 * if the peer changes the length.
 *
 * A call that can fail returns a result, with EMSGSIZE (there is no room; nothing is changed),
 * ERANGE (there are fewer items) or EPROTO (the length is greater than the capacity).  Any thread
 * may use them; two threads that write one container need a lock.
 */
#ifndef SLUICE_CONTAINERS_HPP
#define SLUICE_CONTAINERS_HPP

#include <cstring>
#include <string_view>

#include <sluice_containers.h>
#include <sluice_payload.hpp>
#include <sluice_result.hpp>

namespace sluice {
inline namespace SLUICE_SPAN_ {
namespace detail {

inline error container_error(int code) noexcept
{
	if (code == EMSGSIZE)
		return error(code, "there is no room in the container");
	if (code == ERANGE)
		return error(code, "the container has fewer items");
	return error(code, "the length of the container is greater than its capacity");
}

/* What a function of sluice_containers.h returns: 0 or -errno. */
inline result<void> contained(int value) noexcept
{
	return value < 0 ? result<void>(container_error(-value)) : result<void>();
}

/* A length that is not valid counts as 0. */
inline std::size_t container_size(const void *container, std::size_t capacity) noexcept
{
	int saved = errno;
	std::int64_t length = sluice_container_length_(container, capacity);

	errno = saved;
	return length < 0 ? 0 : static_cast<std::size_t>(length);
}

inline bool container_is_valid(const void *container, std::size_t capacity) noexcept
{
	return __atomic_load_n(static_cast<const std::uint32_t *>(container), __ATOMIC_RELAXED) <=
	       capacity;
}

} /* namespace detail */

/**
 * string - text of at most @Capacity bytes
 */
template <std::size_t Capacity>
class string {
public:
	using value_type = char;
	using size_type = std::size_t;
	using iterator = char *;
	using const_iterator = const char *;

	static constexpr std::size_t capacity() noexcept { return Capacity; }
	static constexpr std::size_t max_size() noexcept { return Capacity; }
	bool is_valid() const noexcept { return detail::container_is_valid(this, Capacity); }
	std::size_t size() const noexcept { return detail::container_size(this, Capacity); }
	bool empty() const noexcept { return size() == 0; }

	/** view() - the text where it lies; its length is read once */
	std::string_view view() const noexcept { return {bytes, size()}; }
	operator std::string_view() const noexcept { return view(); }

	/** data() - the bytes; no 0 need follow them */
	char *data() noexcept { return bytes; }
	const char *data() const noexcept { return bytes; }
	char *begin() noexcept { return bytes; }
	char *end() noexcept { return bytes + size(); }
	const char *begin() const noexcept { return bytes; }
	const char *end() const noexcept { return bytes + size(); }
	char &operator[](std::size_t i) noexcept { return bytes[i]; }
	const char &operator[](std::size_t i) const noexcept { return bytes[i]; }

	/** assign() - set it to a text; EMSGSIZE */
	result<void> assign(std::string_view text) noexcept
	{
		return detail::contained(
			sluice_string_put_(this, Capacity, 0, text.data(), text.size()));
	}
	/** append() - add a text behind it; EMSGSIZE, EPROTO */
	result<void> append(std::string_view text) noexcept
	{
		return detail::contained(
			sluice_string_append_(this, Capacity, text.data(), text.size()));
	}
	result<void> push_back(char c) noexcept { return append({&c, 1}); }
	void clear() noexcept { (void)sluice_string_put_(this, Capacity, 0, nullptr, 0); }

	friend bool operator==(const string &a, std::string_view b) noexcept
	{
		return a.is_valid() && a.view() == b;
	}
	friend bool operator!=(const string &a, std::string_view b) noexcept { return !(a == b); }

private:
	std::uint32_t length;
	char bytes[Capacity];
};

/**
 * vector - a list of at most @Capacity items
 */
template <class T, std::size_t Capacity>
class vector {
	static_assert(is_payload<T>, "the items of a container must be payloads");

public:
	using value_type = T;
	using size_type = std::size_t;
	using difference_type = std::ptrdiff_t;
	using reference = T &;
	using const_reference = const T &;
	using iterator = T *;
	using const_iterator = const T *;

	static constexpr std::size_t capacity() noexcept { return Capacity; }
	static constexpr std::size_t max_size() noexcept { return Capacity; }
	bool is_valid() const noexcept { return detail::container_is_valid(this, Capacity); }
	std::size_t size() const noexcept { return detail::container_size(this, Capacity); }
	bool empty() const noexcept { return size() == 0; }
	bool full() const noexcept { return size() == Capacity; }

	T *data() noexcept { return items; }
	const T *data() const noexcept { return items; }
	T *begin() noexcept { return items; }
	T *end() noexcept { return items + size(); }
	const T *begin() const noexcept { return items; }
	const T *end() const noexcept { return items + size(); }
	const T *cbegin() const noexcept { return begin(); }
	const T *cend() const noexcept { return end(); }
	/** elements() - all items; the length is read once */
	span<T> elements() noexcept { return {items, size()}; }
	span<const T> elements() const noexcept { return {items, size()}; }

	T &operator[](std::size_t i) noexcept { return items[i]; }
	const T &operator[](std::size_t i) const noexcept { return items[i]; }
	/** at() - an item, or nullptr if there are not so many */
	T *at(std::size_t i) noexcept { return i < size() ? items + i : nullptr; }
	const T *at(std::size_t i) const noexcept { return i < size() ? items + i : nullptr; }
	/** front(), back() - the first and the last item; if there is none, the first place */
	T &front() noexcept { return items[0]; }
	const T &front() const noexcept { return items[0]; }
	T &back() noexcept { return items[last()]; }
	const T &back() const noexcept { return items[last()]; }

	/** emplace_back() - a further item, all bytes 0; nullptr if there is no room */
	T *emplace_back() noexcept { return insert_zeroed(size_or_more()); }
	/** push_back() - add a copy behind the last; EMSGSIZE, EPROTO */
	result<void> push_back(const T &item) noexcept
	{
		const T copy = item;
		T *place = emplace_back();

		if (!place)
			return detail::container_error(errno);
		*place = copy;
		return {};
	}
	/** insert() - a copy before @before; returns where it is; EMSGSIZE, ERANGE, EPROTO */
	result<T *> insert(const T *before, const T &item) noexcept
	{
		const T copy = item;
		T *place = insert_zeroed(static_cast<std::size_t>(before - items));

		if (!place)
			return detail::container_error(errno);
		*place = copy;
		return place;
	}
	/** erase() - remove an item; returns where the next one is; ERANGE, EPROTO */
	result<T *> erase(const T *item) noexcept
	{
		std::size_t index = static_cast<std::size_t>(item - items);
		int r = sluice_vector_remove_(this, offset(), sizeof(T), Capacity, index);

		if (r < 0)
			return detail::container_error(-r);
		return items + index;
	}
	/** pop_back() - remove the last item; ERANGE, EPROTO */
	result<void> pop_back() noexcept
	{
		return detail::contained(sluice_vector_pop_(this, Capacity));
	}
	void clear() noexcept { sluice_container_clear_(this, offset_of_words()); }
	/** assign() - copies of other items, instead of those here; EMSGSIZE */
	result<void> assign(span<const T> others) noexcept
	{
		if (others.size() > Capacity)
			return detail::container_error(EMSGSIZE);
		if (others.size())
			std::memmove(items, others.data(), others.size() * sizeof(T));
		set_size(others.size());
		return {};
	}
	/** resize() - items that are added are all bytes 0; EMSGSIZE */
	result<void> resize(std::size_t count) noexcept
	{
		std::size_t before = size();

		if (count > Capacity)
			return detail::container_error(EMSGSIZE);
		if (count > before)
			std::memset(static_cast<void *>(items + before), 0,
				    (count - before) * sizeof(T));
		set_size(count);
		return {};
	}

private:
	std::size_t last() const noexcept
	{
		std::size_t count = size();

		return count ? count - 1 : 0;
	}
	/* Where the next item goes; a length that is not valid stays so. */
	std::size_t size_or_more() const noexcept
	{
		return __atomic_load_n(&length, __ATOMIC_RELAXED);
	}
	std::size_t offset() const noexcept
	{
		return static_cast<std::size_t>(reinterpret_cast<const char *>(items) -
						reinterpret_cast<const char *>(this));
	}
	static constexpr std::size_t offset_of_words() noexcept { return 2 * sizeof(std::uint32_t); }
	T *insert_zeroed(std::size_t index) noexcept
	{
		return static_cast<T *>(
			sluice_vector_insert_(this, offset(), sizeof(T), Capacity, index));
	}
	void set_size(std::size_t count) noexcept
	{
		reserved = 0;
		sluice_container_store_(this, count);
	}

	std::uint32_t length;
	std::uint32_t reserved;
	T items[Capacity];
};

/**
 * optional - a value, or nothing
 */
template <class T>
class optional {
	static_assert(is_payload<T>, "the value of a container must be a payload");

public:
	using value_type = T;

	bool has_value() const noexcept
	{
		return __atomic_load_n(&present, __ATOMIC_RELAXED) != 0;
	}
	explicit operator bool() const noexcept { return has_value(); }

	/** get() - the value, or nullptr */
	T *get() noexcept { return has_value() ? &value : nullptr; }
	const T *get() const noexcept { return has_value() ? &value : nullptr; }
	/** the value; there must be one, else it is what earlier messages have left */
	T &operator*() noexcept { return value; }
	const T &operator*() const noexcept { return value; }
	T *operator->() noexcept { return &value; }
	const T *operator->() const noexcept { return &value; }
	T value_or(T other) const noexcept { return has_value() ? value : other; }

	/** emplace() - a value with all bytes 0, which the program then writes */
	T &emplace() noexcept
	{
		std::memset(static_cast<void *>(&value), 0, sizeof(T));
		reserved = 0;
		sluice_container_store_(this, 1);
		return value;
	}
	optional &operator=(const T &other) noexcept
	{
		const T copy = other;

		emplace() = copy;
		return *this;
	}
	void reset() noexcept { sluice_container_clear_(this, 2 * sizeof(std::uint32_t)); }

private:
	std::uint32_t present;
	std::uint32_t reserved;
	T value;
};

} /* inline namespace */
} /* namespace sluice */

#endif /* SLUICE_CONTAINERS_HPP */
