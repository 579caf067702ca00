// SPDX-License-Identifier: GPL-2.0-only
/*
 * A system that refuses io_uring, as a container's default profile does, or does
 * not have it: a seccomp filter makes io_uring_setup(2) fail, on both sides or on
 * one.  Or the kernel says that it is an old one, or has io_uring and no futexes in it.  A
 * node that is left the choice then waits with sockets and everything works; one that
 * insists on io_uring is told that there is none.
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "steps.h"

FIXTURE_VARIANT(refused) {
	int error;		/* what io_uring_setup() fails with; 0: Linux 2.6, says uname() */
	bool no_futexes;	/* it succeeds, but the ring has no futexes */
	bool here, there;	/* for the client, for the server */
};

ENDS_FIXTURE_DATA_(refused);

FIXTURE_VARIANT_ADD(refused, on_both_sides) {
	.error = EPERM, .here = true, .there = true,
};

FIXTURE_VARIANT_ADD(refused, at_the_client) {
	.error = EPERM, .here = true,
};

FIXTURE_VARIANT_ADD(refused, at_the_server) {
	.error = EPERM, .there = true,
};

FIXTURE_VARIANT_ADD(refused, not_in_the_kernel) {
	.error = ENOSYS, .here = true, .there = true,
};

FIXTURE_VARIANT_ADD(refused, not_in_the_kernel_of_the_client) {
	.error = ENOSYS, .here = true,
};

FIXTURE_VARIANT_ADD(refused, not_in_the_kernel_of_the_server) {
	.error = ENOSYS, .there = true,
};

FIXTURE_VARIANT_ADD(refused, by_an_old_kernel) {
	.here = true, .there = true,
};

FIXTURE_VARIANT_ADD(refused, futexes) {
	.no_futexes = true, .here = true, .there = true,
};

#define REGISTER_PROBE	8	/* IORING_REGISTER_PROBE, which is in an enum */

/*
 * Takes io_uring away from this process, or its futexes: the kernel cannot tell then which
 * operations a ring has.  0 or -errno.
 */
static long refuse(struct side *side, long error, long no_futexes)
{
	int call = no_futexes ? SYS_io_uring_register : SYS_io_uring_setup;
	uint32_t result = no_futexes ? EINVAL : (uint32_t)error & SECCOMP_RET_DATA;
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call, 0, 3),
		/* The low half of the second argument; io_uring_setup() has a pointer there. */
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, REGISTER_PROBE, 0, no_futexes ? 1 : 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | result),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { ARRAY_SIZE(code), code };

	(void)side;
	if (!error && !no_futexes)
		return personality(UNAME26) < 0 ? -errno : 0;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		return -errno;
	return 0;
}

TEST_F(refused, is_worked_around)
{
	struct sluice_node_opts uring = SLUICE_NODE_OPTS(.wait = SLUICE_WAIT_URING);
	struct end *server = &self->end[0];
	long i;

	end_start(_metadata, server, IN_PROCESS);
	if (variant->there)
		ASSERT_EQ(0, at(server, refuse, variant->error, variant->no_futexes));
	ASSERT_EQ(0, at(server, join_server, PTR(&calls), 0));
	if (variant->here) {
		ASSERT_EQ(0, refuse(NULL, variant->error, variant->no_futexes));
		EXPECT_FAILS(ENOSYS, sluice_node_create("uring", &uring));
		EXPECT_SAYS("io_uring");
		if (!variant->error && !variant->no_futexes)
			EXPECT_SAYS("Linux 2.6");
	}
	open_client_side(_metadata, &self->side, &calls, NULL, 1);

	begin(server, serve, 20, 0);
	for (i = 0; i < 20; i++) {
		until_asleep(server);
		ASSERT_EQ(1, ask(&self->side, 0, i));
		EXPECT_EQ(i + 1, hear(&self->side, 0, LONG))
			TH_LOG("%s", sluice_strerror());
		EXPECT_EQ(0, hear_end(&self->side, 0, LONG));
	}
	EXPECT_EQ(20, finish(server));
	EXPECT_EQ(-EAGAIN, at(server, take, 0, SLUICE_NOWAIT));
}

/*
 * A ring that is made and closed again lets the kernel interrupt this thread a little later.
 * The waits of nodes know nothing of it, be it the first node or the second.
 */
TEST_F(refused, ends_no_wait)
{
	struct sluice_node *node;
	int i;

	ASSERT_EQ(0, refuse(NULL, variant->error, variant->no_futexes));
	for (i = 0; i < 2; i++) {
		node = sluice_node_create("waits", NULL);
		ASSERT_NE(NULL, node);
		EXPECT_FAILS_INT(ETIMEDOUT, sluice_node_wait(node, SECOND / 10));
		sluice_node_destroy(node);
	}
}

TEST_HARNESS_MAIN
