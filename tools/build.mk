# SPDX-License-Identifier: MIT
#
# The sluice command: a file or a few for each verb, and a table in sluice.c.

tools-objects := $(patsubst %.c,$(O)/%.o,$(wildcard tools/*.c))
objects	      += $(tools-objects)

$(O)/tools/%.o: own = $(uring-cflags)

$(tools-objects): | $(O)/lib/liburing

tools: $(O)/tools/sluice

$(O)/tools/sluice: $(tools-objects) $(O)/lib/libsluice.a
	$(call say,LD,$@)
	$(Q)$(CC) -o $@ $^ $(ldflags) $(uring-libs)

install-tools: tools
	$(call say,INSTALL,sluice)
	$(Q)install -d $(DESTDIR)$(bindir)
	$(Q)install -m 755 $(O)/tools/sluice $(DESTDIR)$(bindir)
