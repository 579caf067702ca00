/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ends that are other users, and a root directory that the users share.  Only root can make
 * these; a test says NEEDS_ROOT() first, and is skipped otherwise.
 *
 * The users need not exist: only their numbers count.  An end becomes a user with its first
 * step, before it has opened anything.
 */
#ifndef SELFTESTS_USERS_H
#define SELFTESTS_USERS_H

#include "steps.h"

#include <grp.h>

/* Ann and Bob are in one group, and Eve is not. */
#define ANN	65533
#define BOB	65532
#define EVE	65529
#define GROUP	65531

#define NEEDS_ROOT()							\
	do {								\
		if (geteuid())						\
			SKIP(return, "needs root");			\
	} while (0)

/* become(user, group): its own group is of the same number; 0: no further one. */
helper long become(struct side *side, long user, long group)
{
	gid_t groups[] = { (gid_t)group };

	(void)side;
	if (setgroups(group ? 1 : 0, groups) ||
	    setresgid((gid_t)user, (gid_t)user, (gid_t)user) ||
	    setresuid((uid_t)user, (uid_t)user, (uid_t)user))
		return -errno;
	/* A change of the user resets both. */
	prctl(PR_SET_DUMPABLE, 1);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	return 0;
}

/* set_umask(mask): the one before. */
helper long set_umask(struct side *side, long mask, long unused)
{
	(void)side, (void)unused;
	return umask((mode_t)mask);
}

/* The administrator's part. */
helper void root_share(struct __test_metadata *_metadata, struct root *root, mode_t mode)
{
	ASSERT_EQ(0, chown(root->path, 0, GROUP));
	ASSERT_EQ(0, chmod(root->path, mode));
}

helper void start_user(struct __test_metadata *_metadata, struct end *end, long user)
{
	end_start(_metadata, end, IN_PROCESS);
	ASSERT_EQ(0, at(end, become, user, user == EVE ? 0 : GROUP));
}

#endif /* SELFTESTS_USERS_H */
