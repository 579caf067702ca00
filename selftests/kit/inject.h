/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lets the n-th system call of a piece of a program fail.
 *
 * inject_install() puts a seccomp filter on the calling process.  Each system call
 * that libc or another shared library makes (liburing too) raises SIGSYS; the handler
 * counts it and then either makes the call or lets it fail.  So no call is missed,
 * whatever wrapper it came through.  What a sanitizer asks of the kernel is not seen.
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

/* ---- What each call may fail with ----------------------------------------------- */

#define INJECT_ERRORS	10

struct inject_row {
	long call;
	const char *name;
	int errors[INJECT_ERRORS];
};

#define INJECT_ROW(name, ...)	{ SYS_##name, #name, { __VA_ARGS__ } }
#define INJECT_OPEN	EMFILE, ENFILE, ENOMEM, ENOSPC, EACCES, EIO, EROFS, EDQUOT
#define INJECT_NEW	EMFILE, ENFILE, ENOMEM
#define INJECT_NAME	ENOSPC, EACCES, EIO, EROFS, EDQUOT, ENOMEM

static const struct inject_row inject_rows[] = {
	{ INJECT_MALLOC, "malloc", { ENOMEM } },
	INJECT_ROW(openat, INJECT_OPEN),
	INJECT_ROW(openat2, INJECT_OPEN),
	INJECT_ROW(mkdirat, INJECT_NAME),
	INJECT_ROW(linkat, INJECT_NAME),
	INJECT_ROW(renameat2, INJECT_NAME),
	INJECT_ROW(unlinkat, EACCES, EIO, EROFS, ENOMEM),
	INJECT_ROW(statx, EACCES, EIO, ENOMEM),
#ifdef SYS_newfstatat
	INJECT_ROW(newfstatat, EACCES, EIO, ENOMEM),
#endif
	INJECT_ROW(fstat, EIO, ENOMEM),
	INJECT_ROW(faccessat, EACCES, EIO, ENOMEM),
	INJECT_ROW(readlinkat, EACCES, EIO, ENOMEM),
	INJECT_ROW(statfs, EACCES, EIO, ENOMEM),
	INJECT_ROW(fstatfs, EIO, ENOMEM),
	INJECT_ROW(fgetxattr, EOPNOTSUPP, EIO, ENOMEM),
	INJECT_ROW(fchmod, EPERM, EIO, EROFS),
	INJECT_ROW(fchmodat, EPERM, EACCES, EIO, EROFS, ENOMEM),
	INJECT_ROW(fchown, EPERM, EIO, EROFS, EDQUOT),
	INJECT_ROW(fchownat, EPERM, EACCES, EIO, EROFS, EDQUOT, ENOMEM),
	INJECT_ROW(getdents64, EIO, ENOMEM),
	INJECT_ROW(read, EIO),
	INJECT_ROW(pread64, EIO),
	INJECT_ROW(write, ENOSPC, EIO, EDQUOT, EFBIG),
	INJECT_ROW(pwrite64, ENOSPC, EIO, EDQUOT, EFBIG),
	INJECT_ROW(lseek, EIO),
	INJECT_ROW(ftruncate, EFBIG, EIO, ENOSPC, EDQUOT),
	INJECT_ROW(fallocate, ENOSPC, EIO, EDQUOT, EFBIG, EOPNOTSUPP),
	INJECT_ROW(flock, ENOLCK, ENOMEM),
	{ INJECT_DUPLICATE, "fcntl(F_DUPFD)", { EMFILE, ENOMEM } },
	{ INJECT_LOCK, "fcntl(F_SETLK)", { ENOLCK } },
	INJECT_ROW(fcntl, EPERM),
	INJECT_ROW(ioctl, EIO),
	INJECT_ROW(dup, EMFILE),
	INJECT_ROW(dup3, EMFILE),
	INJECT_ROW(mmap, ENOMEM, EAGAIN, EACCES),
	INJECT_ROW(mremap, ENOMEM),
	INJECT_ROW(mprotect, ENOMEM),
	INJECT_ROW(madvise, ENOMEM, EINVAL),
	INJECT_ROW(msync, ENOMEM),
	INJECT_ROW(mincore, ENOMEM),
	INJECT_ROW(mlock, ENOMEM, EPERM),
	INJECT_ROW(mlock2, ENOMEM, EPERM),
	INJECT_ROW(brk, 0),
	INJECT_ROW(memfd_create, INJECT_NEW),
	INJECT_ROW(eventfd2, INJECT_NEW),
	INJECT_ROW(timerfd_create, INJECT_NEW),
	INJECT_ROW(timerfd_settime, ENOMEM),
	INJECT_ROW(epoll_create1, INJECT_NEW),
	INJECT_ROW(inotify_init1, INJECT_NEW),
	INJECT_ROW(inotify_add_watch, ENOSPC, ENOMEM),
	INJECT_ROW(epoll_ctl, ENOMEM, ENOSPC),
	INJECT_ROW(epoll_pwait, EINTR),
	INJECT_ROW(ppoll, EINTR, ENOMEM),
	INJECT_ROW(pselect6, EINTR, ENOMEM),
	INJECT_ROW(pidfd_open, EMFILE, ENFILE, ENOMEM, EPERM, ENOSYS),
	INJECT_ROW(pidfd_send_signal, EPERM, ENOSYS),
	INJECT_ROW(socket, EMFILE, ENFILE, ENOMEM, ENOBUFS, EACCES),
	INJECT_ROW(socketpair, EMFILE, ENFILE, ENOMEM, ENOBUFS),
	INJECT_ROW(bind, INJECT_NAME),
	INJECT_ROW(listen, EADDRINUSE),
	INJECT_ROW(connect, ENOMEM, ENOBUFS, EACCES, EPERM, ECONNREFUSED),
	INJECT_ROW(accept4, EMFILE, ENFILE, ENOMEM, ENOBUFS, ECONNABORTED),
	INJECT_ROW(shutdown, ENOMEM),
	INJECT_ROW(sendto, ENOMEM, ENOBUFS),
	INJECT_ROW(sendmsg, ENOMEM, ENOBUFS, ETOOMANYREFS),
	INJECT_ROW(recvfrom, ENOMEM),
	INJECT_ROW(recvmsg, ENOMEM),
	INJECT_ROW(getsockopt, ENOMEM),
	INJECT_ROW(setsockopt, ENOMEM, EPERM),
	INJECT_ROW(getsockname, ENOBUFS),
	INJECT_ROW(io_uring_setup, EMFILE, ENFILE, ENOMEM, EPERM, ENOSYS),
	INJECT_ROW(io_uring_enter, ENOMEM, EINTR),
	INJECT_ROW(io_uring_register, ENOMEM, EPERM),
	INJECT_ROW(getrandom, ENOSYS),
	INJECT_ROW(sched_getaffinity, EINVAL),
	INJECT_ROW(prlimit64, EPERM),
	INJECT_ROW(prctl, EPERM),
	/* These cannot fail, or not in a way that says anything. */
	INJECT_ROW(close, 0),
	INJECT_ROW(munmap, 0),
	INJECT_ROW(munlock, 0),
	INJECT_ROW(munlockall, 0),
	INJECT_ROW(getrusage, 0),
	INJECT_ROW(sysinfo, 0),
	INJECT_ROW(futex, 0),
	INJECT_ROW(getpid, 0),
	INJECT_ROW(gettid, 0),
	INJECT_ROW(getppid, 0),
	INJECT_ROW(getuid, 0),
	INJECT_ROW(geteuid, 0),
	INJECT_ROW(getgid, 0),
	INJECT_ROW(getegid, 0),
	INJECT_ROW(getgroups, 0),
	INJECT_ROW(umask, 0),
	INJECT_ROW(kill, 0),
	INJECT_ROW(uname, 0),
	INJECT_ROW(sched_yield, 0),
	INJECT_ROW(nanosleep, 0),
	INJECT_ROW(clock_nanosleep, 0),
	INJECT_ROW(clock_gettime, 0),
	INJECT_ROW(wait4, 0),
#ifdef SYS_open				/* architectures of old have these as well */
	INJECT_ROW(open, INJECT_OPEN),
	INJECT_ROW(stat, EACCES, EIO, ENOMEM),
	INJECT_ROW(lstat, EACCES, EIO, ENOMEM),
	INJECT_ROW(mkdir, INJECT_NAME),
	INJECT_ROW(rmdir, EACCES, EIO, EROFS),
	INJECT_ROW(link, INJECT_NAME),
	INJECT_ROW(rename, INJECT_NAME),
	INJECT_ROW(unlink, EACCES, EIO, EROFS),
	INJECT_ROW(readlink, EACCES, EIO, ENOMEM),
	INJECT_ROW(access, EACCES, EIO, ENOMEM),
	INJECT_ROW(chmod, EPERM, EACCES, EIO, EROFS),
	INJECT_ROW(chown, EPERM, EACCES, EIO, EROFS),
	INJECT_ROW(poll, EINTR, ENOMEM),
	INJECT_ROW(select, EINTR, ENOMEM),
	INJECT_ROW(epoll_wait, EINTR),
	INJECT_ROW(getrlimit, EPERM),
	INJECT_ROW(time, 0),
#endif
#ifdef SYS_renameat
	INJECT_ROW(renameat, INJECT_NAME),
#endif
#ifdef SYS_epoll_pwait2
	INJECT_ROW(epoll_pwait2, EINTR, ENOSYS),
#endif
};

inject_fn const struct inject_row *inject_row(long call)
{
	size_t i;

	for (i = 0; i < sizeof(inject_rows) / sizeof(inject_rows[0]); i++)
		if (inject_rows[i].call == call)
			return &inject_rows[i];
	return NULL;
}

inject_fn const char *inject_name(long call)
{
	const struct inject_row *row = inject_row(call);

	return row ? row->name : "a system call without a row";
}

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
	int error = inject_judge(inject_number(info->si_syscall, (long)INJECT_ARG(uc, 1)));

	(void)signal;
	INJECT_RESULT(uc) = error ? -error :
			    inject_raw(info->si_syscall, (long)INJECT_ARG(uc, 0),
				       (long)INJECT_ARG(uc, 1), (long)INJECT_ARG(uc, 2),
				       (long)INJECT_ARG(uc, 3), (long)INJECT_ARG(uc, 4),
				       (long)INJECT_ARG(uc, 5));
}

/* The code of shared libraries; a sanitizer's is left out. */
#define INJECT_RANGES	16

struct inject_ranges {
	struct {
		uint64_t begin, end;
	} range[INJECT_RANGES];
	unsigned int count;
};

static int inject_visit(struct dl_phdr_info *object, size_t size, void *context)
{
	struct inject_ranges *ranges = context;
	const char *name = object->dlpi_name;
	uint64_t begin;
	int i;

	(void)size;
	if (!strstr(name, ".so") || strstr(name, "san.so") || strstr(name, "vdso"))
		return 0;
	for (i = 0; i < object->dlpi_phnum && ranges->count < INJECT_RANGES; i++) {
		if (object->dlpi_phdr[i].p_type != PT_LOAD ||
		    !(object->dlpi_phdr[i].p_flags & PF_X))
			continue;
		begin = object->dlpi_addr + object->dlpi_phdr[i].p_vaddr;
		ranges->range[ranges->count].begin = begin;
		ranges->range[ranges->count++].end = begin + object->dlpi_phdr[i].p_memsz;
	}
	return 0;
}

#define INJECT_LOAD(field)						\
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offsetof(struct seccomp_data, field))
#define INJECT_JUMP(op, value, yes, no)					\
	BPF_JUMP(BPF_JMP | (op) | BPF_K, (uint32_t)(value), yes, no)

/*
 * What libc does with all signals blocked, or what a handler cannot do in another's
 * place: never trapped.
 */
static const int inject_passed[] = {
	SYS_rt_sigreturn, SYS_rt_sigprocmask, SYS_rt_sigaction, SYS_sigaltstack, SYS_clone,
	SYS_clone3, SYS_execve, SYS_exit, SYS_exit_group, SYS_set_robust_list, SYS_rseq,
	SYS_set_tid_address, SYS_tgkill, SYS_rt_sigtimedwait, SYS_rt_sigsuspend,
#ifdef SYS_vfork
	SYS_vfork, SYS_fork,
#endif
};

struct inject_filter {
	struct sock_filter code[256];
	unsigned short length;
};

static void inject_add(struct inject_filter *filter, struct sock_filter code)
{
	filter->code[filter->length++] = code;
}

#define INJECT_RETURN(what)	((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, (what)))
#define INJECT_STEP(filter, ...)	inject_add(filter, (struct sock_filter)__VA_ARGS__)

/* if (begin <= instruction pointer < end) trap; no range is longer than 4 GiB. */
static void inject_add_range(struct inject_filter *filter, uint64_t begin, uint64_t end)
{
	const unsigned int low = offsetof(struct seccomp_data, instruction_pointer);
	uint64_t split = (begin >> 32) != (end >> 32) ? end >> 32 << 32 : end;

	INJECT_STEP(filter, BPF_STMT(BPF_LD | BPF_W | BPF_ABS, low + 4));
	INJECT_STEP(filter, INJECT_JUMP(BPF_JEQ, begin >> 32, 0, 4));
	INJECT_STEP(filter, BPF_STMT(BPF_LD | BPF_W | BPF_ABS, low));
	INJECT_STEP(filter, INJECT_JUMP(BPF_JGE, begin, 0, 2));
	INJECT_STEP(filter, INJECT_JUMP(BPF_JGT, split - 1, 1, 0));
	inject_add(filter, INJECT_RETURN(SECCOMP_RET_TRAP));
	if (split != end)
		inject_add_range(filter, split, end);
}

static void inject_compile(struct inject_filter *filter, const struct inject_ranges *ranges)
{
	size_t i;

	filter->length = 0;
	INJECT_STEP(filter, INJECT_LOAD(arch));
	INJECT_STEP(filter, INJECT_JUMP(BPF_JEQ, INJECT_ARCH, 1, 0));
	inject_add(filter, INJECT_RETURN(SECCOMP_RET_ALLOW));
	INJECT_STEP(filter, INJECT_LOAD(nr));
	for (i = 0; i < sizeof(inject_passed) / sizeof(inject_passed[0]); i++) {
		INJECT_STEP(filter, INJECT_JUMP(BPF_JEQ, inject_passed[i], 0, 1));
		inject_add(filter, INJECT_RETURN(SECCOMP_RET_ALLOW));
	}
	/* A thread that ends gives its stack back while it can take no signal. */
	INJECT_STEP(filter, INJECT_JUMP(BPF_JEQ, SYS_madvise, 0, 3));
	INJECT_STEP(filter, INJECT_LOAD(args[2]));
	INJECT_STEP(filter, INJECT_JUMP(BPF_JEQ, MADV_DONTNEED, 0, 1));
	inject_add(filter, INJECT_RETURN(SECCOMP_RET_ALLOW));
	for (i = 0; i < ranges->count; i++)
		inject_add_range(filter, ranges->range[i].begin, ranges->range[i].end);
	inject_add(filter, INJECT_RETURN(SECCOMP_RET_ALLOW));
}

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

/* ---- Memory -------------------------------------------------------------------------- */

static long inject_in_use;

/* Blocks of the heap in use; 0 where they are not counted. */
inject_fn long inject_blocks(void)
{
	return __atomic_load_n(&inject_in_use, __ATOMIC_RELAXED);
}

#if defined(INJECT_ALLOCATIONS) && defined(__GLIBC__) && !defined(INJECT_SANITIZED)
#define INJECT_HAS_ALLOCATIONS 1

/* libc and the libraries are to find these too, whatever -fvisibility says. */
#define INJECT_PUBLIC	__attribute__((__visibility__("default")))

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *memory);

/* May this allocation be made?  It is counted if it was. */
static bool inject_denies(void)
{
	int error = inject_judge(INJECT_MALLOC);

	if (error)
		errno = error;
	return error;
}

static void *inject_count(void *memory)
{
	if (memory)
		__atomic_fetch_add(&inject_in_use, 1, __ATOMIC_RELAXED);
	return memory;
}

INJECT_PUBLIC void *malloc(size_t size)
{
	return inject_denies() ? NULL : inject_count(__libc_malloc(size));
}

INJECT_PUBLIC void *calloc(size_t count, size_t size)
{
	return inject_denies() ? NULL : inject_count(__libc_calloc(count, size));
}

INJECT_PUBLIC void *realloc(void *old, size_t size)
{
	void *memory;

	if (inject_denies())
		return NULL;
	memory = __libc_realloc(old, size);
	return old ? memory : inject_count(memory);
}

INJECT_PUBLIC void *aligned_alloc(size_t alignment, size_t size)
{
	return inject_denies() ? NULL : inject_count(__libc_memalign(alignment, size));
}

INJECT_PUBLIC int posix_memalign(void **ret_memory, size_t alignment, size_t size)
{
	void *memory = inject_denies() ? NULL : inject_count(__libc_memalign(alignment, size));

	if (!memory)
		return ENOMEM;
	*ret_memory = memory;
	return 0;
}

INJECT_PUBLIC void free(void *memory)
{
	if (memory)
		__atomic_fetch_sub(&inject_in_use, 1, __ATOMIC_RELAXED);
	__libc_free(memory);
}
#else
#define INJECT_HAS_ALLOCATIONS 0
#endif

#endif /* SELFTESTS_INJECT_H */
