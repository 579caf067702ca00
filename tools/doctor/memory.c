// SPDX-License-Identifier: MIT
/*
 * The doctor's checks of memory: can it be allocated, sealed and shared, and what limits it
 * and the descriptors with which it is passed on?
 *
 * Messages are in memory files (memfd), whose size no file system limits: /dev/shm may be
 * small.  They are charged to the process that made them, and to its cgroup.  Only ports
 * that ask for it lock memory, so RLIMIT_MEMLOCK is not checked.
 *
 * The room below a limit is printed in connections, of a client and a server, with the
 * numbers below.  They are for one end, and a little more than it needs.
 */
#include "doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <linux/memfd.h>

#include "tools/text/text.h"

/* Descriptors of a node with a service and a port; of a server's connection; for 256. */
#define FILES_OF_NODE		24u
#define FILES_OF_CONNECTION	3u
#define FILES_WANTED		(FILES_OF_NODE + 256 * FILES_OF_CONNECTION)
#define FILES_LEAST		(FILES_OF_NODE + FILES_OF_CONNECTION)

/* Mappings of a program; of each connection. */
#define MAPS_OF_PROGRAM		200
#define MAPS_OF_CONNECTION	3
#define MAPS_WANTED		(MAPS_OF_PROGRAM + 1024 * MAPS_OF_CONNECTION)

/* A channel of default settings; a page of messages comes besides. */
#define FILE_SIZE_CHANNEL	32768u

/* The program itself, and windows that are as small as can be. */
#define ADDRESS_SPACE_LEAST	(UINT64_C(64) << 20)

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL		0x0008U		/* Linux 6.3 */
#endif
#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE	0x0010		/* Linux 5.1 */
#endif

/* ---- Memory files ---------------------------------------------------------------- */

/* Maps, seals and fills memory, as for a segment.  Returns the step that failed, or NULL. */
static const char *try_memory(int fd)
{
	const size_t size = (size_t)sysconf(_SC_PAGESIZE);
	const char *failed = NULL;
	void *page;

	page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
	if (page == MAP_FAILED)
		return "mapped";
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_FUTURE_WRITE) < 0)
		failed = "sealed (F_SEAL_FUTURE_WRITE)";
	else if (fallocate(fd, 0, 0, (off_t)size) < 0)
		failed = "filled";
	else
		memset(page, 1, size);
	/*
	 * Memory that can have holes costs its readers page faults, and the library does
	 * not use it.
	 */
	if (!failed &&
	    fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, (off_t)size) == 0)
		failed = "kept from having holes by its seals";
	munmap(page, size);
	return failed;
}

static int make_memory(void)
{
	unsigned int flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	int fd = memfd_create("sluice-doctor", flags | MFD_NOEXEC_SEAL);

	return fd < 0 && errno == EINVAL ? memfd_create("sluice-doctor", flags) : fd;
}

void doctor_memfd(struct doctor *doctor, struct doctor_finding *finding)
{
	const char *failed = "made (memfd_create)";
	int fd = make_memory();

	(void)doctor;
	if (fd >= 0)
		failed = try_memory(fd);
	if (failed) {
		doctor_found(finding, DOCTOR_PROBLEM, "a memory file cannot be %s: %s", failed,
			     strerror(errno));
		doctor_mend(finding, "Linux 5.1 or later with CONFIG_MEMFD_CREATE, and a sandbox that allows memfd_create and fcntl");
	} else {
		doctor_found(finding, DOCTOR_OK, "memory files can be made, mapped, sealed (F_SEAL_FUTURE_WRITE, also against holes) and filled");
	}
	if (fd >= 0)
		close(fd);
}

void doctor_noexec(struct doctor *doctor, struct doctor_finding *finding)
{
	long long setting = doctor_number("/proc/sys/vm/memfd_noexec");
	int fd = memfd_create("sluice-doctor", MFD_CLOEXEC | MFD_NOEXEC_SEAL);

	(void)doctor;
	if (fd >= 0) {
		close(fd);
		doctor_found(finding, DOCTOR_OK, "memory files cannot be executed (MFD_NOEXEC_SEAL), as vm.memfd_noexec may demand; it is %lld",
			     setting);
	} else if (errno == EINVAL) {
		doctor_found(finding, DOCTOR_OK, "memory files are as they were before Linux 6.3, which brought MFD_NOEXEC_SEAL");
	} else {
		doctor_found(finding, DOCTOR_PROBLEM, "a memory file that cannot be executed cannot be made: %s; vm.memfd_noexec is %lld",
			     strerror(errno), setting);
		doctor_mend(finding, "what mends memfd");
	}
}

/* ---- Limits ------------------------------------------------------------------------ */

/* False if there is none. */
static bool limit_of(int resource, uint64_t *ret_limit)
{
	struct rlimit limit;

	if (getrlimit(resource, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY)
		return false;
	*ret_limit = limit.rlim_cur;
	return true;
}

/* Without a limit, that is what was found. */
static bool is_limited(struct doctor_finding *finding, int resource, const char *otherwise,
		       uint64_t *ret_limit)
{
	if (limit_of(resource, ret_limit))
		return true;
	doctor_found(finding, DOCTOR_OK, "%s", otherwise);
	return false;
}

void doctor_files(struct doctor *doctor, struct doctor_finding *finding)
{
	enum doctor_status status = DOCTOR_OK;
	uint64_t limit, room;

	(void)doctor;
	if (!is_limited(finding, RLIMIT_NOFILE, "descriptors are not limited (RLIMIT_NOFILE)",
			&limit))
		return;
	room = limit < FILES_OF_NODE ? 0 : (limit - FILES_OF_NODE) / FILES_OF_CONNECTION;
	if (limit < FILES_WANTED)
		status = limit < FILES_LEAST ? DOCTOR_PROBLEM : DOCTOR_NOTE;
	doctor_found(finding, status, "%llu descriptors (RLIMIT_NOFILE), room for some %llu connections of a server",
		     (unsigned long long)limit, (unsigned long long)room);
	if (status != DOCTOR_OK)
		doctor_mend(finding, "a higher limit: ulimit -n %u, or LimitNOFILE= of a unit", FILES_WANTED);
}

void doctor_address_space(struct doctor *doctor, struct doctor_finding *finding)
{
	char text[TEXT_NUMBER];
	uint64_t limit;

	(void)doctor;
	if (!is_limited(finding, RLIMIT_AS, "address space is not limited (RLIMIT_AS)", &limit))
		return;
	doctor_found(finding, limit < ADDRESS_SPACE_LEAST ? DOCTOR_PROBLEM : DOCTOR_NOTE,
		     "%s of address space (RLIMIT_AS); segments of messages have windows of 1 GiB, here smaller ones, and peers with larger ones may not be read",
		     text_bytes(text, limit));
	doctor_mend(finding, "ulimit -v unlimited; memory is limited better by a cgroup (MemoryMax= of a unit)");
}

void doctor_file_size(struct doctor *doctor, struct doctor_finding *finding)
{
	const uint64_t least = FILE_SIZE_CHANNEL + (uint64_t)sysconf(_SC_PAGESIZE);
	char text[TEXT_NUMBER];
	uint64_t limit;

	(void)doctor;
	if (!is_limited(finding, RLIMIT_FSIZE, "the size of files is not limited (RLIMIT_FSIZE)",
			&limit))
		return;
	doctor_found(finding, limit < least ? DOCTOR_PROBLEM : DOCTOR_NOTE,
		     "no file, nor segment of messages, may be larger than %s (RLIMIT_FSIZE); a loan that needs more fails with EFBIG",
		     text_bytes(text, limit));
	doctor_mend(finding, "a higher limit: ulimit -f unlimited, or LimitFSIZE= of a unit");
}

void doctor_maps(struct doctor *doctor, struct doctor_finding *finding)
{
	long long most = doctor_number("/proc/sys/vm/max_map_count");
	long long room = (most - MAPS_OF_PROGRAM) / MAPS_OF_CONNECTION;

	(void)doctor;
	if (most < 0) {
		doctor_found(finding, DOCTOR_OK, "how many mappings a process may have is not known (vm.max_map_count)");
		return;
	}
	doctor_found(finding, most < MAPS_WANTED ? DOCTOR_NOTE : DOCTOR_OK,
		     "%lld mappings of a process (vm.max_map_count), room for some %lld connections",
		     most, room < 0 ? 0 : room);
	if (most < MAPS_WANTED)
		doctor_mend(finding, "sysctl vm.max_map_count=65530");
}

void doctor_overcommit(struct doctor *doctor, struct doctor_finding *finding)
{
	long long mode = doctor_number("/proc/sys/vm/overcommit_memory");

	(void)doctor;
	if (mode != 2) {
		doctor_found(finding, DOCTOR_OK, "memory may be overcommitted (vm.overcommit_memory is %lld); loans are populated all the same",
			     mode);
		return;
	}
	doctor_found(finding, DOCTOR_NOTE, "memory is not overcommitted (vm.overcommit_memory is 2): loans fail with ENOMEM at CommitLimit of /proc/meminfo, before memory is full");
	doctor_mend(finding, "nothing, if that is meant; else sysctl vm.overcommit_memory=0");
}
