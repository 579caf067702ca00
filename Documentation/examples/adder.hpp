// SPDX-License-Identifier: MIT
// adder.hpp - the contract of adder.h, for programs in C++
#pragma once

#include <sluice.hpp>

struct add_request  { std::uint64_t a, b; };
struct add_response { std::uint64_t sum; };

inline constexpr sluice::contract<add_request, add_response> adder("example/adder");
