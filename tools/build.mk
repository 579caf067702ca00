# SPDX-License-Identifier: MIT
#
# The sluice command: a file or a few for each verb, and a table in sluice.c.

# What the command is made with, and in addition the tracer and what reads debug
# information.  Without the one there is no command; without the others their verb says so,
# and the rest is the same.
absent	      = $(strip $(foreach p,$(1),$(shell $(PKG_CONFIG) --exists $(p) || echo $(p))))
tools-needs   := jansson ncursesw
tools-missing := $(call absent,$(tools-needs))
tools-cflags  := $(shell $(PKG_CONFIG) --cflags $(tools-needs) 2>/dev/null)
tools-libs    := $(shell $(PKG_CONFIG) --libs $(tools-needs) 2>/dev/null)
trace-needs   := libbpf libdw libelf
trace-missing := $(strip $(tools-missing) $(if $(CLANG),,clang) $(if $(BPFTOOL),,bpftool) \
		 $(call absent,$(trace-needs)))
trace-cflags  := $(tools-cflags) $(shell $(PKG_CONFIG) --cflags $(trace-needs) 2>/dev/null)
trace-libs    := $(tools-libs) \
		 $(if $(trace-missing),,$(shell $(PKG_CONFIG) --libs $(trace-needs)))
trace-objects := $(patsubst %.c,$(O)/%.o,$(wildcard tools/trace/*.c))

types-needs   := libdw libelf
types-missing := $(strip $(tools-missing) $(call absent,$(types-needs)))
types-cflags  := $(tools-cflags) $(shell $(PKG_CONFIG) --cflags $(types-needs) 2>/dev/null)
types-libs    := $(if $(types-missing),,$(shell $(PKG_CONFIG) --libs $(types-needs)))
types-objects := $(patsubst %.c,$(O)/%.o,$(wildcard tools/types/*.c))

tools-objects := $(patsubst %.c,$(O)/%.o,$(filter-out tools/no_%.c,$(wildcard tools/*.c)))
tools-objects += $(if $(trace-missing),$(O)/tools/no_trace.o,$(trace-objects))
tools-objects += $(if $(types-missing),$(O)/tools/no_types.o,$(types-objects))
objects	      += $(tools-objects)

$(O)/tools/%.o: own = -I. $(needs-cflags) $(tools-cflags)
$(O)/tools/trace/%.o: own = -I. -isystem $(O)/bpf $(trace-cflags)
$(O)/tools/types/%.o: own = -I. $(types-cflags)
$(O)/tools/doctor_system.o: own += -DTRACER_BUILT=$(if $(trace-missing),0,1)

$(tools-objects): | $(O)/lib/needs
$(trace-objects): | $(bpf-skeletons)

tools: $(if $(tools-missing),,$(O)/tools/sluice)
	$(if $(tools-missing),@echo '  the sluice command is left out: there is no $(tools-missing)')
	$(if $(trace-missing),@echo '  sluice trace is left out: there is no $(trace-missing)')
	$(if $(types-missing),@echo '  sluice types is left out: there is no $(types-missing)')

$(O)/tools/sluice: $(tools-objects) $(O)/lib/libsluice.a
	$(call say,LD,$@)
	$(Q)$(CC) -o $@ $^ $(ldflags) $(needs-libs) $(trace-libs) $(types-libs)

install-tools: tools
	$(call say,INSTALL,sluice)
	$(Q)install -d $(DESTDIR)$(bindir)
	$(Q)test ! -e $(O)/tools/sluice || \
		install -m 755 $(O)/tools/sluice $(DESTDIR)$(bindir)
	$(Q)install -D -m 644 tools/completion/sluice.bash \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/sluice
