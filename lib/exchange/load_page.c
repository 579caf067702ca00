// SPDX-License-Identifier: MIT
/*
 * The page that says how busy a server is (uapi/sluice/load.h), as a memfd.
 *
 * A server makes it before it listens, keeps the descriptor as long as its port lives, and
 * sends it with WELCOME.  A server that is busy welcomes nobody, though, and just then a
 * client wants to know.  So a client looks for the page of a server of its own user among
 * the descriptors of the server's process, where the name of the memfd tells it; /proc
 * shows them to the same user.  Where that is not so (another user, another pid namespace,
 * no /proc) the client knows its own requests until the server welcomes it.
 *
 * A descriptor from another process may be anything, and opening a device can have
 * effects.  So what /proc shows is opened with O_PATH first, which opens nothing, and
 * looked at; then it is opened without waiting, since a lease (F_SETLEASE) could hold that up; and what is mapped was checked as all memfds are (os/memfd.c): it is sealed
 * in size, so that no access to it is a signal.
 *
 * It is populated when it is mapped, but need not stay so.  Each client maps it for writing,
 * later than the server; so it cannot have F_SEAL_FUTURE_WRITE, and a client can make a
 * hole in it again and again.  A hole costs the next who looks there a page fault, and
 * 4096 bytes that are charged to him; a port with SLUICE_PORT_LOCK takes that fault too.
 * The counts are lost then, which any client can overwrite anyway.  If the kernel has no page
 * to give (memory is limited strictly, vm.overcommit_memory 2), the fault is a SIGBUS.  So
 * only users who are trusted with that should be let into a service there.
 */
#include "exchange/load_page.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <sluice/segment.h>

#include "base/error.h"
#include "base/limits.h"
#include "os/directory.h"
#include "os/fd.h"
#include "os/memfd.h"

#define NAME_SIZE	64	/* of the memfd, and of its link in /proc */

/* All that holds of a page, whoever made it. */
static int map_page(struct load_page *page, int fd, uint64_t inode, bool locked)
{
	struct mapping mapping = { 0 };
	int r;

	r = mapping_map(&mapping, fd, SLUICE_LOAD_SIZE, true);
	/* It has other seals; a page of our own has not. */
	if (r == -EPERM)
		return fail(EPROTO, "a server's page cannot be mapped for writing: %s", strerror(-r));
	if (r < 0)
		return r;
	mapping.locked |= locked;
	r = mapping_populate(&mapping, 0, SLUICE_LOAD_SIZE, true);
	if (r < 0) {
		mapping_unmap(&mapping);
		return r;
	}
	load_page_drop(page);
	page->mapping = mapping;
	page->inode = inode;
	return 0;
}

int load_page_make(struct load_page *page, uint64_t server, bool locked)
{
	char name[NAME_SIZE];
	struct stat st;
	int fd, r;

	snprintf(name, sizeof(name), SLUICE_LOAD_NAME "%016" PRIx64, server);
	fd = memfd_create_sealable(name);
	if (fd < 0)
		return fd;
	r = memfd_allocate(fd, 0, SLUICE_LOAD_SIZE);
	if (!r)
		r = memfd_seal(fd, SLUICE_LOAD_SEALS);
	if (!r && fstat(fd, &st))
		r = fail_system("cannot ask for the inode of a memfd");
	if (!r)
		r = map_page(page, fd, st.st_ino, locked);
	if (r < 0) {
		fd_close(fd);
		return r;
	}
	return fd;
}

int load_page_take(struct load_page *page, int fd, bool locked)
{
	uint64_t size, inode;
	int r;

	r = memfd_verify(fd, SLUICE_LOAD_SEALS, &size, &inode);
	if (r < 0)
		return r;
	if (size != SLUICE_LOAD_SIZE)
		return fail(EPROTO, "a server's page has %llu bytes, not %u",
			    (unsigned long long)size, SLUICE_LOAD_SIZE);
	if (!memfd_is_writable(fd))
		return fail(EPROTO, "a server sent its page for reading only");
	r = memfd_verify_populated(fd, 0, size);
	if (r < 0 || inode == page->inode)
		return r;
	return map_page(page, fd, inode, locked);
}

void load_page_drop(struct load_page *page)
{
	mapping_unmap(&page->mapping);
	page->inode = 0;
}

/* ---- A server that has not sent it yet ---- */

/* Opens what a link in /proc leads to if it is a file of memory; -1: it is not. */
static int open_memory(int directory, const char *name)
{
	struct statfs filesystem;
	char path[NAME_SIZE];
	struct stat st;
	int place, fd = -1;

	place = fd_own(openat(directory, name, O_PATH | O_CLOEXEC));
	if (place < 0)
		return -1;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", place);
	if (!fstat(place, &st) && S_ISREG(st.st_mode) && !fstatfs(place, &filesystem) &&
	    filesystem.f_type == TMPFS_MAGIC)
		fd = fd_own(open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC));
	fd_close(place);
	return fd;
}

/* The lowest of its descriptors that has this name; -1: there is none. */
static int open_named(DIR *descriptors, const char *wanted)
{
	struct dirent *entry;
	char link[NAME_SIZE];
	unsigned int looks;
	ssize_t length;

	for (looks = 0; looks < LOAD_LOOKS && (entry = readdir(descriptors)); looks++) {
		length = readlinkat(dirfd(descriptors), entry->d_name, link, sizeof(link) - 1);
		if (length <= 0)
			continue;
		link[length] = 0;
		if (!strncmp(link, wanted, strlen(wanted)))
			return open_memory(dirfd(descriptors), entry->d_name);
	}
	return -1;
}

void load_page_find(struct load_page *page, pid_t pid, uint64_t server, bool locked)
{
	char path[NAME_SIZE], wanted[NAME_SIZE];
	DIR *descriptors;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	snprintf(wanted, sizeof(wanted), "/memfd:" SLUICE_LOAD_NAME "%016" PRIx64, server);
	descriptors = pid > 0 ? directory_list_at(AT_FDCWD, path) : NULL;
	if (!descriptors)
		return;
	fd = open_named(descriptors, wanted);
	directory_close(descriptors);
	if (fd < 0)
		return;
	/* A file that is no page is not mapped; that is no breach, since nobody has sent it. */
	(void)!load_page_take(page, fd, locked);
	fd_close(fd);
}
