// SPDX-License-Identifier: MIT
// growing-slices.hpp - the contract and the rounds of growing-slices.h, for programs in C++
#pragma once

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string_view>

#include <err.h>
#include <signal.h>

#include <sluice.hpp>

struct round {
	std::uint64_t number;	// the sender's own counter, from 1
};

// The standard library has a function of this name, too.
using bytes = sluice::headed<struct round, std::uint8_t[]>;

inline constexpr sluice::contract<bytes, bytes> growing_slices("example/growing-slices");

// Added to the pattern, so that a request is never taken for a response.
enum class salt : std::uint8_t { request = 0x35, response = 0xca };

// Round k carries k * k bytes, up to a million.
inline std::size_t round_len(std::uint64_t number)
{
	return number < 1000 ? number * number : 1000000;
}

inline std::uint8_t round_byte(std::uint64_t number, salt s, std::size_t i)
{
	return static_cast<std::uint8_t>(number * 31 + static_cast<std::uint8_t>(s) + i * 7 +
					 (i >> 8) * 13 + (i >> 16) * 29);
}

inline void round_write(std::uint64_t number, salt s, sluice::span<std::uint8_t> slice)
{
	for (std::size_t i = 0; i < slice.size(); i++)
		slice[i] = round_byte(number, s, i);
}

// Ends the program at the first byte that is wrong.
inline void round_check(std::uint64_t number, salt s, sluice::span<const std::uint8_t> slice)
{
	if (slice.size() != round_len(number))
		errx(1, "round %ju: got %zu bytes", std::uintmax_t(number), slice.size());
	for (std::size_t i = 0; i < slice.size(); i++)
		if (slice[i] != round_byte(number, s, i))
			errx(1, "round %ju: byte %zu is wrong", std::uintmax_t(number), i);
}

inline std::optional<sluice_strategy> strategy_named(std::string_view name)
{
	if (name == "power-of-two")
		return SLUICE_POWER_OF_TWO;
	if (name == "best-fit")
		return SLUICE_BEST_FIT;
	if (name == "static")
		return SLUICE_STATIC;
	return std::nullopt;
}

template <class Number>
Number number_in(std::string_view text)
{
	Number number{};
	auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);

	if (error != std::errc() || end != text.data() + text.size())
		errx(2, "%s: not a number", text.data());
	return number;
}

inline volatile sig_atomic_t stop;

inline void stop_on_signals()
{
	struct sigaction action{};

	action.sa_handler = [](int) { stop = 1; };
	sigaction(SIGINT, &action, nullptr);
	sigaction(SIGTERM, &action, nullptr);
}
