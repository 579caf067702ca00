// SPDX-License-Identifier: MIT
/*
 * The places of the probes in a file, by its notes: .note.stapsdt has one for each place,
 * with the addresses of the nop and the semaphore, the names of provider and probe, and how
 * the arguments are found.
 *
 * The programs in the kernel read arguments from the registers of a call, where our build
 * leaves them.  A note that says otherwise is refused, not misread.  A file belongs to
 * somebody else: offsets and strings are checked before they are used.  It is read and not
 * mapped, so that it cannot be cut short while we use it, and notes of an impossible size
 * are not read.
 */
#include "places.h"

#include <errno.h>
#include <string.h>

#include <gelf.h>

#define NOTE_STAPSDT	3
#define NOTES_MOST	(1u << 20)	/* bytes */

#if defined(__aarch64__)
#define REGISTERS	"8@x0 8@x1 8@x2 8@x3 8@x4 8@x5"
#else
#define REGISTERS	"8@%rdi 8@%rsi 8@%rdx 8@%rcx 8@%r8 8@%r9"
#endif

/* The beginning of a note; three strings follow. */
struct note {
	uint64_t place;
	uint64_t base;
	uint64_t semaphore;
};

struct reading {
	Elf *elf;
	uint64_t base;			/* address of .stapsdt.base */
	struct places *places;
	int error;
};

/* Converts an address to an offset in the file; 0 if it is in no part that is loaded. */
static uint64_t offset_of(Elf *elf, uint64_t address)
{
	GElf_Phdr part;
	size_t i, count;

	if (elf_getphdrnum(elf, &count) < 0)
		return 0;
	for (i = 0; i < count; i++) {
		if (!gelf_getphdr(elf, (int)i, &part) || part.p_type != PT_LOAD)
			continue;
		if (address >= part.p_vaddr && address - part.p_vaddr < part.p_filesz)
			return address - part.p_vaddr + part.p_offset;
	}
	return 0;
}

/* The section of this name, or NULL. */
static Elf_Scn *section_named(Elf *elf, const char *wanted, GElf_Shdr *ret_header)
{
	Elf_Scn *section = NULL;
	const char *name;
	size_t strings;

	if (elf_getshdrstrndx(elf, &strings) < 0)
		return NULL;
	while ((section = elf_nextscn(elf, section))) {
		if (!gelf_getshdr(section, ret_header))
			continue;
		name = elf_strptr(elf, strings, ret_header->sh_name);
		if (name && !strcmp(name, wanted))
			return section;
	}
	return NULL;
}

/* Are these the first registers of a call, as many as the probe has arguments? */
static bool are_registers(const char *arguments, unsigned int count)
{
	size_t length = strlen(arguments);
	unsigned int words = length != 0;

	for (const char *p = arguments; *p; p++)
		words += *p == ' ';
	return words >= count && words <= SLUICE_TRACE_ARGUMENTS &&
	       !memcmp(arguments, REGISTERS, length);
}

/* strings are those behind the note, all terminated: provider, name, arguments. */
static void take_place(struct reading *reading, const struct note *note, const char *name,
		       const char *arguments)
{
	uint64_t moved = reading->base - note->base;
	struct place found;
	unsigned int probe;

	if (!probe_numbered(name, strlen(name), &probe))
		return;
	found.place = offset_of(reading->elf, note->place + moved);
	found.semaphore = note->semaphore ? offset_of(reading->elf, note->semaphore + moved) : 0;
	if (!found.place || !found.semaphore || !are_registers(arguments, probe_arguments(probe))) {
		reading->error = -EPROTO;
		return;
	}
	reading->places->count += !reading->places->probe[probe].place;
	reading->places->probe[probe] = found;
}

static void take_note(struct reading *reading, const char *data, size_t size)
{
	const char *provider = data + sizeof(struct note), *end = data + size, *name, *arguments;
	struct note note;

	if (size <= sizeof(note) || data[size - 1])
		return;
	memcpy(&note, data, sizeof(note));
	name = provider + strlen(provider) + 1;
	arguments = name < end ? name + strlen(name) + 1 : end;
	if (arguments < end && !strcmp(provider, SLUICE_TRACE_PROVIDER))
		take_place(reading, &note, name, arguments);
}

static void take_notes(struct reading *reading, Elf_Data *data)
{
	size_t at = 0, next, name, content;
	GElf_Nhdr header;

	while ((next = gelf_getnote(data, at, &header, &name, &content))) {
		if (header.n_type == NOTE_STAPSDT && header.n_namesz == sizeof("stapsdt") &&
		    !memcmp((const char *)data->d_buf + name, "stapsdt", sizeof("stapsdt")))
			take_note(reading, (const char *)data->d_buf + content, header.n_descsz);
		at = next;
	}
}

static int read_sections(struct reading *reading)
{
	Elf_Data *data = NULL;
	GElf_Shdr header;
	Elf_Scn *notes;

	if (elf_kind(reading->elf) != ELF_K_ELF || gelf_getclass(reading->elf) != ELFCLASS64)
		return -ENOENT;
	notes = section_named(reading->elf, ".stapsdt.base", &header);
	reading->base = notes ? header.sh_addr : 0;
	notes = section_named(reading->elf, ".note.stapsdt", &header);
	while (notes && header.sh_size <= NOTES_MOST && (data = elf_getdata(notes, data)))
		take_notes(reading, data);
	if (reading->error)
		return reading->error;
	return reading->places->count ? 0 : -ENOENT;
}

int places_read(int fd, struct places *ret_places)
{
	struct reading reading = { .places = ret_places };
	int r = -ENOENT;

	memset(ret_places, 0, sizeof(*ret_places));
	elf_version(EV_CURRENT);
	reading.elf = elf_begin(fd, ELF_C_READ, NULL);
	if (reading.elf) {
		r = read_sections(&reading);
		elf_end(reading.elf);
	}
	return r;
}
