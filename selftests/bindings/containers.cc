// SPDX-License-Identifier: GPL-2.0-only
/*
 * The containers of sluice_containers.hpp: the layout is that of C, the members do what those of
 * the standard library do, and a length that a hostile peer has written leads nowhere.
 * cplusplus_test.sh compiles and runs it.
 */
#include <cstring>
#include <numeric>

#include <sluice_containers.hpp>

#include "checks.hpp"

struct item {
	std::uint64_t price;
	std::uint32_t count;
};

/* One order as C++ has it, and as C has it. */
struct order {
	sluice::string<28> customer;
	sluice::vector<item, 3> items;
	sluice::optional<std::uint32_t> discount;
};

struct order_in_c {
	SLUICE_STRING(28) customer;
	SLUICE_VECTOR(item, 3) items;
	SLUICE_OPTIONAL(std::uint32_t) discount;
};

static_assert(sluice::is_payload<order>);
static_assert(sizeof(order) == sizeof(order_in_c) && alignof(order) == alignof(order_in_c));
static_assert(offsetof(order, items) == offsetof(order_in_c, items));
static_assert(offsetof(order, discount) == offsetof(order_in_c, discount));
static_assert(std::is_trivially_default_constructible<order>::value);
static_assert(!sluice::is_payload<int *> && !sluice::is_payload<long double>);

/* What one language writes the other reads, at every capacity and alignment. */
static void test_both_languages()
{
	order_in_c c;
	order cpp;
	std::size_t length;

	std::memset(&cpp, 0xff, sizeof(cpp));
	CHECK(cpp.customer.assign("Ada Lovelace"));
	cpp.items.clear();
	CHECK(cpp.items.push_back({2300, 2}));
	cpp.discount = 15u;
	std::memcpy(&c, &cpp, sizeof(c));
	CHECK(sluice_string_equal(&c.customer, "Ada Lovelace"));
	CHECK(sluice_vector_length(&c.items) == 1 && c.items.reserved == 0);
	CHECK(sluice_vector_at(&c.items, 0)->price == 2300);
	CHECK(*sluice_optional_get(&c.discount) == 15);

	CHECK(sluice_string_append(&c.customer, "!") == 0);
	sluice_vector_push(&c.items)->price = 7;
	sluice_optional_clear(&c.discount);
	std::memcpy(&cpp, &c, sizeof(c));
	CHECK(cpp.customer == "Ada Lovelace!");
	CHECK(cpp.items.size() == 2 && cpp.items.back().price == 7);
	CHECK(!cpp.discount && !cpp.discount.get() && cpp.discount.value_or(3) == 3);
	CHECK(sluice_string_get(&c.customer, &length) && length == cpp.customer.size());
}

static void test_string()
{
	sluice::string<4> text{};
	auto refused = text.assign("12345");

	CHECK(text.empty() && text.is_valid() && text.capacity() == 4);
	CHECK(!refused && refused.error() == EMSGSIZE && *refused.error().sentence());
	CHECK(text.empty());
	CHECK(text.assign("12") && text.push_back('3') && text.append("4"));
	CHECK(text == "1234" && text != "123" && text.view().size() == 4);
	CHECK(text.push_back('5').error() == EMSGSIZE && text == "1234");
	for (char &c : text)
		c++;
	CHECK(std::string_view(text) == "2345" && text[0] == '2');
	CHECK(text.append({}) && text.assign(text.view().substr(1)) && text == "345");
	text.clear();
	CHECK(text.empty() && text == "");
}

static void test_vector()
{
	sluice::vector<int, 4> numbers{};
	const auto &constant = numbers;

	CHECK(numbers.empty() && !numbers.at(0) && numbers.pop_back().error() == ERANGE);
	CHECK(numbers.push_back(1) && numbers.push_back(3) && numbers.insert(&numbers[1], 2));
	CHECK(std::accumulate(constant.begin(), constant.end(), 0) == 6);
	CHECK(numbers[1] == 2 && *numbers.at(2) == 3 && numbers.front() == 1 && numbers.back() == 3);
	CHECK(numbers.insert(numbers.end() + 1, 9).error() == ERANGE);
	CHECK(numbers.push_back(numbers[0]) && numbers.full() && numbers.back() == 1);
	CHECK(numbers.push_back(5).error() == EMSGSIZE && !numbers.emplace_back());
	CHECK(numbers.insert(numbers.begin(), 5).error() == EMSGSIZE && numbers.size() == 4);
	auto next = numbers.erase(numbers.begin());
	CHECK(next && **next == 2 && numbers.size() == 3);
	CHECK(numbers.insert(numbers.begin(), numbers.back()) && numbers[0] == 1);
	CHECK(numbers.erase(numbers.end()).error() == ERANGE);

	const int others[] = {7, 8, 9};
	CHECK(numbers.assign(others) && numbers.size() == 3 && numbers.back() == 9);
	CHECK(numbers.elements().size() == 3 && constant.elements()[1] == 8);
	CHECK(numbers.resize(1) && numbers.resize(3) && numbers[0] == 7 && numbers[2] == 0);
	CHECK(numbers.resize(5).error() == EMSGSIZE && numbers.size() == 3);
	CHECK(numbers.pop_back() && numbers.size() == 2);
	numbers.clear();
	CHECK(numbers.empty() && numbers.begin() == numbers.end() && &numbers.back() == numbers.data());
}

static void test_optional()
{
	sluice::optional<item> maybe{};

	CHECK(!maybe.has_value() && !maybe.get());
	maybe.emplace().count = 4;
	CHECK(maybe && maybe->count == 4 && maybe->price == 0);
	maybe = item{5, 6};
	CHECK((*maybe).price == 5 && maybe.value_or(item{}).count == 6);
	maybe = *maybe;
	CHECK(maybe->count == 6);
	maybe.reset();
	CHECK(!maybe);
}

/* The same container with a length that only a hostile peer writes. */
template <class Container>
static void lie(Container &container, std::uint32_t length)
{
	std::memcpy(static_cast<void *>(&container), &length, sizeof(length));
}

static void test_hostile_lengths()
{
	for (std::uint32_t length : {5u, 0x80000000u, UINT32_MAX}) {
		sluice::string<4> text{};
		sluice::vector<int, 4> numbers{};
		const int none[1] = {};

		lie(text, length);
		CHECK(!text.is_valid() && text.size() == 0 && text.begin() == text.end());
		CHECK(text != "" && text.view().empty());
		CHECK(text.append("x").error() == EPROTO && text.push_back('x').error() == EPROTO);
		CHECK(text.assign("x") && text.is_valid() && text == "x");

		lie(numbers, length);
		errno = 0;
		CHECK(!numbers.is_valid() && numbers.size() == 0 && !numbers.at(0) && errno == 0);
		CHECK(numbers.begin() == numbers.end() && &numbers.back() == &numbers[0]);
		CHECK(numbers.push_back(1).error() == EPROTO && !numbers.emplace_back());
		CHECK(numbers.insert(numbers.begin(), 1).error() == EPROTO);
		CHECK(numbers.erase(numbers.begin()).error() == EPROTO);
		CHECK(numbers.pop_back().error() == EPROTO);
		CHECK(numbers.resize(2) && numbers.size() == 2 && numbers[0] == 0);
		lie(numbers, length);
		CHECK(numbers.assign(sluice::span<const int>(none, 1)) && numbers.size() == 1);
		lie(numbers, length);
		numbers.clear();
		CHECK(numbers.is_valid() && numbers.empty());
	}
}

int main()
{
	test_both_languages();
	test_string();
	test_vector();
	test_optional();
	test_hostile_lengths();
	return failures != 0;
}
