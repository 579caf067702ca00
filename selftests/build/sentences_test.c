// SPDX-License-Identifier: GPL-2.0-only
/*
 * That a failure without a sentence ends a test (selftests/kit/sentences.c): shown what it is
 * to find, and what it is to let pass.
 */
#include <sys/wait.h>

#include "common.h"

int fail(int error, const char *format, ...);	/* base/error.h */
unsigned long sentences_written(void);
void sentences_check(const char *function, unsigned long before, int error);

ROOT_FIXTURE(sentences);

/* Does a call that returns this end the program, after a sentence with that errno? */
static bool ends(int sentence, int error, int returned)
{
	unsigned long before = sentences_written();
	int status = 0;
	pid_t child;

	child = fork();
	if (!child) {
		if (sentence)
			(void)fail(sentence, "here it is");
		errno = error;
		sentences_check("a_function", before, returned);
		_exit(0);
	}
	waitpid(child, &status, 0);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

TEST_F(sentences, are_wanted)
{
	EXPECT_FALSE(ends(EIO, EIO, EIO));
	EXPECT_FALSE(ends(EIO, EIO, 0)) TH_LOG("a pointer");
	EXPECT_TRUE(ends(0, EIO, EIO)) TH_LOG("no sentence");
	EXPECT_TRUE(ends(EIO, ENOENT, EIO)) TH_LOG("another errno");
	EXPECT_TRUE(ends(EIO, 0, 0)) TH_LOG("no errno");
}

/* The wrappers are there: a failure counts, and what passes on an old one does too. */
TEST_F(sentences, are_counted)
{
	unsigned long before = sentences_written();

	EXPECT_FAILS_INT(EINVAL, sluice_node_adopt(NULL));
	EXPECT_NE(before, sentences_written());
	before = sentences_written();
	EXPECT_EQ(0, sluice_request_release(NULL));
	EXPECT_EQ(before, sentences_written());
}

TEST_HARNESS_MAIN
