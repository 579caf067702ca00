// SPDX-License-Identifier: MIT
/*
 * Counts the system calls of some processes.  Every system call of the machine passes a
 * program in the kernel while it is attached, so it is not attached while anything is
 * timed.
 */
#include "syscalls.h"

#include <stdlib.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "syscalls.skel.h"

struct syscalls {
	struct syscalls_bpf *skeleton;
};

static int be_quiet(enum libbpf_print_level level, const char *format, va_list arguments)
{
	(void)level;
	(void)format;
	(void)arguments;
	return 0;
}

struct syscalls *syscalls_begin(const pid_t *pids, unsigned int count)
{
	struct syscalls *syscalls = calloc(1, sizeof(*syscalls));
	uint64_t zero = 0;

	if (!syscalls)
		return NULL;
	libbpf_set_print(be_quiet);
	syscalls->skeleton = syscalls_bpf__open_and_load();
	for (unsigned int i = 0; syscalls->skeleton && i < count; i++) {
		uint32_t pid = (uint32_t)pids[i];

		bpf_map_update_elem(bpf_map__fd(syscalls->skeleton->maps.calls), &pid, &zero,
				    BPF_ANY);
	}
	if (syscalls->skeleton && syscalls_bpf__attach(syscalls->skeleton) == 0)
		return syscalls;
	syscalls_end(syscalls);
	return NULL;
}

uint64_t syscalls_count(const struct syscalls *syscalls)
{
	int map = bpf_map__fd(syscalls->skeleton->maps.calls);
	uint32_t pid, *before = NULL;
	uint64_t sum = 0, calls;

	while (bpf_map_get_next_key(map, before, &pid) == 0) {
		if (bpf_map_lookup_elem(map, &pid, &calls) == 0)
			sum += calls;
		before = &pid;
	}
	return sum;
}

void syscalls_end(struct syscalls *syscalls)
{
	if (!syscalls)
		return;
	syscalls_bpf__destroy(syscalls->skeleton);
	free(syscalls);
}
