// SPDX-License-Identifier: MIT
/*
 * The names of functions and source lines in one ELF file, by libdwfl.
 *
 *	program headers				file offset -> address
 *	symbols and lines, by libdwfl		address -> text
 *
 * Each file has a Dwfl of its own, so a file that libdwfl cannot read does no harm to others.
 * Debug information comes from the file itself or from /usr/lib/debug by its build id.
 * libdwfl's standard search is not used, because it ends by asking debuginfod servers.
 *
 * The file may belong to a hostile user.  Text is reduced to printable ASCII, since it goes to
 * terminals.  An offset without a name has none, and nothing else happens.  There is no
 * protection against the rest: libdwfl maps the file, so a file that is cut short while it is
 * read ends this process with SIGBUS, and a file system that never answers blocks it.
 */
#include "elf_names.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <elfutils/libdw.h>
#include <gelf.h>

/* The length of a name: C++ has longer ones, and a hostile file may have any. */
#define TEXT_MAX	1024

static const Dwfl_Callbacks callbacks = {
	.find_debuginfo = dwfl_build_id_find_debuginfo,
	.section_address = dwfl_offline_section_address,
};

const char *elf_names_last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

void elf_names_make_printable(char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

void elf_names_open(struct elf_names *names, const char *name, int fd)
{
	names->dwfl = dwfl_begin(&callbacks);
	if (names->dwfl) {
		dwfl_report_begin(names->dwfl);
		names->module = dwfl_report_elf(names->dwfl, name, name, fd, 0, true);
		dwfl_report_end(names->dwfl, NULL, NULL);
	}
	if (!names->module)
		close(fd);
}

void elf_names_close(struct elf_names *names)
{
	if (names->dwfl)
		dwfl_end(names->dwfl);
}

/* The address in the module of this offset in the file. */
static bool find_address(const struct elf_names *names, uint64_t offset, Dwarf_Addr *ret_address)
{
	GElf_Addr bias;
	Elf *elf = dwfl_module_getelf(names->module, &bias);
	size_t i, count;
	GElf_Phdr part;

	if (!elf || elf_getphdrnum(elf, &count) < 0)
		return false;
	for (i = 0; i < count; i++) {
		if (!gelf_getphdr(elf, (int)i, &part) || part.p_type != PT_LOAD ||
		    !(part.p_flags & PF_X) || offset < part.p_offset ||
		    offset - part.p_offset >= part.p_filesz)
			continue;
		*ret_address = offset - part.p_offset + part.p_vaddr + bias;
		return true;
	}
	return false;
}

/* By the table of address ranges, or else unit by unit: clang writes no such table. */
static Dwarf_Die *find_unit(const struct elf_names *names, Dwarf_Addr address, Dwarf_Addr *ret_bias)
{
	Dwarf_Die *unit = dwfl_module_addrdie(names->module, address, ret_bias);

	if (unit)
		return unit;
	do
		unit = dwfl_module_nextcu(names->module, unit, ret_bias);
	while (unit && dwarf_haspc(unit, address - *ret_bias) != 1);
	return unit;
}

/* The last part of the source's path; NULL if the file has no debug information. */
static const char *find_source(const struct elf_names *names, Dwarf_Addr address, int *ret_line)
{
	Dwarf_Addr bias = 0;
	Dwarf_Die *unit = find_unit(names, address, &bias);
	Dwarf_Line *line = unit ? dwarf_getsrc_die(unit, address - bias) : NULL;
	const char *source = line ? dwarf_linesrc(line, NULL, NULL) : NULL;
	int number = 0;

	/* Code that the compiler generated belongs to line 0. */
	if (!source || dwarf_lineno(line, &number) < 0 || number <= 0)
		return NULL;
	*ret_line = number;
	return elf_names_last_part(source);
}

char *elf_names_find(const struct elf_names *names, uint64_t offset)
{
	const char *function, *source;
	char text[TEXT_MAX];
	Dwarf_Addr address;
	GElf_Sym symbol;
	GElf_Off o;
	int line;

	if (!names->module || !find_address(names, offset, &address))
		return NULL;
	function = dwfl_module_addrinfo(names->module, address, &o, &symbol, NULL, NULL, NULL);
	if (!function || !*function)
		return NULL;
	source = find_source(names, address, &line);
	if (source)
		snprintf(text, sizeof(text), "%s (%s:%d)", function, source, line);
	else
		snprintf(text, sizeof(text), "%s", function);
	elf_names_make_printable(text);
	return strdup(text);
}
