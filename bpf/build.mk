# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# The programs that watch from inside the kernel, and for each a header with its bytes,
# for the tracer.  They are made where clang, bpftool and libbpf are.

CLANG	 ?= $(firstword $(shell command -v clang 2>/dev/null))
BPFTOOL  ?= $(firstword $(shell command -v bpftool 2>/dev/null) $(wildcard /usr/sbin/bpftool))

bpf-programs  := $(patsubst bpf/%.bpf.c,%,$(wildcard bpf/*.bpf.c))
bpf-skeletons := $(bpf-programs:%=$(O)/bpf/%.skel.h)
bpf-arch      := $(if $(filter aarch64,$(shell uname -m)),arm64,x86)
# Where <asm/types.h> is, which clang does not look into for this target.
bpf-cflags    := -O2 -g -target bpf -ffreestanding -D__TARGET_ARCH_$(bpf-arch) -Iuapi \
		 -I/usr/include/$(shell $(CC) -print-multiarch 2>/dev/null) -Wall -Wextra
objects	      += $(bpf-programs:%=$(O)/bpf/%.bpf.o)

$(O)/bpf/%.bpf.o: bpf/%.bpf.c $(O)/flags
	$(call say,CLANG,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CLANG) $(bpf-cflags) -MMD -MP -c -o $@ $<

$(O)/bpf/%.skel.h: $(O)/bpf/%.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name $*_bpf >$@

.SECONDARY: $(bpf-skeletons)
