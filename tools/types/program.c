// SPDX-License-Identifier: MIT
/*
 * A program as a file: an executable, a shared library or an object, with its debug
 * information, and the data that it finds when it starts.
 *
 * If the target of a pointer may be loaded anywhere, the pointer is not in the constant
 * data, but in a relocation: with its target there (RELA), or with the target in the data
 * (REL, and the packed RELR).  In an object sections have no addresses yet; libdwfl gives
 * them some, and relocates their data accordingly.
 *
 * The file may be anything.  libelf and libdw check what they read; nothing here is read
 * beyond the data of a section.
 */
#include "tools/types/program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gelf.h>

/* The standard search for separate debug information would end by asking servers. */
static const Dwfl_Callbacks callbacks = {
	.find_elf = dwfl_build_id_find_elf,
	.find_debuginfo = dwfl_build_id_find_debuginfo,
	.section_address = dwfl_offline_section_address,
};

/* -1. */
__attribute__((__format__(__printf__, 2, 3)))
static int fail(struct program *program, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(program->why, sizeof(program->why), format, arguments);
	va_end(arguments);
	return -1;
}

static int check_kind(struct program *program)
{
	GElf_Ehdr header;
	const char *ident = elf_getident(program->elf, NULL);
	const unsigned char data = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ?
				   ELFDATA2LSB : ELFDATA2MSB;

	if (!ident || !gelf_getehdr(program->elf, &header))
		return fail(program, "%s cannot be read: %s", program->name, elf_errmsg(-1));
	if (ident[EI_CLASS] != (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32) ||
	    ident[EI_DATA] != data)
		return fail(program, "%s is for another kind of machine than this one",
			   program->name);
	program->relocatable = header.e_type == ET_REL;
	return 0;
}

static int count_module(Dwfl_Module *module, void **own, const char *name, Dwarf_Addr start,
			void *context)
{
	(void)module;
	(void)own;
	(void)name;
	(void)start;
	++*(int *)context;
	return DWARF_CB_OK;
}

/*
 * The owner of the directory may put a FIFO there: the open does not wait, and a FIFO is no
 * program.
 */
static int open_regular(struct program *program, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat status;

	if (fd < 0)
		return fail(program, "%s cannot be read: %s", program->name, strerror(errno));
	if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode)) {
		work_begin(program->work, (uint64_t)status.st_size);
		return fd;
	}
	close(fd);
	return fail(program, "%s cannot be read: it is no regular file",
		    program->name);
}

static int load(struct program *program, const char *path)
{
	Dwarf_Addr bias;
	int modules = 0, fd = open_regular(program, path);

	if (fd < 0)
		return -1;
	program->dwfl = dwfl_begin(&callbacks);
	if (!program->dwfl) {
		close(fd);
		return fail(program, "no memory");
	}
	errno = 0;
	program->module = dwfl_report_offline(program->dwfl, program->name, path, fd);
	if (!program->module)
		close(fd);
	dwfl_report_end(program->dwfl, NULL, NULL);
	if (!program->module)
		return fail(program, "%s cannot be read: %s", program->name,
			   errno ? strerror(errno) : dwfl_errmsg(-1));
	dwfl_getmodules(program->dwfl, count_module, &modules, 0);
	if (modules != 1)
		return fail(program, "%s is an archive: name the objects in it", program->name);
	program->elf = dwfl_module_getelf(program->module, &bias);
	if (!program->elf)
		return fail(program, "%s cannot be read: %s", program->name, dwfl_errmsg(-1));
	if (check_kind(program) < 0)
		return -1;
	program->dwarf = dwfl_module_getdwarf(program->module, &bias);
	if (!program->dwarf)
		return fail(program, "%s has no debug information: compile it with -g, and do not strip it",
			   program->name);
	return 0;
}

int program_open(struct program *program, const char *path, const char *name, struct work *work)
{
	*program = (struct program){ .name = name, .work = work };
	return load(program, path);
}

void program_close(struct program *program)
{
	if (program->dwfl)
		dwfl_end(program->dwfl);
	*program = (struct program){ 0 };
}

/* ---- Data ---- */

static bool holds(const GElf_Shdr *header, uint64_t address)
{
	return header->sh_flags & SHF_ALLOC && !(header->sh_flags & SHF_TLS) &&
	       address >= header->sh_addr && address - header->sh_addr < header->sh_size;
}

bool program_find(const struct program *program, uint64_t address, struct place *ret_place)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;

	while ((section = elf_nextscn(program->elf, section)) != NULL &&
	       work_take(program->work, 1)) {
		if (!gelf_getshdr(section, &header) || !holds(&header, address))
			continue;
		*ret_place = (struct place){ elf_ndxscn(section), address - header.sh_addr };
		return true;
	}
	return false;
}

bool program_read(const struct program *program, struct place place, void *ret_data, size_t size)
{
	Elf_Scn *section = elf_getscn(program->elf, place.section);
	GElf_Shdr header;
	Elf_Data *data;

	if (!section || !gelf_getshdr(section, &header) || place.offset > header.sh_size ||
	    size > header.sh_size - place.offset)
		return false;
	memset(ret_data, 0, size);
	if (header.sh_type == SHT_NOBITS)
		return true;
	data = elf_getdata(section, NULL);
	if (!data || !data->d_buf || place.offset > data->d_size ||
	    size > data->d_size - place.offset)
		return false;
	memcpy(ret_data, (const char *)data->d_buf + place.offset, size);
	return true;
}

bool program_stores(const struct program *program, struct place place, size_t size)
{
	Elf_Scn *section = elf_getscn(program->elf, place.section);
	GElf_Shdr header;

	return section && gelf_getshdr(section, &header) && header.sh_type != SHT_NOBITS &&
	       place.offset <= header.sh_size && size <= header.sh_size - place.offset;
}

bool program_string(const struct program *program, struct place place, char *ret_text, size_t size)
{
	for (size_t i = 0; i < size; i++, place.offset++) {
		if (!program_read(program, place, &ret_text[i], 1))
			return false;
		if (!ret_text[i])
			return true;
	}
	return false;
}

/* ---- Pointers ---- */

/* The relocated places, with the target as far as the relocation has it. */
struct relocation {
	GElf_Rela rela;
	bool in_data;		/* the rest is in the data */
	Elf_Scn *symbols;
};

static bool get_relocation(Elf_Data *data, const GElf_Shdr *header, int i,
			   struct relocation *ret_relocation)
{
	GElf_Rel rel;

	ret_relocation->in_data = header->sh_type == SHT_REL;
	if (header->sh_type == SHT_RELA)
		return gelf_getrela(data, i, &ret_relocation->rela);
	if (!gelf_getrel(data, i, &rel))
		return false;
	ret_relocation->rela = (GElf_Rela){ rel.r_offset, rel.r_info, 0 };
	return true;
}

static bool search_section(const struct program *program, Elf_Scn *section, uint64_t address,
			   struct relocation *ret_relocation)
{
	GElf_Shdr header;
	Elf_Data *data;

	if (!gelf_getshdr(section, &header) || !header.sh_entsize ||
	    !work_take(program->work, header.sh_size / header.sh_entsize / WORK_BYTES))
		return false;
	data = elf_getdata(section, NULL);
	for (int i = 0; data && (size_t)i < header.sh_size / header.sh_entsize; i++) {
		if (!get_relocation(data, &header, i, ret_relocation) ||
		    ret_relocation->rela.r_offset != address)
			continue;
		ret_relocation->symbols = elf_getscn(program->elf, header.sh_link);
		return true;
	}
	return false;
}

static bool find_relocation(const struct program *program, struct place place,
			    struct relocation *ret_relocation)
{
	Elf_Scn *section = NULL, *of = elf_getscn(program->elf, place.section);
	GElf_Shdr header;
	uint64_t address;

	if (program->relocatable || !of || !gelf_getshdr(of, &header))
		return false;
	address = header.sh_addr + place.offset;
	while ((section = elf_nextscn(program->elf, section)) != NULL &&
	       work_take(program->work, 1)) {
		if (!gelf_getshdr(section, &header))
			continue;
		if (header.sh_type != SHT_RELA && header.sh_type != SHT_REL)
			continue;
		if (search_section(program, section, address, ret_relocation))
			return true;
	}
	return false;
}

static bool get_symbol(const struct relocation *relocation, GElf_Sym *ret_symbol)
{
	size_t index = GELF_R_SYM(relocation->rela.r_info);
	Elf_Data *data;

	*ret_symbol = (GElf_Sym){ 0 };
	if (!index)
		return true;
	data = relocation->symbols ? elf_getdata(relocation->symbols, NULL) : NULL;
	return data && index <= INT32_MAX && gelf_getsym(data, (int)index, ret_symbol) &&
	       ret_symbol->st_shndx != SHN_UNDEF;
}

bool program_follow(const struct program *program, struct place place, struct place *ret_place)
{
	struct relocation relocation;
	uintptr_t value = 0;
	GElf_Sym symbol;
	uint64_t target;

	if (!program_read(program, place, &value, sizeof(value)))
		return false;
	if (!find_relocation(program, place, &relocation))
		return value && program_find(program, value, ret_place);
	if (!get_symbol(&relocation, &symbol))
		return false;
	target = symbol.st_value + (relocation.in_data ? value : (uint64_t)relocation.rela.r_addend);
	return program_find(program, target, ret_place);
}
