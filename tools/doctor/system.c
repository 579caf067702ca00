// SPDX-License-Identifier: MIT
/*
 * The doctor's checks of the system around: processors, namespaces, a container, and what
 * tracing needs.
 *
 * The check of probes reads this command's own file, which has the library in it.  It says
 * nothing about a program that has the shared library, or was built at another time.
 */
#include "doctor.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define CAPABILITY_PERFMON	38
#define CAPABILITY_BPF		39

/* The namespaces that the system begins with, as /proc/self/ns shows them. */
#define INITIAL_PIDS		0xeffffffcu
#define INITIAL_TIME		0xeffffffau

/* ---- Processors --------------------------------------------------------------------- */

void doctor_processors(struct doctor *doctor, struct doctor_finding *finding)
{
	cpu_set_t allowed;

	(void)doctor;
	/* The mask is too small where there are more than 1,024. */
	if (sched_getaffinity(0, sizeof(allowed), &allowed) < 0) {
		doctor_found(finding, DOCTOR_OK, "this process may run on many processors");
	} else if (CPU_COUNT(&allowed) > 1) {
		doctor_found(finding, DOCTOR_OK, "this process may run on %d processors, so nodes poll for a while before they sleep",
			     CPU_COUNT(&allowed));
	} else {
		doctor_found(finding, DOCTOR_NOTE, "this process may run on one processor only, so nodes do not poll before they sleep");
		doctor_mend(finding, "more processors (taskset, AllowedCPUs=), if round trips are to be fast");
	}
}

/* ---- Namespaces ----------------------------------------------------------------------- */

/* 0: not known. */
static uint64_t namespace_of(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 ? 0 : st.st_ino;
}

void doctor_namespaces(struct doctor *doctor, struct doctor_finding *finding)
{
	uint64_t pids = namespace_of("/proc/self/ns/pid");
	uint64_t times = namespace_of("/proc/self/ns/time");

	(void)doctor;
	if (!pids) {
		doctor_found(finding, DOCTOR_PROBLEM, "there is no /proc, by which nodes name their files");
		doctor_mend(finding, "mount -t proc proc /proc");
	} else if (times && times != INITIAL_TIME) {
		doctor_found(finding, DOCTOR_NOTE, "a time namespace of its own: deadlines mean something else to peers in another one");
		doctor_mend(finding, "run both ends of a service in one time namespace");
	} else if (pids != INITIAL_PIDS) {
		doctor_found(finding, DOCTOR_NOTE, "a pid namespace of its own: processes outside of it can be met, but their pids mean somebody else here");
		doctor_mend(finding, "run the tools where the programs run");
	} else {
		doctor_found(finding, DOCTOR_OK, "pids and time are those of the whole system");
	}
}

/* Does a line of a file have one of these words in it? */
static bool file_has(const char *path, const char *const *words)
{
	FILE *file = fopen(path, "re");
	char line[512];
	bool has = false;

	while (file && !has && fgets(line, sizeof(line), file))
		for (const char *const *word = words; *word; word++)
			has |= strstr(line, *word) != NULL;
	if (file)
		fclose(file);
	return has;
}

/* The sign that this is a container, or NULL. */
static const char *container_sign(void)
{
	static const char *const names[] = { "docker", "kubepods", "libpod", "/lxc", NULL };
	static const char *const files[] = {
		"/.dockerenv", "/run/.containerenv", "/run/systemd/container",
	};

	for (unsigned int i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (access(files[i], F_OK) == 0)
			return files[i];
	return file_has("/proc/self/cgroup", names) ? "/proc/self/cgroup" : NULL;
}

void doctor_container(struct doctor *doctor, struct doctor_finding *finding)
{
	const char *sign = container_sign();

	(void)doctor;
	if (!sign) {
		doctor_found(finding, DOCTOR_OK, "there is no sign of a container");
		return;
	}
	doctor_found(finding, DOCTOR_NOTE, "this is a container (%s): others are met only if they share the root directory, and the user id unless a service is for several",
		     sign);
	doctor_mend(finding, "to meet others mount one directory into all, and let SLUICE_ROOT name it");
}

/* ---- Tracing ---------------------------------------------------------------------------- */

static bool may_trace(void)
{
	unsigned long long effective = 0;
	char line[256];
	FILE *file;

	file = fopen("/proc/self/status", "re");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "CapEff: %llx", &effective) == 1)
			break;
	if (file)
		fclose(file);
	return geteuid() == 0 || (effective >> CAPABILITY_BPF & effective >> CAPABILITY_PERFMON & 1);
}

void doctor_tracing(struct doctor *doctor, struct doctor_finding *finding)
{
	(void)doctor;
	if (!TRACER_BUILT) {
		doctor_found(finding, DOCTOR_NOTE, "this command was built without the tracer");
		doctor_mend(finding, "build it where there are clang, bpftool, libbpf, libdw and libelf");
	} else if (!doctor_kernel_is(6, 6)) {
		doctor_found(finding, DOCTOR_NOTE, "this kernel is too old for sluice trace");
		doctor_mend(finding, "Linux 6.6 or later");
	} else if (!may_trace()) {
		doctor_found(finding, DOCTOR_NOTE, "this user may not trace");
		doctor_mend(finding, "run sluice trace as root, or with CAP_BPF and CAP_PERFMON");
	} else {
		doctor_found(finding, DOCTOR_OK, "this user may trace");
	}
}

/* Is there a section of this name in an ELF file of our own kind? */
static bool has_section(const unsigned char *file, size_t size, const char *name)
{
	const Elf64_Ehdr *head = (const Elf64_Ehdr *)file;
	const Elf64_Shdr *section, *names;

	if (size < sizeof(*head) || memcmp(head->e_ident, ELFMAG, SELFMAG) != 0 ||
	    head->e_ident[EI_CLASS] != ELFCLASS64 || head->e_shoff > size ||
	    (size - head->e_shoff) / sizeof(*section) < head->e_shnum ||
	    head->e_shstrndx >= head->e_shnum)
		return false;
	section = (const Elf64_Shdr *)(file + head->e_shoff);
	names = &section[head->e_shstrndx];
	if (names->sh_offset > size || names->sh_size > size - names->sh_offset)
		return false;
	for (unsigned int i = 0; i < head->e_shnum; i++) {
		const char *text = (const char *)file + names->sh_offset + section[i].sh_name;

		if (section[i].sh_name < names->sh_size &&
		    strncmp(text, name, names->sh_size - section[i].sh_name) == 0)
			return true;
	}
	return false;
}

static bool has_probes(void)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	void *file = MAP_FAILED;
	struct stat st;
	bool has;

	if (fd >= 0 && fstat(fd, &st) == 0)
		file = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (fd >= 0)
		close(fd);
	if (file == MAP_FAILED)
		return false;
	has = has_section(file, (size_t)st.st_size, ".note.stapsdt");
	munmap(file, (size_t)st.st_size);
	return has;
}

void doctor_probes(struct doctor *doctor, struct doctor_finding *finding)
{
	(void)doctor;
	if (has_probes()) {
		doctor_found(finding, DOCTOR_OK, "the library in this command has probes for tracers");
		return;
	}
	doctor_found(finding, DOCTOR_NOTE, "the library in this command has no probes, so tracers see nothing of it");
	doctor_mend(finding, "build it where there is <sys/sdt.h> (systemtap-sdt-dev)");
}
