// SPDX-License-Identifier: MIT
/*
 * One link for all places of a file: BPF_LINK_CREATE with a list of offsets, of
 * semaphores, and of cookies, by which the program tells the probes apart.  It needs
 * Linux 6.6, and no other rights than loading the program does.
 *
 * Debian 12's headers do not know of it yet; the struct here is the kernel's.
 */
#include "attach.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/bpf.h>

/* The part of union bpf_attr that BPF_LINK_CREATE takes for ATTACH_TYPE_UPROBE_MULTI. */
struct link_create {
	uint32_t prog_fd;
	uint32_t target_fd;
	uint32_t attach_type;
	uint32_t flags;
	uint64_t path;
	uint64_t offsets;
	uint64_t semaphores;
	uint64_t cookies;
	uint32_t count;
	uint32_t multi_flags;
	uint32_t pid;
	uint32_t reserved;
};

static uint64_t address_of(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

int attach(int program_fd, const char *path, const struct places *places, uint64_t probes,
	   pid_t pid)
{
	uint64_t offsets[SLUICE_TRACE_COUNT], semaphores[SLUICE_TRACE_COUNT];
	uint64_t cookies[SLUICE_TRACE_COUNT];
	struct link_create link = {
		.prog_fd = (uint32_t)program_fd,
		.attach_type = ATTACH_TYPE_UPROBE_MULTI,
		.path = address_of(path),
		.offsets = address_of(offsets),
		.semaphores = address_of(semaphores),
		.cookies = address_of(cookies),
		.pid = (uint32_t)pid,
	};
	long fd;

	for (uint32_t i = 0; i < SLUICE_TRACE_COUNT; i++) {
		if (!(probes >> i & 1) || !places->probe[i].place)
			continue;
		offsets[link.count] = places->probe[i].place;
		semaphores[link.count] = places->probe[i].semaphore;
		cookies[link.count++] = i;
	}
	if (!link.count)
		return -ENOENT;
	fd = syscall(SYS_bpf, BPF_LINK_CREATE, &link, sizeof(link));
	return fd < 0 ? -errno : (int)fd;
}
