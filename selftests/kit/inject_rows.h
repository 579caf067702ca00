/* SPDX-License-Identifier: GPL-2.0-only */
/* What each system call may fail with.  inject.h includes this file. */
#ifndef SELFTESTS_INJECT_ROWS_H
#define SELFTESTS_INJECT_ROWS_H

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

#endif /* SELFTESTS_INJECT_ROWS_H */
