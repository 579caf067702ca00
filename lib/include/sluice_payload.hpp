/* SPDX-License-Identifier: MIT */
/*
 * sluice_payload.hpp - what messages carry, and contracts, as types of C++
 *
 * The two payloads of a contract are written as types:
 *
 *	T			exactly one T
 *	T[]			a slice of any number of T
 *	headed<H, T>		one T, with a user header H in front
 *	headed<H, T[]>		a slice, with a user header
 *
 * The compiler refuses a T that another process could not read: one that is not trivially
 * copyable or has no standard layout, a pointer or a long double, and an aggregate that has one
 * among its first 100 members, counted through arrays and nested aggregates.  The language
 * tells no more than that: pointers behind these, in private members and in a union's later
 * members are not noticed.  sluice-types(1) reads the debug information and notices all.
 *
 * Names.  Both sides compare the names of the types.  The name of a class or enum is what the
 * compiler calls it, with its namespaces: geometry::point.  Integers are called int8_t to
 * uint64_t.  A template, a local or an unnamed type must be given a name, and so must a type
 * that a program in C calls otherwise:
 *
 *	SLUICE_DESCRIBE(geometry::point, "point", 0)
 */
#ifndef SLUICE_PAYLOAD_HPP
#define SLUICE_PAYLOAD_HPP

#include <array>
#include <string_view>

#include <sluice_result.hpp>

namespace sluice {
inline namespace SLUICE_SPAN_ {

/** headed - a payload with a user header in front of it; only named, never made */
template <class Header, class Payload> struct headed;

namespace detail {

/* ---- What lies inside an aggregate ---------------------------------------- */

/*
 * A field becomes whatever is needed to initialise one member.  None becomes an array or an
 * aggregate, so that the compiler takes one for each of their members instead.
 */
struct any_field {
	template <class T, class = std::enable_if_t<!std::is_aggregate<T>::value>>
	operator T() const noexcept;
};

template <class T>
constexpr bool is_private = std::is_pointer<T>::value || std::is_member_pointer<T>::value ||
	std::is_null_pointer<T>::value || std::is_reference<T>::value ||
	std::is_same<std::remove_cv_t<T>, long double>::value;

struct private_field {
	template <class T, class = std::enable_if_t<is_private<T>>>
	operator T() const noexcept;
};

/* That a field is left out, or braces are, is what is asked here. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
#pragma GCC diagnostic ignored "-Wmissing-braces"
template <class T, class... Fields>
constexpr auto takes(int) -> decltype(T{std::declval<Fields>()...}, bool())
{
	return true;
}

template <class T, class... Fields>
constexpr bool takes(...)
{
	return false;
}
#pragma GCC diagnostic pop

template <std::size_t> using any_field_at = any_field;

/* Is the member behind so many others, or one after that, a private one? */
template <class T, std::size_t... Before>
constexpr bool has_private_after(std::index_sequence<Before...>)
{
	if constexpr (sizeof...(Before) > 100 || !takes<T, any_field_at<Before>...>(0))
		return false;
	else if constexpr (takes<T, any_field_at<Before>..., private_field>(0))
		return true;
	else
		return has_private_after<T>(std::make_index_sequence<sizeof...(Before) + 1>());
}

template <class T>
constexpr bool has_private()
{
	if constexpr (std::is_aggregate<T>::value)
		return has_private_after<T>(std::index_sequence<>());
	else
		return is_private<T>;
}

/* ---- Names ---------------------------------------------------------------- */

template <class T>
constexpr std::string_view spelled() noexcept
{
	std::string_view text = __PRETTY_FUNCTION__;	/* ... [with T = name; ...] or [T = name] */
	std::size_t from = text.find("T = ") + 4;

	return text.substr(from, text.find_first_of(";]", from) - from);
}

constexpr bool is_plain(std::string_view name) noexcept
{
	for (char c : name)
		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
		    !(c >= '0' && c <= '9') && c != '_' && c != ':')
			return false;
	return !name.empty();
}

template <class T, std::size_t... I>
constexpr auto terminated(std::index_sequence<I...>) noexcept
{
	return std::array<char, sizeof...(I) + 1>{{spelled<T>()[I]..., 0}};
}

template <class T>
struct spelling {
	static_assert(is_plain(spelled<T>()),
		      "compilers spell this type differently: name it with SLUICE_DESCRIBE()");
	static constexpr auto text =
		terminated<T>(std::make_index_sequence<spelled<T>().size()>());
};

} /* namespace detail */

/**
 * is_payload - can another process read it, as far as the language can tell?
 */
template <class T>
constexpr bool is_payload = std::is_trivially_copyable<T>::value &&
	std::is_standard_layout<T>::value && !detail::has_private<T>();

/**
 * description - the name and the fingerprint that a type has in contracts
 *
 * A program specialises it with SLUICE_DESCRIBE().
 */
template <class T> struct description {
	static constexpr const char *name() noexcept { return detail::spelling<T>::text.data(); }
	static constexpr std::uint64_t fingerprint = 0;
};

} /* inline namespace */
} /* namespace sluice */

/**
 * SLUICE_DESCRIBE() - give a type a name and a fingerprint; outside of all namespaces
 * @type: the type.
 * @name_: string, the name that the two sides compare.
 * @fingerprint_: SLUICE_FINGERPRINT_*, as ``sluice types --header`` prints it; 0 for none.
 */
#define SLUICE_DESCRIBE(type, name_, fingerprint_)				\
	template <> struct sluice::description<type> {				\
		static constexpr const char *name() noexcept { return name_; }	\
		static constexpr std::uint64_t fingerprint = fingerprint_;	\
	};

/* The names that C has for them. */
SLUICE_DESCRIBE(bool, "bool", 0)
SLUICE_DESCRIBE(char, "char", 0)
SLUICE_DESCRIBE(signed char, "int8_t", 0)
SLUICE_DESCRIBE(unsigned char, "uint8_t", 0)
SLUICE_DESCRIBE(std::int16_t, "int16_t", 0)
SLUICE_DESCRIBE(std::uint16_t, "uint16_t", 0)
SLUICE_DESCRIBE(std::int32_t, "int32_t", 0)
SLUICE_DESCRIBE(std::uint32_t, "uint32_t", 0)
SLUICE_DESCRIBE(std::int64_t, "int64_t", 0)
SLUICE_DESCRIBE(std::uint64_t, "uint64_t", 0)
SLUICE_DESCRIBE(float, "float", 0)
SLUICE_DESCRIBE(double, "double", 0)

namespace sluice {
inline namespace SLUICE_SPAN_ {
namespace detail {

template <class T>
constexpr sluice_type type_of(sluice_kind kind) noexcept
{
	static_assert(std::is_trivially_copyable<T>::value,
		      "a payload is shared as bytes: it must be trivially copyable");
	static_assert(std::is_standard_layout<T>::value,
		      "another compiler may lay this payload out differently: it must have "
		      "standard layout");
	static_assert(!has_private<T>(),
		      "a pointer, a reference or a long double in a payload has no meaning in "
		      "another process");
	return {description<T>::name(), sizeof(T), alignof(T), static_cast<std::uint32_t>(kind),
		description<T>::fingerprint};
}

/* What a payload is made of; its header is void if there is none. */
template <class Payload>
struct payload {
	using element = Payload;
	using header = void;
	static constexpr bool is_slice = false;
};

template <class T>
struct payload<T[]> {
	using element = T;
	using header = void;
	static constexpr bool is_slice = true;
};

template <class Header, class Payload>
struct payload<headed<Header, Payload>> : payload<Payload> {
	using header = Header;
};

template <class Payload>
constexpr sluice_type payload_type() noexcept
{
	return type_of<typename payload<Payload>::element>(
		payload<Payload>::is_slice ? SLUICE_KIND_SLICE : SLUICE_KIND_FIXED);
}

template <class Payload>
constexpr sluice_type header_type() noexcept
{
	using header = typename payload<Payload>::header;

	if constexpr (std::is_void<header>::value)
		return {};
	else
		return type_of<header>(SLUICE_KIND_FIXED);
}

} /* namespace detail */

template <class Request, class Response> class service;
template <class Request, class Response> class client;
template <class Request, class Response> class server;
template <class Request, class Response> class request;
template <class Request, class Response> class pending_response;
template <class Response> class response;
template <class Request, class Response> class active_request;
template <class Request, class Response> class reply;

/**
 * contract - what both sides of a service must agree on
 *
 * It is constant data, usually in a header that both sides include:
 *
 *	inline constexpr sluice::contract<add_request, add_response> adder("example/adder");
 *
 * It is a struct sluice_contract, and must stay valid while a service that was opened with it is
 * open.  Its member types are those of the ports of such a service; theirs are the messages.
 */
template <class Request, class Response>
struct contract : sluice_contract {
	using service = sluice::service<Request, Response>;
	using client = sluice::client<Request, Response>;
	using server = sluice::server<Request, Response>;

	/** @service_name: 1 to 255 bytes; a string that stays valid */
	constexpr explicit contract(const char *service_name) noexcept
		: sluice_contract{service_name, detail::payload_type<Request>(),
				  detail::payload_type<Response>(),
				  detail::header_type<Request>(),
				  detail::header_type<Response>()} {}
};

} /* inline namespace */
} /* namespace sluice */

#endif /* SLUICE_PAYLOAD_HPP */
