// SPDX-License-Identifier: GPL-2.0-only
/*
 * Processes that have locked all of their memory, that which is to come included, use
 * the library as others do: with every strategy, as client and as server, while slices
 * grow.  What is reserved is neither locked nor allocated by that, what is populated is
 * locked; and of an ordinary user no more is locked than RLIMIT_MEMLOCK allows, which
 * is a shortage like others.
 */
#include "steps.h"
#include "locking.h"

PROCESSES_FIXTURE(mlockall);

#define LONGEST		(1 * MIB)	/* slices of the static ports */

static const struct sluice_client_opts client_opts[] = {
	SLUICE_CLIENT_OPTS(.port = { .strategy = SLUICE_POWER_OF_TWO }),
	SLUICE_CLIENT_OPTS(.port = { .strategy = SLUICE_BEST_FIT }),
	SLUICE_CLIENT_OPTS(.port = { .strategy = SLUICE_STATIC, .initial_max_slice_len = LONGEST }),
	SLUICE_CLIENT_OPTS(.port = { .flags = SLUICE_PORT_HUGE_PAGES }),
};

static const struct sluice_server_opts server_opts[] = {
	SLUICE_SERVER_OPTS(.port = { .strategy = SLUICE_POWER_OF_TWO }),
	SLUICE_SERVER_OPTS(.port = { .strategy = SLUICE_BEST_FIT }),
	SLUICE_SERVER_OPTS(.port = { .strategy = SLUICE_STATIC, .initial_max_slice_len = LONGEST }),
	SLUICE_SERVER_OPTS(.port = { .flags = SLUICE_PORT_HUGE_PAGES }),
};

/* ---- Steps ------------------------------------------------------------------- */

/* All present memory may be locked, and some MiB more. */
static long limit_more(struct side *side, long a, long b)
{
	rlim_t now_locked = (rlim_t)(status_of(side, PTR("VmSize"), 0) * KIB);
	struct rlimit limit;

	(void)a, (void)b;
	if (getrlimit(RLIMIT_MEMLOCK, &limit))
		return -errno;
	if (limit.rlim_max < now_locked + 3 * MIB)
		return -ENOSPC;
	limit.rlim_cur = limit.rlim_max;
	if (limit.rlim_cur > now_locked + 8 * MIB)
		limit.rlim_cur = now_locked + 8 * MIB;
	return setrlimit(RLIMIT_MEMLOCK, &limit) ? -errno : 0;
}

static long lock_all(struct side *side, long flags, long unused)
{
	(void)side, (void)unused;
	return mlockall((int)flags) ? -errno : 0;
}

/* loan_only(size): whether so much can be loaned; given back at once. */
static long loan_only(struct side *side, long size, long unused)
{
	struct sluice_request *request = sluice_client_loan(side->client, (size_t)size);

	(void)unused;
	return request ? sluice_request_release(request) : -errno;
}

/* ---- The tests ------------------------------------------------------------------ */

static void exchange_growing(struct __test_metadata *_metadata, struct end *server,
			     struct end *client, long longest)
{
	long size;

	for (size = 1; size <= longest; size = size * 3 + 1) {
		begin(server, serve_blobs, 1, 0);
		EXPECT_EQ(0, at(client, exchange_blob, 0, size))
			TH_LOG("%ld bytes: %s", size, client->result.sentence);
		EXPECT_EQ(1, finish(server)) TH_LOG("%s", server->result.sentence);
	}
}

/* Reserved are a GiB and more; populated some MiB. */
static void check_footprint(struct __test_metadata *_metadata, struct end *end)
{
	long locked = at(end, status_of, PTR("VmLck"), 0);
	long memory = at(end, status_of, PTR("RssShmem"), 0);

	EXPECT_LT(0, locked);
	EXPECT_GT(256 * KIB, locked);
	EXPECT_LE(memory, locked);
	EXPECT_GT(64 * KIB, memory);
}

static void with_strategy(struct __test_metadata *_metadata, struct end *server,
			  struct end *client, int strategy, long longest)
{
	ASSERT_EQ(0, at(server, open_service, PTR(&blobs), 0))
		TH_LOG("%s", server->result.sentence);
	ASSERT_EQ(0, at(client, open_service, PTR(&blobs), 0))
		TH_LOG("%s", client->result.sentence);
	ASSERT_EQ(0, at(server, open_server, PTR(&server_opts[strategy]), 0))
		TH_LOG("%s", server->result.sentence);
	ASSERT_EQ(0, at(client, open_client, PTR(&client_opts[strategy]), 0))
		TH_LOG("%s", client->result.sentence);
	ASSERT_EQ(1, at(client, wait_servers, 1, LONG));
	exchange_growing(_metadata, server, client, longest);
	if (CAN_LOCK) {
		check_footprint(_metadata, server);
		check_footprint(_metadata, client);
	}
}

FIXTURE_VARIANT(mlockall) {
	int strategy;		/* and of the opts above */
};

STRATEGY_VARIANTS(mlockall);

FIXTURE_VARIANT_ADD(mlockall, huge) {
	.strategy = SLUICE_STATIC + 1,
};

TEST_F(mlockall, without_limit)
{
	struct end *server = &self->end[0], *client = &self->end[1];

	if (CAN_LOCK && !may_lock(64 * MIB))
		SKIP(return, "RLIMIT_MEMLOCK is too low");
	end_start(_metadata, server, IN_PROCESS);
	end_start(_metadata, client, IN_PROCESS);
	ASSERT_EQ(0, at(server, lock_all, MCL_CURRENT | MCL_FUTURE, 0));
	ASSERT_EQ(0, at(client, lock_all, MCL_CURRENT | MCL_FUTURE, 0));
	with_strategy(_metadata, server, client, variant->strategy, LONGEST);
}

/* One side has locked its memory, and the other knows nothing of it. */
TEST_F(mlockall, on_one_side)
{
	struct end *server = &self->end[0], *client = &self->end[1];
	long i;

	if (CAN_LOCK && !may_lock(64 * MIB))
		SKIP(return, "RLIMIT_MEMLOCK is too low");
	for (i = 0; i < 2; i++) {
		end_start(_metadata, server, IN_PROCESS);
		end_start(_metadata, client, IN_PROCESS);
		ASSERT_EQ(0, at(&self->end[i], lock_all, MCL_FUTURE, 0));
		ASSERT_EQ(0, at(server, open_service, PTR(&blobs), 0));
		ASSERT_EQ(0, at(server, open_server,
				PTR(&server_opts[variant->strategy]), 0));
		ASSERT_EQ(0, at(client, open_service, PTR(&blobs), 0));
		ASSERT_EQ(0, at(client, open_client,
				PTR(&client_opts[variant->strategy]), 0));
		ASSERT_EQ(1, at(client, wait_servers, 1, LONG));
		exchange_growing(_metadata, server, client, LONGEST);
		end_stop(client);
		end_stop(server);
	}
}

/* At the limit of locked memory the loan fails, and nothing else does. */
TEST_F(mlockall, with_limit)
{
	struct end *server = &self->end[0], *client = &self->end[1];
	long i, r = 0;

	if (!may_lock(3 * MIB))
		SKIP(return, "RLIMIT_MEMLOCK is too low, or this is a sanitizer");
	ASSERT_EQ(0, give_to_nobody(&self->root));
	for (i = 0; i < 2; i++) {
		end_start(_metadata, &self->end[i], IN_PROCESS);
		r = at(&self->end[i], limit_more, 0, 0);
		if (r == -ENOSPC)
			SKIP(return, "RLIMIT_MEMLOCK is too low");
		ASSERT_EQ(0, r);
		ASSERT_EQ(0, at(&self->end[i], become_nobody, 0, 0));
		ASSERT_EQ(0, at(&self->end[i], lock_all, MCL_CURRENT | MCL_FUTURE, 0));
	}
	with_strategy(_metadata, server, client, variant->strategy, 200 * KIB);
	if (variant->strategy != SLUICE_STATIC) {
		EXPECT_EQ(-ENOMEM, at(client, loan_only, 10 * MIB, 0));
		EXPECT_NE(NULL, strstr(client->result.sentence, "RLIMIT_MEMLOCK"))
			TH_LOG("%s", client->result.sentence);
	}
	exchange_growing(_metadata, server, client, 100 * KIB);
}

TEST_HARNESS_MAIN
