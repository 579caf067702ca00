// SPDX-License-Identifier: GPL-2.0-only
/*
 * doctor_test ERRNO COMMAND [ARGUMENT]... - runs a command on a system that refuses io_uring
 *
 * A seccomp filter, which the command inherits, makes io_uring_setup(2) fail with this
 * errno, as a container's default profile does.
 */
#include <err.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static void refuse(unsigned int error)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (error & SECCOMP_RET_DATA)),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		err(3, "seccomp");
}

int main(int argc, char **argv)
{
	if (argc < 3)
		errx(3, "which errno, and which command?");
	refuse((unsigned int)atoi(argv[1]));
	execvp(argv[2], argv + 2);
	err(3, "%s", argv[2]);
}
