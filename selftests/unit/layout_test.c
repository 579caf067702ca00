// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where things lie: lib/exchange/layout.c against the table of uapi/sluice/channel.h,
 * worked out a second time from its words, for the least, the default and the
 * largest settings and many others; and lib/shm/bounds.h at every boundary,
 * overflow included.
 *
 * The parts must follow one another without overlapping, each on a cache line of
 * its own, so that no line holds words of both writers except the slots and the
 * doorbells, which are a line each.
 */
#include "two_ends.h"

#include "base/limits.h"
#include "config/settings.h"
#include "memory/payload.h"
#include "shm/bounds.h"
#include "exchange/layout.h"

struct part {
	const char *name;
	uint64_t offset, bytes;
};

/* The least power of two that is at least x and at least 2. */
static uint64_t pow2(uint64_t x)
{
	uint64_t power = 2;

	while (power < x)
		power *= 2;
	return power;
}

static void check_layout(struct __test_metadata *_metadata, uint32_t active,
			 uint32_t buffer, uint32_t borrowed)
{
	const struct sluice_registry_settings settings = {
		.max_clients = 7, .max_servers = 11, .max_loaned_requests = 13,
		.max_loaned_replies = 17, .max_active_requests = active,
		.response_buffer = buffer, .max_borrowed = borrowed,
	};
	uint64_t a = active, b = buffer, m = borrowed, d = 3 * a, end = 0;
	struct layout l;
	size_t i;

	memset(&l, 0xa5, sizeof(l));
	layout_compute(&l, &settings);

	EXPECT_EQ(d, l.deliveries);
	EXPECT_EQ(pow2(d), l.request_return_entries);
	EXPECT_EQ(pow2(d * b + a * m), l.response_return_entries);
	EXPECT_EQ(pow2(a), l.request_slots);
	EXPECT_EQ(pow2(b), l.response_slots);

	const struct part parts[] = {
		{ "client doorbell", l.client_bell, 64 },
		{ "server doorbell", l.server_bell, 64 },
		{ "cancelled words", l.cancelled, d * 8 },
		{ "closed words", l.closed, d * 8 },
		{ "request returns", l.request_returns, pow2(d) * 8 },
		{ "request ring", l.request_ring, pow2(a) * 64 },
		{ "stages", l.stages, d * 32 },
		{ "response returns", l.response_returns, pow2(d * b + a * m) * 8 },
		{ "response rings", l.response_rings, d * pow2(b) * 64 },
	};

	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		EXPECT_EQ(0, parts[i].offset % 64);
		/* No overlap, and no hole beyond what the alignment needs. */
		EXPECT_LE(end, parts[i].offset);
		EXPECT_GT(end + 64, parts[i].offset) {
			TH_LOG("%s, A=%u B=%u M=%u", parts[i].name, active, buffer, borrowed);
		}
		end = parts[i].offset + parts[i].bytes;
	}
	EXPECT_EQ((end + 4095) / 4096 * 4096, l.size);
	EXPECT_LE(end, l.size);
	EXPECT_EQ((l.stages + d * 32 + 4095) / 4096 * 4096, l.head);
	EXPECT_LE(l.head, l.size);
}

TEST(layout_least)
{
	check_layout(_metadata, 1, 1, 1);
}

#define DEFAULT(field)	((uint32_t)setting_table[SETTING_service_##field].preset)

TEST(layout_default)
{
	check_layout(_metadata, DEFAULT(max_active_requests_per_client),
		     DEFAULT(max_response_buffer_size),
		     DEFAULT(max_borrowed_responses_per_pending_response));
}

/* Larger than a channel may be, but a number all the same. */
TEST(layout_largest)
{
	check_layout(_metadata, PER_PORT_LIMIT, PER_PORT_LIMIT, PER_PORT_LIMIT);
}

TEST(layout_powers_of_two_and_their_neighbours)
{
	static const uint32_t n[] = { 1, 2, 3, 4, 5, 7, 8, 9, 127, 128, 129, 1023, 1024 };
	size_t i, j, k;

	for (i = 0; i < ARRAY_SIZE(n); i++)
		for (j = 0; j < ARRAY_SIZE(n); j++)
			for (k = 0; k < ARRAY_SIZE(n); k++)
				check_layout(_metadata, n[i], n[j], n[k]);
}

/* Worked out by hand, once: A = 16, B = 8, M = 8, D = 48. */
TEST(layout_default_in_numbers)
{
	const struct sluice_registry_settings settings = {
		.max_active_requests = 16, .response_buffer = 8, .max_borrowed = 8,
	};
	struct layout l;

	layout_compute(&l, &settings);
	EXPECT_EQ(0, l.client_bell);
	EXPECT_EQ(64, l.server_bell);
	EXPECT_EQ(128, l.cancelled);
	EXPECT_EQ(512, l.closed);
	EXPECT_EQ(896, l.request_returns);
	EXPECT_EQ(1408, l.request_ring);
	EXPECT_EQ(2432, l.stages);
	EXPECT_EQ(4096, l.head);
	EXPECT_EQ(3968, l.response_returns);
	EXPECT_EQ(8064, l.response_rings);
	EXPECT_EQ(32768, l.size);
}

/* ---- Bounds ------------------------------------------------------------------ */

/* Wide enough for any sum or product of two 64-bit numbers. */
__extension__ typedef unsigned __int128 wide;

TEST(bounds_within_at_every_boundary)
{
	static const uint64_t sizes[] = {
		0, 1, 64, 4096, UINT32_MAX, UINT64_C(1) << 40, UINT64_MAX - 1, UINT64_MAX,
	};
	size_t i, j, k;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		uint64_t size = sizes[i];
		const uint64_t n[] = {
			0, 1, size / 2, size - size / 2, size - 1, size, size + 1,
			UINT32_MAX, UINT64_C(1) << 32, INT64_MAX, UINT64_C(1) << 63,
			UINT64_MAX - size, UINT64_MAX - size + 1, UINT64_MAX - 1, UINT64_MAX,
		};

		for (j = 0; j < ARRAY_SIZE(n); j++)
			for (k = 0; k < ARRAY_SIZE(n); k++) {
				wide end = n[j];

				end += n[k];
				EXPECT_EQ(end <= size, bounds_within(n[j], n[k], size)) {
					TH_LOG("%llx + %llx in %llx",
					       (unsigned long long)n[j],
					       (unsigned long long)n[k],
					       (unsigned long long)size);
				}
			}
	}
}

TEST(payload_bytes_at_every_boundary)
{
	static const uint64_t n[] = {
		0, 1, 2, 3, 7, 8, 4096, UINT32_MAX, UINT64_C(1) << 32, UINT64_C(1) << 62,
		PTRDIFF_MAX / 2, PTRDIFF_MAX / 2 + 1, PTRDIFF_MAX - 1, PTRDIFF_MAX,
		(uint64_t)PTRDIFF_MAX + 1, UINT64_MAX / 2, UINT64_MAX - 1, UINT64_MAX,
	};
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(n); i++)
		for (j = 0; j < ARRAY_SIZE(n); j++) {
			const struct payload payload = {
				.element = n[j],
				.one = payload_one(0, n[j]),
				.slice = true,
			};
			wide right = n[i];
			uint64_t bytes = 77;
			bool fits;

			right *= n[j];
			fits = right <= PTRDIFF_MAX;
			if (n[i] == 1) {
				ASSERT_TRUE(payload_bytes(&payload, 1, &bytes));
				ASSERT_EQ(fits ? n[j] : PAYLOAD_TOO_LONG, bytes);
				continue;
			}
			ASSERT_EQ(fits, payload_bytes(&payload, n[i], &bytes));
			if (fits)
				ASSERT_EQ((uint64_t)right, bytes);
		}
}

TEST_HARNESS_MAIN
