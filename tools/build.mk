# SPDX-License-Identifier: MIT
#
# The sluice command: a file or a folder for each verb, and a table in sluice.c.  text/ is
# what verbs write for people, domain/ is what they read of a domain.

# The libraries that the command uses, beside ours.  A missing one leaves out only the parts
# that need it, which say so when they are used: without jansson there is no --json, without
# libsmartcols tables do not respect the width of a terminal, without ncurses no screen of
# sluice top, without libmicrohttpd no sluice metrics --listen, and without their libraries no
# tracer, no types, no payloads by their fields and no bridge.
absent	      = $(strip $(foreach p,$(1),$(shell $(PKG_CONFIG) --exists $(p) || echo $(p))))
json-missing   := $(call absent,jansson)
screen-missing := $(call absent,ncursesw)
http-missing   := $(call absent,libmicrohttpd)
table-missing  := $(call absent,smartcols)
tools-needs   := $(if $(table-missing),,smartcols) $(if $(json-missing),,jansson) $(if $(screen-missing),,ncursesw) \
		 $(if $(http-missing),,libmicrohttpd)
tools-cflags  := $(if $(json-missing),-Itools/no_jansson) \
		 $(shell $(PKG_CONFIG) --cflags $(tools-needs) 2>/dev/null)
tools-libs    := $(shell $(PKG_CONFIG) --libs $(tools-needs) 2>/dev/null)
trace-needs   := libbpf libdw libelf
trace-missing := $(strip $(json-missing) $(if $(CLANG),,clang) $(if $(BPFTOOL),,bpftool) \
		 $(call absent,$(trace-needs)))
trace-cflags  := $(tools-cflags) $(shell $(PKG_CONFIG) --cflags $(trace-needs) 2>/dev/null)
trace-libs    := $(tools-libs) \
		 $(if $(trace-missing),,$(shell $(PKG_CONFIG) --libs $(trace-needs)))
trace-objects := $(patsubst %.c,$(O)/%.o,$(wildcard tools/trace/*.c))

types-needs   := libdw libelf
types-missing := $(call absent,$(types-needs))
types-cflags  := $(tools-cflags) $(shell $(PKG_CONFIG) --cflags $(types-needs) 2>/dev/null)
types-libs    := $(if $(types-missing),,$(shell $(PKG_CONFIG) --libs $(types-needs)))
types-objects := $(patsubst %.c,$(O)/%.o,$(wildcard tools/types/*.c))
# Payloads by their fields need both.
payload-missing := $(types-missing) $(json-missing)
payload-objects := $(patsubst %.c,$(O)/%.o,$(wildcard tools/payload/*.c))

bridge-missing := $(call absent,libnats)
bridge-cflags  := $(tools-cflags) -Iuapi $(shell $(PKG_CONFIG) --cflags libnats 2>/dev/null)
bridge-libs    := $(if $(bridge-missing),,$(shell $(PKG_CONFIG) --libs libnats) -pthread)
bridge-objects := $(patsubst %.c,$(O)/%.o,$(wildcard tools/bridge/*.c))

screen-objects := $(addprefix $(O)/tools/top/,live.o screen.o keys.o)
tools-objects := $(patsubst %.c,$(O)/%.o,$(filter-out tools/no_% tools/trace/% tools/types/% \
		 tools/payload/% tools/bridge/%, \
		 $(wildcard tools/*.c tools/*/*.c)))
tools-objects := $(if $(screen-missing),$(O)/tools/no_screen.o \
		 $(filter-out $(screen-objects),$(tools-objects)),$(tools-objects))
tools-objects := $(if $(http-missing),$(O)/tools/no_http.o \
		 $(filter-out $(O)/tools/metrics/http.o,$(tools-objects)),$(tools-objects))
tools-objects := $(if $(table-missing),$(O)/tools/no_smartcols.o \
		 $(filter-out $(O)/tools/text/columns_print.o,$(tools-objects)),$(tools-objects))
tools-objects += $(if $(trace-missing),$(O)/tools/no_trace.o,$(trace-objects))
tools-objects += $(if $(types-missing),$(O)/tools/no_types.o,$(types-objects))
tools-objects += $(if $(strip $(payload-missing)),$(O)/tools/no_payload.o,$(payload-objects))
tools-objects += $(if $(bridge-missing),$(O)/tools/no_bridge.o,$(bridge-objects))
objects	      += $(tools-objects)

$(O)/tools/%.o: own = -I. $(needs-cflags) $(tools-cflags)
$(O)/tools/trace/%.o: own = -I. -isystem $(O)/bpf $(trace-cflags)
$(O)/tools/types/%.o $(O)/tools/payload/%.o: own = -I. $(types-cflags)
$(O)/tools/bridge/%.o: own = -I. $(needs-cflags) $(bridge-cflags)
$(O)/tools/arguments.o: own += -DJSON_BUILT=$(if $(json-missing),0,1)
$(O)/tools/doctor/kernel.o: own += -DURING_BUILT=$(if $(needs-of),1,0)
$(O)/tools/doctor/system.o: own += -DTRACER_BUILT=$(if $(trace-missing),0,1)

# The names of errors, of the machine that is built for.
$(O)/tools/text/errno_names.h: $(O)/flags
	@mkdir -p $(@D)
	$(Q)echo '#include <errno.h>' | $(CC) $(CPPFLAGS) -E -dM - | \
		sed -n 's/^#define \(E[A-Z0-9]*\) [0-9]*$$/\t[\1] = "\1",/p' | sort >$@

$(O)/tools/text/errno_name.o: own += -I$(O)/tools/text
$(O)/tools/text/errno_name.o: | $(O)/tools/text/errno_names.h

$(tools-objects): $(O)/tools/missing | $(O)/lib/needs
$(trace-objects): | $(bpf-skeletons)

# The next make builds in what was installed later.
$(O)/tools/missing: missing = json $(json-missing) screen $(screen-missing) \
	http $(http-missing) table $(table-missing) trace $(trace-missing) types $(types-missing) \
	bridge $(bridge-missing)
$(O)/tools/missing: FORCE
	@mkdir -p $(@D)
	@echo '$(missing)' | cmp -s - $@ || echo '$(missing)' >$@

tools: $(O)/tools/sluice
	$(if $(json-missing),@echo '  --json of the sluice command is left out: there is no $(json-missing)')
	$(if $(screen-missing),@echo '  the screen of sluice top is left out: there is no $(screen-missing)')
	$(if $(table-missing),@echo '  tables do not respect the width of a terminal: there is no $(table-missing)')
	$(if $(http-missing),@echo '  sluice metrics --listen is left out: there is no $(http-missing)')
	$(if $(trace-missing),@echo '  sluice trace is left out: there is no $(trace-missing)')
	$(if $(types-missing),@echo '  sluice types is left out: there is no $(types-missing)')
	$(if $(bridge-missing),@echo '  sluice bridge is left out: there is no $(bridge-missing)')

$(O)/tools/sluice: $(tools-objects) $(O)/lib/libsluice.a
	$(call say,LD,$@)
	$(Q)$(CC) -o $@ $^ $(ldflags) $(needs-libs) $(trace-libs) $(types-libs) $(bridge-libs)

install-tools: tools
	$(call say,INSTALL,sluice)
	$(Q)install -d $(DESTDIR)$(bindir)
	$(Q)install -m 755 $(O)/tools/sluice $(DESTDIR)$(bindir)
	$(Q)install -D -m 644 tools/completion/sluice.bash \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/sluice
	$(Q)install -D -m 644 tools/completion/sluice.zsh \
		$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_sluice
	$(Q)install -D -m 644 tools/completion/sluice.fish \
		$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/sluice.fish
	$(Q)install -D -m 644 tools/metrics/grafana.json \
		$(DESTDIR)$(PREFIX)/share/sluice/grafana.json

uninstall-tools:
	$(call say,REMOVE,sluice)
	$(call remove,$(bindir)/sluice $(PREFIX)/share/bash-completion/completions/sluice \
		$(PREFIX)/share/zsh/site-functions/_sluice \
		$(PREFIX)/share/fish/vendor_completions.d/sluice.fish \
		$(PREFIX)/share/sluice/grafana.json,$(PREFIX)/share/sluice)

# Not with other programs at work: what it shows is what readers compare with.
bench-readme: $(O)/tools/sluice
	$(Q)tools/bench/readme.sh $(O)/tools/sluice

bench-page: $(O)/tools/sluice
	$(Q)$(MAKE) -s bench-peers >$(O)/tools/bench-peers.txt
	$(Q)tools/bench/page.sh $(O)/tools/sluice $(O)/tools/bench-peers.txt Documentation

.PHONY: bench-readme bench-page
