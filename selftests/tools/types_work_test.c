// SPDX-License-Identifier: GPL-2.0-only
/*
 * How much sluice types looks at: for a program with contracts whose types are all missing, each
 * of which is looked for in all of the debug information.  The work is counted, not the time.
 * It has a bound that grows with the size of the file, and a file beyond it is refused with a
 * sentence.
 */
#include "common.h"

#include <sys/wait.h>

#include "tools/types/shared.h"

FIXTURE(types_work) {
	struct root root;
	char source[128], object[128];
};

FIXTURE_SETUP(types_work)
{
	root_make(_metadata, &self->root);
	snprintf(self->source, sizeof(self->source), "%s/contracts.c", self->root.path);
	snprintf(self->object, sizeof(self->object), "%s/contracts.o", self->root.path);
}

FIXTURE_TEARDOWN(types_work)
{
	unlink(self->source);
	unlink(self->object);
	TEARDOWN_CHECKS(&self->root);
}

static void write_source(struct __test_metadata *_metadata, const char *path, int contracts)
{
	FILE *file = fopen(path, "we");
	int i;

	ASSERT_NE(NULL, file);
	fputs("struct sluice_type { const char *name; unsigned long size; unsigned alignment, kind; unsigned long fingerprint; };\n"
	      "struct sluice_contract { const char *name; struct sluice_type types[4]; };\n", file);
	for (i = 0; i < contracts; i++)
		fprintf(file, "struct sluice_contract c%d = { \"s/%d\", { { \"struct a%d\", 4, 4 }, { \"struct b%d\", 4, 4 } } };\n",
			i, i, i, i);
	ASSERT_EQ(0, fclose(file));
}

/* Bytes of the object with so many contracts; 0: there is no compiler. */
static uint64_t compile(struct __test_metadata *_metadata, FIXTURE_DATA(types_work) *self,
			int contracts)
{
	struct stat status;
	int result;
	pid_t pid;

	write_source(_metadata, self->source, contracts);
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		execlp("cc", "cc", "-g", "-c", self->source, "-o", self->object, (char *)NULL);
		_exit(127);
	}
	ASSERT_EQ(pid, waitpid(pid, &result, 0));
	if (WEXITSTATUS(result) == 127)
		return 0;
	ASSERT_EQ(0, result);
	ASSERT_EQ(0, stat(self->object, &status));
	return (uint64_t)status.st_size;
}

static uint64_t bound(uint64_t bytes)
{
	return WORK_FIRST + WORK_FOR_BYTE * bytes;
}

/* Far more than a program has. */
TEST_F_TIMEOUT(types_work, many_contracts_are_read, 300)
{
	uint64_t bytes = compile(_metadata, self, 200);
	struct shared shared;

	if (!bytes)
		SKIP(return, "there is no compiler");
	EXPECT_EQ(0, shared_read(&shared, self->object, true));
	EXPECT_EQ(400u, shared.types);
	EXPECT_FALSE(shared.work.spent);
	EXPECT_GT(bound(bytes), shared.work.done);
	EXPECT_LT(4 * 200 * 200u, shared.work.done) TH_LOG("the work is not counted");
	shared_free(&shared);
}

TEST_F_TIMEOUT(types_work, more_than_the_file_has_room_for_is_refused, 300)
{
	uint64_t bytes = compile(_metadata, self, 3000);
	struct shared shared;

	if (!bytes)
		SKIP(return, "there is no compiler");
	EXPECT_EQ(-1, shared_read(&shared, self->object, true));
	EXPECT_TRUE(shared.work.spent);
	EXPECT_GE(bound(bytes), shared.work.done);
	shared_free(&shared);
}

TEST_HARNESS_MAIN
