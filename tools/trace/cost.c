// SPDX-License-Identifier: MIT
/*
 * The cost of the trap of a probe on this machine, now.  A program that does nothing is
 * attached to one of our functions, which is called some times with and without it.  The
 * kernel counts the time that the real program takes beyond that.
 */
#include "cost.h"

#include <link.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "attach.h"
#include "cost.skel.h"

#define CALLS	1000

/* The function that is hit.  The compiler must neither inline nor merge it. */
static __attribute__((__noinline__)) void hit(void)
{
	__asm__ __volatile__("nop");
}

static double time_calls(void)
{
	int64_t begun = trace_now();

	for (int i = 0; i < CALLS; i++)
		hit();
	return (double)(trace_now() - begun) / CALLS;
}

/* The offset of hit() in our own file. */
static int find_hit(struct dl_phdr_info *info, size_t size, void *context)
{
	uint64_t address = (uint64_t)(uintptr_t)hit - info->dlpi_addr;
	uint64_t *offset = context;

	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &info->dlpi_phdr[i];

		if (part->p_type == PT_LOAD && address >= part->p_vaddr &&
		    address - part->p_vaddr < part->p_filesz)
			*offset = address - part->p_vaddr + part->p_offset;
	}
	return 1;	/* the first is the program itself */
}

static int attach_to_hit(int program)
{
	struct places places = { .count = 1 };

	dl_iterate_phdr(find_hit, &places.probe[0].place);
	return attach(program, "/proc/self/exe", &places, 1, getpid());
}

double cost_of_trap(void)
{
	struct cost_bpf *skeleton = cost_bpf__open();
	double without, with = 0;
	int link;

	if (!skeleton)
		return 0;
	bpf_program__set_expected_attach_type(skeleton->progs.on_probe,
					      (enum bpf_attach_type)ATTACH_TYPE_UPROBE_MULTI);
	if (cost_bpf__load(skeleton) == 0) {
		without = time_calls();
		link = attach_to_hit(bpf_program__fd(skeleton->progs.on_probe));
		if (link >= 0) {
			with = time_calls() - without;
			close(link);
		}
	}
	cost_bpf__destroy(skeleton);
	return with > 0 ? with : 0;
}
