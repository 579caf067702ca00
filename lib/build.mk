# SPDX-License-Identifier: MIT
#
# libsluice, shared and static.  Both are made from the same objects.

lib-objects  := $(patsubst %.c,$(O)/%.o,$(wildcard lib/*/*.c))
lib-headers  := $(wildcard uapi/sluice/*.h)
lib-file     := libsluice.so.$(VERSION)
lib-soname   := libsluice.so.$(firstword $(subst ., ,$(VERSION)))
needs-cflags := $(shell $(PKG_CONFIG) --cflags liburing inih 2>/dev/null)
needs-libs   := $(shell $(PKG_CONFIG) --libs liburing inih 2>/dev/null || echo -luring -linih)
objects	     += $(lib-objects)

lib: $(O)/lib/$(lib-file) $(O)/lib/libsluice.a $(O)/lib/sluice.pc

$(O)/lib/%.o: own = -Ilib $(needs-cflags)

# clang 19 takes the variadic macros of sys/sdt.h for an extension.
$(O)/lib/trace/probes.o: own = -Ilib $(needs-cflags) -Wno-pedantic

$(lib-objects): | $(O)/lib/needs

# One sentence instead of a screenful of errors.
$(O)/lib/needs:
	@mkdir -p $(@D)
	@printf '#include <liburing.h>\n#include <ini.h>\n' | \
		$(CC) $(needs-cflags) $(cppflags) -E - >/dev/null 2>&1 || \
		{ echo 'Sluice needs a C compiler (CC=$(CC)), liburing.h and ini.h:' \
		       'apt-get install gcc libc6-dev liburing-dev libinih-dev' >&2; exit 1; }
	@touch $@

$(O)/lib/$(lib-file): $(lib-objects) lib/sluice.map
	$(call say,LD,$@)
	$(Q)$(CC) -shared -Wl,-soname,$(lib-soname) \
		-Wl,--version-script=lib/sluice.map \
		$(if $(SANITIZE),,-Wl,-z,defs) \
		-o $@ $(lib-objects) $(ldflags) $(needs-libs)
	$(Q)ln -sf $(lib-file) $(@D)/$(lib-soname)
	$(Q)ln -sf $(lib-soname) $(@D)/libsluice.so

# The archive is one object whose internal names are local to it, so that they
# cannot meet the names of the program it is linked into.
$(O)/lib/libsluice.a: $(lib-objects)
	$(call say,AR,$@)
	$(Q)$(CC) -r -nostdlib -o $(O)/lib/sluice.o $(lib-objects)
	$(Q)$(OBJCOPY) --localize-hidden $(O)/lib/sluice.o
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $(O)/lib/sluice.o

$(O)/lib/sluice.pc: lib/sluice.pc.in FORCE
	@mkdir -p $(@D)
	@sed -e 's|@PREFIX@|$(PREFIX)|; s|@LIBDIR@|$(libdir)|' \
	     -e 's|@INCLUDEDIR@|$(includedir)|; s|@VERSION@|$(VERSION)|' $< >$@

install-lib: lib
	$(call say,INSTALL,libsluice)
	$(Q)install -d $(addprefix $(DESTDIR),$(libdir)/pkgconfig $(includedir)/sluice)
	$(Q)install -m 644 lib/include/*.h $(DESTDIR)$(includedir)
	$(Q)install -m 644 $(lib-headers) $(DESTDIR)$(includedir)/sluice
	$(Q)install -m 644 $(O)/lib/libsluice.a $(DESTDIR)$(libdir)
	$(Q)install -m 755 $(O)/lib/$(lib-file) $(DESTDIR)$(libdir)
	$(Q)ln -sf $(lib-file) $(DESTDIR)$(libdir)/$(lib-soname)
	$(Q)ln -sf $(lib-soname) $(DESTDIR)$(libdir)/libsluice.so
	$(Q)install -m 644 $(O)/lib/sluice.pc $(DESTDIR)$(libdir)/pkgconfig
