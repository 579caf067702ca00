/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lets the n-th system call of a piece of a program fail.
 *
 * inject_install() puts a seccomp filter on the calling process.  Each system call
 * that libc or another shared library makes (liburing too) raises SIGSYS; the handler
 * counts it and then either makes the call or lets it fail.  So no call is missed,
 * whatever function of libc made it.  Calls of a sanitizer are not counted.
 *
 *	for (n = 1; more; n++)
 *		for (k = 0;; k++) {
 *			inject_arm(n, k, INJECT_ONCE);
 *			operation();
 *			inject_disarm();
 *			more = inject.reached;		there was an n-th call
 *			if (!inject.hit)		it has no k-th errno
 *				break;
 *			... look at what the operation made of inject.error ...
 *		}
 *
 * inject_arm_call() takes one system call and one errno instead.  With INJECT_ON all
 * later calls of the same number fail likewise, as when a limit is reached.
 *
 * The file that includes this is compiled with -D_GNU_SOURCE.
 *
 * The errnos of each call stand in a table; a call with no row is a mistake of the
 * table and is counted in inject.unknown, which a test expects to be 0.  A call with an
 * empty row never fails.
 *
 * With INJECT_ALLOCATIONS defined in one file of a program, malloc(3) and its kin count
 * as calls of the number INJECT_MALLOC, and inject_blocks() tells how many blocks are in
 * use.  (Only with glibc, and without a sanitizer.)
 *
 * A function inject_watch, if it is set, is called before and after each call that is made.
 *
 * Only the thread that armed is hit.  A forked child inherits the filter together with
 * the handler and works; a program that is executed does not, so nothing may be executed
 * after inject_install().  A kselftest TEST is a process of its own: the filter
 * is gone with it.
 */
#ifndef SELFTESTS_INJECT_H
#define SELFTESTS_INJECT_H

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#if defined(__SANITIZE_THREAD__)
#define INJECT_BLOCKS_SIGNALS 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define INJECT_BLOCKS_SIGNALS 1
#endif
#endif
#ifndef INJECT_BLOCKS_SIGNALS
#define INJECT_BLOCKS_SIGNALS 0
#endif

#if defined(__SANITIZE_ADDRESS__) || INJECT_BLOCKS_SIGNALS
#define INJECT_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
#define INJECT_SANITIZED 1
#endif
#endif

#define inject_fn static __attribute__((__unused__))

#define INJECT_MALLOC	1000000		/* greater than any system call's number */
#define INJECT_DUPLICATE 1000001	/* fcntl(F_DUPFD), F_DUPFD_CLOEXEC */
#define INJECT_LOCK	1000002		/* fcntl(F_SETLK), F_OFD_SETLK and their kin */
#define INJECT_ANY	(-1)

enum inject_many {
	INJECT_ONCE,
	INJECT_ON,		/* later calls of the same number fail too */
};

/* What was asked for, and what has happened since; read it after inject_disarm(). */
static struct inject {
	long nth, wanted;
	int which, wanted_error;
	enum inject_many many;

	long seen;		/* calls since inject_arm() */
	bool reached;		/* there were n calls */
	bool hit;		/* at least one has failed */
	long call;		/* the n-th: its number */
	int error;		/* what it failed with */
	long unknown;		/* the number of a call without a row, or 0 */
} inject;

static _Thread_local volatile bool inject_armed;

/* Sees each system call, armed or not.  It calls nothing in libc. */
static void (*inject_watch)(long call, bool is_after) __attribute__((__unused__));

#include "inject_rows.h"

/* ---- One call ---------------------------------------------------------------------- */

/* Counts a call; the errno that it shall fail with, or 0. */
static int inject_judge(long call)
{
	const struct inject_row *row;

	if (!inject_armed || (inject.wanted != INJECT_ANY && inject.wanted != call))
		return 0;
	row = inject_row(call);
	if (!row)
		inject.unknown = call;
	inject.seen++;
	if (inject.seen == inject.nth) {
		inject.reached = true;
		inject.call = call;
		inject.error = inject.wanted_error;
		if (!inject.error && row && inject.which < INJECT_ERRORS)
			inject.error = row->errors[inject.which];
		inject.hit = inject.error;
		return inject.error;
	}
	return inject.hit && inject.many == INJECT_ON && call == inject.call ? inject.error : 0;
}

/* The which-th errno of the n-th call, whatever call that is. */
inject_fn void inject_arm(long nth, int which, enum inject_many many)
{
	inject = (struct inject){
		.nth = nth, .wanted = INJECT_ANY, .which = which, .many = many,
	};
	inject_armed = true;
}

/* The n-th call of this number. */
inject_fn void inject_arm_call(long call, long nth, int error, enum inject_many many)
{
	inject = (struct inject){
		.nth = nth, .wanted = call, .wanted_error = error, .many = many,
	};
	inject_armed = true;
}

inject_fn void inject_disarm(void)
{
	inject_armed = false;
}

/* ---- System calls -------------------------------------------------------------------- */

/*
 * inject_raw() makes a system call from a place that the filter lets pass: it lies in
 * the program and not in a shared library.
 */
#if defined(__x86_64__) && !defined(__ILP32__)
#define INJECT_ARCH	AUDIT_ARCH_X86_64
#define INJECT_ARG(uc, i)						\
	((uc)->uc_mcontext.gregs[((const int[]){ REG_RDI, REG_RSI, REG_RDX,	\
						 REG_R10, REG_R8, REG_R9 })[i]])
#define INJECT_RESULT(uc)	((uc)->uc_mcontext.gregs[REG_RAX])

static inline long inject_raw(long call, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(call), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}
#elif defined(__aarch64__)
#define INJECT_ARCH	AUDIT_ARCH_AARCH64
#define INJECT_ARG(uc, i)	((uc)->uc_mcontext.regs[i])
#define INJECT_RESULT(uc)	((uc)->uc_mcontext.regs[0])

static inline long inject_raw(long call, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = call;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return x0;
}
#endif

#ifdef INJECT_ARCH
/* The commands of fcntl() that have errnos of their own count as calls of their own. */
static long inject_number(long call, long command)
{
	if (call != SYS_fcntl)
		return call;
	switch (command) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		return INJECT_DUPLICATE;
	case F_SETLK:
	case F_SETLKW:
	case F_OFD_SETLK:
	case F_OFD_SETLKW:
		return INJECT_LOCK;
	}
	return call;
}

/* Calls nothing in libc: what it calls there could be trapped in turn. */
static void inject_trap(int signal, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	long call = inject_number(info->si_syscall, (long)INJECT_ARG(uc, 1));
	int error = inject_judge(call);

	(void)signal;
	if (inject_watch)
		inject_watch(call, false);
	INJECT_RESULT(uc) = error ? -error :
			    inject_raw(info->si_syscall, (long)INJECT_ARG(uc, 0),
				       (long)INJECT_ARG(uc, 1), (long)INJECT_ARG(uc, 2),
				       (long)INJECT_ARG(uc, 3), (long)INJECT_ARG(uc, 4),
				       (long)INJECT_ARG(uc, 5));
	if (inject_watch)
		inject_watch(call, true);
}

#include "inject_filter.h"

/* NULL, or why it cannot be had here. */
inject_fn const char *inject_install(void)
{
	struct sigaction trap = {
		.sa_sigaction = inject_trap,
		.sa_flags = SA_SIGINFO | SA_NODEFER,
	};
	struct inject_ranges ranges = { .count = 0 };
	struct inject_filter filter;
	struct sock_fprog program;

	if (INJECT_BLOCKS_SIGNALS)
		return "the thread sanitizer makes calls of libc with all signals blocked";
	dl_iterate_phdr(inject_visit, &ranges);
	if (!ranges.count)
		return "the program is linked statically";
	inject_compile(&filter, &ranges);
	program = (struct sock_fprog){ .len = filter.length, .filter = filter.code };
	sigaction(SIGSYS, &trap, NULL);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0))
		return "seccomp filters cannot be had here";
	return NULL;
}
#else
inject_fn const char *inject_install(void)
{
	return "the registers of this architecture are not known to inject.h";
}
#endif

#include "inject_memory.h"

#endif /* SELFTESTS_INJECT_H */
