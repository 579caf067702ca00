# SPDX-License-Identifier: MIT
#
# The sluice command: a file or a few for each verb, and a table in sluice.c.

# What the tracer is made with.  Without it the verb says so, and the rest is the same.
trace-needs   := libbpf libdw libelf jansson
trace-missing := $(if $(CLANG),,clang) $(if $(BPFTOOL),,bpftool) \
		 $(foreach p,$(trace-needs),$(shell pkg-config --exists $(p) || echo $(p)))
trace-missing := $(strip $(trace-missing))
trace-cflags  := $(shell pkg-config --cflags $(trace-needs) 2>/dev/null)
trace-libs    := $(if $(trace-missing),,$(shell pkg-config --libs $(trace-needs)))
trace-objects := $(patsubst %.c,$(O)/%.o,$(wildcard tools/trace/*.c))

tools-objects := $(patsubst %.c,$(O)/%.o,$(filter-out tools/no_trace.c,$(wildcard tools/*.c)))
tools-objects += $(if $(trace-missing),$(O)/tools/no_trace.o,$(trace-objects))
objects	      += $(tools-objects)

$(O)/tools/%.o: own = -I. $(uring-cflags) $(if $(trace-missing),,$(trace-cflags))
$(O)/tools/trace/%.o: own = -I. -isystem $(O)/bpf $(trace-cflags)

$(tools-objects): | $(O)/lib/liburing
$(trace-objects): | $(bpf-skeletons)

tools: $(O)/tools/sluice
	$(if $(trace-missing),@echo '  sluice trace is left out: there is no $(trace-missing)')

$(O)/tools/sluice: $(tools-objects) $(O)/lib/libsluice.a
	$(call say,LD,$@)
	$(Q)$(CC) -o $@ $^ $(ldflags) $(uring-libs) $(trace-libs)

install-tools: tools
	$(call say,INSTALL,sluice)
	$(Q)install -d $(DESTDIR)$(bindir)
	$(Q)install -m 755 $(O)/tools/sluice $(DESTDIR)$(bindir)
