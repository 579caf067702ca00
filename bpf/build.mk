# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# The programs that watch from inside the kernel, and for each a header with its bytes,
# for the tracer.  They are made where clang, bpftool and libbpf are.

CLANG	 ?= $(firstword $(shell command -v clang 2>/dev/null))
BPFTOOL  ?= $(firstword $(shell command -v bpftool 2>/dev/null) $(wildcard /usr/sbin/bpftool))

bpf-programs  := $(patsubst bpf/%.bpf.c,%,$(wildcard bpf/*.bpf.c))
bpf-skeletons := $(bpf-programs:%=$(O)/bpf/%.skel.h)
# The machine whose registers a program reads, and where that machine's <asm/types.h> is,
# are what the compiler for the rest of the build says.  clang looks into no such folder
# when it compiles for bpf.
bpf-machine   := $(firstword $(subst -, ,$(shell $(CC) -dumpmachine)))
bpf-arch      := $(or $(patsubst %,arm64,$(filter aarch64,$(bpf-machine))), \
		 $(patsubst %,riscv,$(filter riscv64,$(bpf-machine))),x86)
bpf-includes  := $(shell $(CC) -xc -E -v - </dev/null 2>&1 | \
		   sed -n '/search starts here/,/^End of search/s/^ \(\/[^ ]*\)$$/-idirafter \1/p')
bpf-cflags    := -O2 -g -target bpf -ffreestanding -D__TARGET_ARCH_$(bpf-arch) -Iuapi \
		 -ffile-prefix-map=$(CURDIR)=. $(bpf-includes) -Wall -Wextra
objects	      += $(bpf-programs:%=$(O)/bpf/%.bpf.o)

$(O)/bpf/%.bpf.o: bpf/%.bpf.c $(O)/flags
	$(call say,CLANG,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(bpf-cflags) -MMD -MP -c -o $@ $<

$(O)/bpf/%.skel.h: $(O)/bpf/%.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name $*_bpf >$@

.SECONDARY: $(bpf-skeletons)
