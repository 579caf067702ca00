/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A trial: a step of set-up is taken again and again, and each system call and each
 * allocation that it makes fails in turn (inject.h).  After each time the step has failed
 * with a reason or has succeeded, nothing is left over, and the step succeeds once more.
 */
#ifndef SELFTESTS_TRIALS_H
#define SELFTESTS_TRIALS_H

#include "steps.h"

#define INJECT_ALLOCATIONS
#include "inject.h"
#include "belongings.h"

/* More calls than anything here makes. */
#define CALLS_MOST	2000

FIXTURE(setup_failures) {
	struct root root;
	struct end other;
	struct side side;
};

FIXTURE_SETUP(setup_failures)
{
	root_make(_metadata, &self->root);
	self->side = (struct side){ .contract = &blobs };
}

FIXTURE_TEARDOWN(setup_failures)
{
	leave(&self->side, 0, 0);
	if (self->other.pid)
		end_stop(&self->other);
	TEARDOWN_CHECKS(&self->root);
}

/* The steps before and after are never hit; each is 0 or more, or -errno. */
struct trial {
	const char *name;
	step *before, *run, *after;
	long argument;
	bool waits;		/* for a peer, and may do so in vain */
	bool relays;		/* the end of a channel, which has words of its own */
	bool briefly;		/* the first errno of each call will do */
};

/* ---- Nothing is left over ---------------------------------------------------------- */

/* A name whose removal has failed is left: it is a leftover like that of a dead process. */
helper bool removes(long call)
{
	const char *name = inject_name(call);

	return !strncmp(name, "unlink", 6) || !strncmp(name, "rmdir", 5);
}

/* ---- The trial ----------------------------------------------------------------------- */

/* Whether the errno of a call may be told as this one. */
helper bool is_told_as(int error, int told)
{
	/* Memory that may not be locked, or is full, is memory that is lacking. */
	return told == error ||
	       /* Without io_uring, it is as if there were none. */
	       (told == ENOSYS && error == EPERM && strstr(inject_name(inject.call), "io_uring")) ||
	       (told == ENOMEM && (error == EAGAIN || error == ENOSPC || error == ENOBUFS));
}

/* One line for each mistake; all of them are of interest. */
helper void complain(struct __test_metadata *_metadata, const struct trial *trial,
		     const char *mistake, long r)
{
	EXPECT_EQ(0, 1)
		TH_LOG("%s, call %ld, %s() with \"%s\": %s, %ld; the sentence is \"%s\"",
		       trial->name, inject.nth, inject.reached ? inject_name(inject.call) : "none",
		       strerror(inject.error), mistake, r, sluice_strerror());
}

helper void judge_failure(struct __test_metadata *_metadata, const struct trial *trial, long r)
{
	const char *sentence = sluice_strerror();

	if (!inject.hit)
		complain(_metadata, trial, "has failed without a reason", r);
	else if (!is_told_as(inject.error, (int)-r) &&
		 !(trial->relays && (r == -ECONNRESET || r == -EAGAIN)))
		complain(_metadata, trial, "has failed with another errno", r);
	else if (errno != -r)
		complain(_metadata, trial, "errno is something else", r);
	else if (!strcmp(sentence, "no failure") || !*sentence)
		complain(_metadata, trial, "has no sentence", r);
	else if (!trial->relays && !strstr(sentence, strerror((int)-r)) &&
		 !strstr(sentence, strerror(inject.error)) && !strstr(sentence, "no memory") &&
		 !strstr(sentence, "RLIMIT_MEMLOCK"))
		complain(_metadata, trial, "does not say why", r);
}

helper void judge_belongings(struct __test_metadata *_metadata, const struct trial *trial,
			     const struct belongings *before, const struct belongings *after,
			     const struct side *side)
{
	if (before->fds != after->fds)
		complain(_metadata, trial, "descriptors are left", after->fds - before->fds);
	/* A node may have got its inotify instance meanwhile, or lost it. */
	if (after->watches > (side->node ? 1 : 0))
		complain(_metadata, trial, "inotify instances are left", after->watches);
	if (before->mappings != after->mappings)
		complain(_metadata, trial, "mappings are left",
			 after->mappings - before->mappings);
	if (before->entries != after->entries && !removes(inject.call))
		complain(_metadata, trial, "files are left", after->entries - before->entries);
	if (before->blocks != after->blocks)
		complain(_metadata, trial, "memory is left", after->blocks - before->blocks);
}

/* Once with the n-th call failing with its k-th errno. */
helper void try_once(struct __test_metadata *_metadata, const struct root *root,
		     struct side *side, const struct trial *trial, long n, int k,
		     enum inject_many many)
{
	struct belongings before = count_belongings(root), after;
	long r;

	ASSERT_LE(0, trial->before(side, trial->argument, 0)) TH_LOG("%s", sluice_strerror());
	inject_arm(n, k, many);
	r = trial->run(side, trial->argument, 0);
	inject_disarm();
	EXPECT_EQ(0, inject.unknown) TH_LOG("inject.h has no row for %ld", inject.unknown);
	if (r < 0 && !(inject.hit && trial->waits && r == -ETIMEDOUT) && r != -EINTR)
		judge_failure(_metadata, trial, r);
	trial->after(side, 0, 0);
	after = count_belongings(root);
	judge_belongings(_metadata, trial, &before, &after, side);
}

helper void try_all(struct __test_metadata *_metadata, const struct root *root,
		    struct side *side, const struct trial *trial, enum inject_many many)
{
	bool more = true;
	long n;
	int k;

	/* Things that libc and the library make once are there before anything is counted. */
	ASSERT_LE(0, trial->before(side, trial->argument, 0));
	ASSERT_LE(0, trial->run(side, trial->argument, 0)) TH_LOG("%s", sluice_strerror());
	ASSERT_LE(0, trial->after(side, 0, 0));
	for (n = 1; more && n < CALLS_MOST; n++)
		for (k = 0;; k++) {
			try_once(_metadata, root, side, trial, n, k, many);
			more = inject.reached;
			if (!inject.hit || trial->briefly)
				break;
			try_once(_metadata, root, side, trial, CALLS_MOST, 0, many);
		}
	EXPECT_LT(n, CALLS_MOST);
	EXPECT_LT(1, n);
	TH_LOG("%s: %ld calls and allocations", trial->name, n - 2);
}

helper void install(struct __test_metadata *_metadata)
{
	const char *why = inject_install();

	if (why)
		SKIP(exit(KSFT_SKIP), "%s", why);
}

#endif /* SELFTESTS_TRIALS_H */
