// SPDX-License-Identifier: MIT
/*
 * Files that grow below RLIMIT_FSIZE.
 *
 * A write beyond the limit raises SIGXFSZ, which ends the process, or is cut short at the
 * limit.  A library must do neither to its program.  So every file of the library, in the
 * registry or of shared memory, is compared with the limit before it grows.
 *
 * Another thread can lower the limit between the check and the write.  The program is
 * responsible for that.
 */
#include "os/file_size.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/error.h"

int file_size_check(const char *what, uint64_t size)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_FSIZE, &limit) || limit.rlim_cur == RLIM_INFINITY ||
	    size <= limit.rlim_cur)
		return 0;
	return fail(EFBIG, "%s needs %llu bytes, and RLIMIT_FSIZE allows %llu: %s", what,
		    (unsigned long long)size, (unsigned long long)limit.rlim_cur,
		    strerror(EFBIG));
}

int file_size_write(int fd, const char *what, const void *bytes, size_t size)
{
	int r = file_size_check(what, size);
	ssize_t written;

	if (r < 0)
		return r;
	written = write(fd, bytes, size);
	if (written == (ssize_t)size)
		return 0;
	/* A write that was cut short has filled the file system. */
	if (written >= 0)
		errno = ENOSPC;
	return fail(errno, "cannot write %s: %s", what, strerror(errno));
}
