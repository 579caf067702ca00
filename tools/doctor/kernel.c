// SPDX-License-Identifier: MIT
/*
 * The doctor's checks of the kernel: how new it is, whether it lets this process have an
 * io_uring with futexes in it, and how nodes wait therefore.
 *
 * The ring is made with the flags of the library's own (lib/os/uring.c), so that it fails
 * for the same reasons.  The kernel returns EPERM both if io_uring is switched off
 * (kernel.io_uring_disabled, Linux 6.6) and if a seccomp filter or a security module
 * refuses the call.  The setting can be read, and whether there is a filter too.
 *
 * A node that finds no io_uring waits through sockets, and everything works.  So that is a
 * note; it is a problem only if $SLUICE_WAIT requires io_uring.
 */
#include "doctor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <liburing.h>

#include "tools/configured.h"

#define URING_ENTRIES		64u
#define URING_COMPLETIONS	4096u
#define OP_FUTEX_WAIT		51	/* Linux 6.7, after the headers of Debian 12 */
#define OP_FUTEX_WAKE		52

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD		77	/* Linux 6.5 */
#endif

/* ---- How new it is ------------------------------------------------------------ */

void doctor_kernel(struct doctor *doctor, struct doctor_finding *finding)
{
	static const struct {
		unsigned int major, minor;
		const char *what;
	} later[] = {
		{ 5, 14, "memory populated in bulk (5.14)" },
		{ 6, 5, "pidfds of peers (6.5)" },
		{ 6, 6, "tracing (6.6)" },
		{ 6, 7, "futexes in io_uring (6.7)" },
	};
	struct utsname kernel;
	char lacks[256] = "";

	(void)doctor;
	uname(&kernel);
	if (!doctor_kernel_is(5, 1)) {
		doctor_found(finding, DOCTOR_PROBLEM, "Linux %s is older than 5.1, the first that seals memory against new writers",
			     kernel.release);
		doctor_mend(finding, "run a later kernel");
		return;
	}
	for (unsigned int i = 0; i < sizeof(later) / sizeof(later[0]); i++) {
		if (doctor_kernel_is(later[i].major, later[i].minor))
			continue;
		if (lacks[0])
			strcat(lacks, ", ");
		strcat(lacks, later[i].what);
	}
	doctor_found(finding, DOCTOR_OK, "Linux %s has all that Sluice can make use of",
		     kernel.release);
	if (!lacks[0])
		return;
	doctor_found(finding, DOCTOR_NOTE, "Linux %s is new enough; what later ones add: %s",
		     kernel.release, lacks);
	doctor_mend(finding, "a later kernel, if one of these matters");
}

void doctor_peers(struct doctor *doctor, struct doctor_finding *finding)
{
	socklen_t size = sizeof(int);
	int pair[2], pidfd;

	(void)doctor;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
		doctor_found(finding, DOCTOR_PROBLEM, "cannot make a socket: %s", strerror(errno));
		doctor_mend(finding, "let this process have Unix sockets, and descriptors for them");
		return;
	}
	if (getsockopt(pair[0], SOL_SOCKET, SO_PEERPIDFD, &pidfd, &size) == 0) {
		close(pidfd);
		doctor_found(finding, DOCTOR_OK, "the death of a peer is noticed by its process (SO_PEERPIDFD)");
	} else {
		doctor_found(finding, DOCTOR_NOTE, "the death of a peer is not noticed while a child of it has its socket (SO_PEERPIDFD: %s)",
			     strerror(errno));
		doctor_mend(finding, "Linux 6.5 or later, if programs make children behind libc's back");
	}
	close(pair[0]);
	close(pair[1]);
}

/* ---- io_uring ------------------------------------------------------------------ */

/* 0 or -errno. */
static int make_ring(struct io_uring *ring)
{
	struct io_uring_params params = {
		.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
			 IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_R_DISABLED |
			 IORING_SETUP_CQSIZE,
		.cq_entries = URING_COMPLETIONS,
	};

	return io_uring_queue_init_params(URING_ENTRIES, ring, &params);
}

static bool has_futexes(struct io_uring *ring)
{
	struct io_uring_probe *probe = io_uring_get_probe_ring(ring);
	bool has;

	if (!probe)
		return false;
	has = probe->last_op >= OP_FUTEX_WAKE &&
	      probe->ops[OP_FUTEX_WAIT].flags & IO_URING_OP_SUPPORTED &&
	      probe->ops[OP_FUTEX_WAKE].flags & IO_URING_OP_SUPPORTED;
	io_uring_free_probe(probe);
	return has;
}

/* Does a seccomp filter look at the system calls of this process? */
static bool is_filtered(void)
{
	FILE *file = fopen("/proc/self/status", "re");
	char line[256];
	int mode = 0;

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "Seccomp: %d", &mode) == 1)
			break;
	if (file)
		fclose(file);
	return mode == 2;
}

static void explain_refusal(struct doctor_finding *finding)
{
	long long disabled = doctor_number("/proc/sys/kernel/io_uring_disabled");

	if (disabled == 2) {
		doctor_found(finding, DOCTOR_NOTE, "io_uring is switched off for all processes (kernel.io_uring_disabled is 2)");
		doctor_mend(finding, "sysctl kernel.io_uring_disabled=0");
	} else if (disabled == 1) {
		doctor_found(finding, DOCTOR_NOTE, "io_uring is switched off for all but a group and CAP_SYS_ADMIN (kernel.io_uring_disabled is 1)");
		doctor_mend(finding, "sysctl kernel.io_uring_disabled=0, or join the group whose number is in kernel.io_uring_group");
	} else if (is_filtered()) {
		doctor_found(finding, DOCTOR_NOTE, "a seccomp filter refuses io_uring, as the default profiles of containers do");
		doctor_mend(finding, "a profile that allows io_uring_setup, io_uring_enter and io_uring_register");
	} else {
		doctor_found(finding, DOCTOR_NOTE, "io_uring is refused, but neither by kernel.io_uring_disabled nor by a seccomp filter");
		doctor_mend(finding, "look at the security module (SELinux, AppArmor), or the sandbox");
	}
}

static void explain_ring(struct doctor_finding *finding, int error)
{
	if (error == ENOSYS && is_filtered()) {
		doctor_found(finding, DOCTOR_NOTE, "there is no io_uring: the kernel has none, or a seccomp filter says so");
		doctor_mend(finding, "a seccomp profile that allows io_uring, or a kernel built with CONFIG_IO_URING");
	} else if (error == ENOSYS) {
		doctor_found(finding, DOCTOR_NOTE, "the kernel was built without io_uring");
		doctor_mend(finding, "a kernel built with CONFIG_IO_URING");
	} else if (error == EINVAL) {
		doctor_found(finding, DOCTOR_NOTE, "the kernel's io_uring is too old for Sluice");
		doctor_mend(finding, "Linux 6.7 or later");
	} else if (error == ENOMEM) {
		doctor_found(finding, DOCTOR_NOTE, "there is no memory for an io_uring; before Linux 5.12 it is locked memory (RLIMIT_MEMLOCK)");
		doctor_mend(finding, "a higher limit: ulimit -l");
	} else {
		doctor_found(finding, DOCTOR_NOTE, "cannot make an io_uring: %s", strerror(error));
		doctor_mend(finding, "see files, if it is descriptors that are lacking");
	}
}

void doctor_uring(struct doctor *doctor, struct doctor_finding *finding)
{
	struct io_uring ring;
	int r = make_ring(&ring);

	if (!URING_BUILT) {
		doctor_found(finding, DOCTOR_NOTE, "this sluice was built without liburing; what programs use is told by their own library");
		doctor_mend(finding, "a build without URING=no");
	} else if (r == -EPERM || r == -EACCES) {
		explain_refusal(finding);
	} else if (r < 0) {
		explain_ring(finding, -r);
	} else {
		doctor->futexes = has_futexes(&ring);
		io_uring_queue_exit(&ring);
		doctor_found(finding, DOCTOR_OK, "this process may have an io_uring");
	}
}

void doctor_futex(struct doctor *doctor, struct doctor_finding *finding)
{
	if (doctor->futexes) {
		doctor_found(finding, DOCTOR_OK, "io_uring has waits and wakes of futexes");
		return;
	}
	doctor_found(finding, DOCTOR_NOTE, "there are no waits of futexes in an io_uring here");
	doctor_mend(finding, "Linux 6.7 or later, and what mends io_uring, if that is not ok");
}

/* ---- How nodes wait ------------------------------------------------------------- */

static void tell_default(const struct doctor *doctor, struct doctor_finding *finding)
{
	if (doctor->futexes) {
		doctor_found(finding, DOCTOR_OK, "nodes wait through io_uring, since it has futexes, and $SLUICE_WAIT leaves it open");
		return;
	}
	doctor_found(finding, DOCTOR_NOTE, "nodes wait through sockets and epoll, since there is no io_uring with futexes; all works, but wakes are slower");
	doctor_mend(finding, "what mends io_uring and futex");
}

/* A configuration file has decided. */
static void tell_configured(const struct doctor *doctor, struct doctor_finding *finding,
			    const char *value, const char *source)
{
	bool sockets = strcmp(value, "socket") == 0;

	if (!sockets && !doctor->futexes) {
		doctor_found(finding, DOCTOR_PROBLEM, "no node can be made, since wait is uring (%s), and there is no io_uring with futexes",
			     source);
		doctor_mend(finding, "let wait be auto in the configuration, or what mends io_uring and futex");
		return;
	}
	doctor_found(finding, DOCTOR_OK, "nodes wait through %s, since wait is %s (%s)",
		     sockets ? "sockets and epoll" : "io_uring", value, source);
}

void doctor_wait(struct doctor *doctor, struct doctor_finding *finding)
{
	const char *chosen = secure_getenv("SLUICE_WAIT");
	char value[CONFIGURED_SIZE], source[CONFIGURED_SIZE];

	if ((!chosen || !*chosen) && configured("node.wait", value, source) &&
	    strcmp(value, "auto") != 0) {
		tell_configured(doctor, finding, value, source);
	} else if (!chosen || !*chosen || strcmp(chosen, "auto") == 0) {
		tell_default(doctor, finding);
	} else if (strcmp(chosen, "socket") == 0) {
		doctor_found(finding, DOCTOR_NOTE, "nodes wait through sockets and epoll, since $SLUICE_WAIT is socket%s",
			     doctor->futexes ? "; io_uring could be had" : "");
		doctor_mend(finding, "unset SLUICE_WAIT, if that is not meant");
	} else if (strcmp(chosen, "uring") != 0) {
		doctor_found(finding, DOCTOR_PROBLEM, "no node can be made, since $SLUICE_WAIT is \"%s\"", chosen);
		doctor_mend(finding, "unset SLUICE_WAIT, or let it be uring, socket or auto");
	} else if (doctor->futexes) {
		doctor_found(finding, DOCTOR_OK, "nodes wait through io_uring, since $SLUICE_WAIT is uring");
	} else {
		doctor_found(finding, DOCTOR_PROBLEM, "no node can be made, since $SLUICE_WAIT is uring, and there is no io_uring with futexes");
		doctor_mend(finding, "unset SLUICE_WAIT, or what mends io_uring and futex");
	}
}
