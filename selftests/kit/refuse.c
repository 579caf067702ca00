// SPDX-License-Identifier: GPL-2.0-only
/*
 * refuse WHAT COMMAND... - runs a command as on a machine that has less than this one
 *
 *	switched-off	io_uring_setup(2) returns EPERM, as with kernel.io_uring_disabled=2 and with
 *			the seccomp profiles of containers
 *	absent		it returns ENOSYS, as of a kernel without io_uring
 *	no-futexes	the kernel cannot tell which operations it has, so that the library uses none
 *			of Linux 6.7
 *	deaf		madvise(2) succeeds and does nothing, as in qemu-user
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

#define REGISTER_PROBE	8	/* IORING_REGISTER_PROBE, which is in an enum */

#define LOAD(field)	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define RETURN(what)	BPF_STMT(BPF_RET | BPF_K, (what))
#define SKIP_UNLESS(value, count)	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 0, (count))

static int install(const char *what)
{
	int error = strcmp(what, "absent") ? EPERM : ENOSYS;
	struct sock_filter setup[] = {
		LOAD(nr),
		SKIP_UNLESS(SYS_io_uring_setup, 1),
		RETURN(SECCOMP_RET_ERRNO | (unsigned int)error),
		RETURN(SECCOMP_RET_ALLOW),
	};
	struct sock_filter probe[] = {
		LOAD(nr),
		SKIP_UNLESS(SYS_io_uring_register, 3),
		LOAD(args[1]),			/* its low half, on the machines that there are */
		SKIP_UNLESS(REGISTER_PROBE, 1),
		RETURN(SECCOMP_RET_ERRNO | EINVAL),
		RETURN(SECCOMP_RET_ALLOW),
	};
	struct sock_filter advice[] = {
		LOAD(nr),
		SKIP_UNLESS(SYS_madvise, 1),
		RETURN(SECCOMP_RET_ERRNO),
		RETURN(SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(setup) / sizeof(setup[0]), setup };

	if (!strcmp(what, "no-futexes"))
		program = (struct sock_fprog){ sizeof(probe) / sizeof(probe[0]), probe };
	else if (!strcmp(what, "deaf"))
		program = (struct sock_fprog){ sizeof(advice) / sizeof(advice[0]), advice };
	else if (strcmp(what, "switched-off") && strcmp(what, "absent"))
		return -1;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

int main(int argc, char **argv)
{
	if (argc < 3 || install(argv[1])) {
		fprintf(stderr, "refuse switched-off|absent|no-futexes|deaf COMMAND...\n");
		return 2;
	}
	execvp(argv[2], argv + 2);
	perror(argv[2]);
	return 127;
}
