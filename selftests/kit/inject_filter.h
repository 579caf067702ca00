/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The seccomp filter, which traps the calls that shared libraries make.  inject.h includes
 * this file.
 */
#ifndef SELFTESTS_INJECT_FILTER_H
#define SELFTESTS_INJECT_FILTER_H

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

#endif /* SELFTESTS_INJECT_FILTER_H */
