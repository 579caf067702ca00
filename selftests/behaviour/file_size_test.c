// SPDX-License-Identifier: GPL-2.0-only
/*
 * Under RLIMIT_FSIZE, whatever it is: no SIGXFSZ, and one errno and sentence, at once.
 * The files of the registry count, and so does shared memory.
 */
#include <sys/resource.h>

#include "steps.h"

FIXTURE(file_size) {
	struct root root;
	struct side side;
	struct rlimit before;
};

FIXTURE_SETUP(file_size)
{
	root_make(_metadata, &self->root);
	ASSERT_EQ(0, getrlimit(RLIMIT_FSIZE, &self->before));
}

FIXTURE_TEARDOWN(file_size)
{
	setrlimit(RLIMIT_FSIZE, &self->before);
	leave(&self->side, 0, 0);
	TEARDOWN_CHECKS(&self->root);
}

static void limit_to(struct __test_metadata *_metadata, const struct rlimit *before, rlim_t bytes)
{
	struct rlimit limit = { .rlim_cur = bytes, .rlim_max = before->rlim_max };

	ASSERT_EQ(0, setrlimit(RLIMIT_FSIZE, &limit));
}

/* The sentence names the limit, and its value. */
static void expect_told(struct __test_metadata *_metadata, rlim_t bytes)
{
	char value[32];

	snprintf(value, sizeof(value), "allows %llu", (unsigned long long)bytes);
	EXPECT_SAYS("RLIMIT_FSIZE");
	EXPECT_SAYS(value);
	EXPECT_SAYS(strerror(EFBIG));
}

/* Whatever fails first is told, through all constructors that are handed a NULL. */
static long set_up(struct side *side, bool server)
{
	long r;

	r = open_service(side, PTR(&blobs), 0);
	if (r < 0)
		return r;
	r = server ? open_server(side, 0, 0) : open_client(side, 0, 0);
	if (r < 0 || server)
		return r;
	side->request[0] = sluice_client_loan(side->client, 1);
	return side->request[0] ? 0 : -errno;
}

static const rlim_t limits[] = { 0, 1, 63, 64, 127, 128, 255, 256, 512, 1024, 2048, 4095 };

TEST_F_TIMEOUT(file_size, every_step, 60)
{
	struct side *side = &self->side;
	size_t i;
	int which;
	long r;

	for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		for (which = 0; which < 2; which++) {
			limit_to(_metadata, &self->before, limits[i]);
			errno = 0;
			r = set_up(side, which);
			EXPECT_EQ(-EFBIG, r)
				TH_LOG("limit %llu: %s", (unsigned long long)limits[i],
				       sluice_strerror());
			EXPECT_EQ(EFBIG, errno);
			expect_told(_metadata, limits[i]);
			leave(side, 0, 0);
			EXPECT_EQ(0, tree_walk(self->root.path, false).files);
		}
	limit_to(_metadata, &self->before, self->before.rlim_cur);
	EXPECT_EQ(0, set_up(side, false)) TH_LOG("%s", sluice_strerror());
}

/* No node retries for long: a service that cannot be made is refused at once. */
TEST_F(file_size, no_spinning)
{
	int64_t cpu = clock();

	limit_to(_metadata, &self->before, 512);
	EXPECT_EQ(-EFBIG, set_up(&self->side, false));
	EXPECT_GT(CLOCKS_PER_SEC, clock() - cpu);
}

/* Memory that grows later meets the same limit, and says the same. */
TEST_F(file_size, memory)
{
	struct side *side = &self->side;

	ASSERT_EQ(0, join_client(side, PTR(&blobs), 0));
	limit_to(_metadata, &self->before, 8192);
	EXPECT_FAILS(EFBIG, sluice_client_loan(side->client, 1 << 20));
	expect_told(_metadata, 8192);
	side->request[0] = sluice_client_loan(side->client, 100);
	EXPECT_NE(NULL, side->request[0]);
	limit_to(_metadata, &self->before, self->before.rlim_cur);
	side->request[1] = sluice_client_loan(side->client, 1 << 20);
	EXPECT_NE(NULL, side->request[1]);
}

TEST_HARNESS_MAIN
