// SPDX-License-Identifier: MIT
/*
 * Memory that can be passed to another process, and sealed so that neither side can take
 * away what the other relies on.
 *
 * The caller that makes a memfd owns the descriptor and closes it.  Memory is allocated
 * before any peer is told of it.  It is charged to the process that asks for it, and a
 * shortage is ENOMEM for that process.  The kernel would answer some shortages with the OOM
 * killer or SIGXFSZ instead, so the limits behind those are checked first.
 *
 * A descriptor from a hostile peer may be anything: a device, a socket, a file that it can
 * still truncate, a memfd full of holes whose pages would be charged to the first reader.
 * memfd_verify() and memfd_verify_populated() are all that stands between such a descriptor
 * and mmap(), which then fails for lack of something here alone.  If they cannot ask the
 * kernel, for lack of memory, that says nothing about the peer.
 *
 * Seals cannot be removed.  They protect different things:
 *
 *	F_SEAL_SHRINK, _GROW	the size
 *	F_SEAL_FUTURE_WRITE	that nobody else can map it for writing, and the pages: the
 *				kernel refuses to make holes (fallocate, MADV_REMOVE)
 *
 * So a populated file stays populated if it has F_SEAL_FUTURE_WRITE, and only then.  A
 * segment has this seal from the start, since its owner maps it before.  The memory of a
 * channel gets it when both ends have mapped it (channel/handshake.c).  The page of a
 * server's load cannot have it, since each client maps it for writing
 * (exchange/load_page.c).
 */
#include "os/memfd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/memfd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/error.h"
#include "base/limits.h"
#include "os/fd.h"
#include "os/file_size.h"

#define SHARED_MEMORY	"a file of shared memory"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL	0x0008U		/* Linux 6.3 */
#endif

int memfd_create_sealable(const char *name)
{
	unsigned int flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	int fd;

	fd = fd_own(memfd_create(name, flags | MFD_NOEXEC_SEAL));
	if (fd < 0 && errno == EINVAL)
		fd = fd_own(memfd_create(name, flags));
	return fd < 0 ? fail_system("cannot create a memfd") : fd;
}

/* One of the first lines of the file. */
#define AVAILABLE	"\nMemAvailable:"
#define MEMINFO_HEAD	512

uint64_t memory_available(void)
{
	char head[MEMINFO_HEAD + 1], *line;
	unsigned long long kib = 0;
	ssize_t n = -1;
	int fd = fd_own(open("/proc/meminfo", O_RDONLY | O_CLOEXEC));

	if (fd >= 0)
		n = read(fd, head, MEMINFO_HEAD);
	fd_close(fd);
	if (n < 0)
		return UINT64_MAX;
	head[n] = 0;
	line = strstr(head, AVAILABLE);
	if (line)
		kib = strtoull(line + strlen(AVAILABLE), NULL, 10);
	return kib ? kib * 1024 : UINT64_MAX;
}

int memfd_set_size(int fd, uint64_t size)
{
	int r = file_size_check(SHARED_MEMORY, size);

	if (r < 0)
		return r;
	return ftruncate(fd, (off_t)size) ? fail_system("cannot size a memfd") : 0;
}

static int check_limits(uint64_t offset, uint64_t length)
{
	uint64_t available;
	int r;

	r = file_size_check(SHARED_MEMORY, offset + length);
	if (r < 0 || length < AVAILABLE_CHECK_MIN)
		return r;
	available = memory_available();
	if (length > available)
		return fail(ENOMEM, "a segment needs %llu more bytes, and %llu are available on this machine",
			    (unsigned long long)length, (unsigned long long)available);
	return 0;
}

int memfd_extend(int fd, uint64_t offset, uint64_t length)
{
	struct stat st;
	int r;

	r = check_limits(offset, length);
	if (r < 0)
		return r;
	if (fstat(fd, &st))
		return fail_system("cannot ask for the size of a memfd");
	if ((uint64_t)st.st_size >= offset + length)
		return 0;
	return ftruncate(fd, (off_t)(offset + length)) ? fail_system("cannot size a memfd") : 0;
}

int memfd_allocate(int fd, uint64_t offset, uint64_t length)
{
	uint64_t end = offset + length, step;
	int r;

	r = check_limits(offset, length);
	if (r < 0)
		return r;
	while (offset < end) {
		step = min_u64(end - offset, POPULATE_STEP);
		if (fallocate(fd, 0, (off_t)offset, (off_t)step)) {
			if (errno == EINTR)
				continue;
			if (errno == ENOSPC)
				errno = ENOMEM;
			return fail_system("cannot allocate shared memory");
		}
		offset += step;
	}
	return 0;
}

int memfd_seal(int fd, unsigned int seals)
{
	return fcntl(fd, F_ADD_SEALS, (int)seals) ? fail_system("cannot seal a memfd") : 0;
}

/* A failure of our own call is not the peer's fault; any other failure is. */
static int tell_unverified(const char *what)
{
	if (errno == ENOMEM || errno == EIO || errno == EACCES || errno == EPERM)
		return fail(errno, "cannot check the descriptor that the peer sent: %s", strerror(errno));
	return fail(EPROTO, "the peer sent %s", what);
}

int memfd_verify(int fd, unsigned int seals, uint64_t *ret_size, uint64_t *ret_inode)
{
	struct statfs filesystem;
	struct stat st;
	int have;

	/* Device nodes live on a tmpfs too, hence S_ISREG. */
	if (fstat(fd, &st))
		return tell_unverified("a descriptor that cannot be looked at");
	if (!S_ISREG(st.st_mode))
		return fail(EPROTO, "the peer sent a descriptor that is no memfd");
	if (fstatfs(fd, &filesystem))
		return tell_unverified("a file whose file system cannot be found out");
	if (filesystem.f_type != TMPFS_MAGIC)
		return fail(EPROTO, "the peer sent a file that is not on a tmpfs");
	have = fcntl(fd, F_GET_SEALS);
	if (have < 0)
		return tell_unverified("a file that has no seals");
	if (((unsigned int)have & seals) != seals)
		return fail(EPROTO, "the peer sent a memfd with seals 0x%x, not 0x%x",
			    (unsigned int)have, seals);
	/* It would fail to be mapped, which looks like a failure of ours. */
	if ((fcntl(fd, F_GETFL) & O_ACCMODE) == O_WRONLY)
		return fail(EPROTO, "the peer sent a memfd that cannot be read");
	*ret_size = (uint64_t)st.st_size;
	*ret_inode = st.st_ino;
	return 0;
}

bool memfd_is_writable(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	/* If the kernel cannot be asked, that says nothing about the peer. */
	return flags < 0 || (flags & O_ACCMODE) == O_RDWR;
}

int memfd_verify_populated(int fd, uint64_t offset, uint64_t end)
{
	off_t hole = lseek(fd, (off_t)offset, SEEK_HOLE);

	if (hole < 0)
		return tell_unverified("a memfd whose holes cannot be looked for");
	if ((uint64_t)hole < end)
		return fail(EPROTO, "the peer sent a memfd with a hole at %lld",
			    (long long)hole);
	return 0;
}
