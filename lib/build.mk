# SPDX-License-Identifier: MIT
#
# libsluice, shared and static.  Both are made from one object, which is compiled as a whole:
# link-time optimization inlines across its files.  Tests that look inside the library are
# linked with objects of their own, one a file.

lib-objects  := $(patsubst %.c,$(O)/%.o,$(wildcard lib/*/*.c))
lib-headers  := $(wildcard uapi/sluice/*.h)
lib-file     := libsluice.so.$(VERSION)
lib-soname   := libsluice.so.$(firstword $(subst ., ,$(VERSION)))
needs-of     := $(if $(filter no,$(URING)),,liburing)
needs-cflags := $(if $(needs-of),$(shell $(PKG_CONFIG) --cflags liburing 2>/dev/null),-Ilib/no_uring)
needs-libs   := $(if $(needs-of),$(shell $(PKG_CONFIG) --libs liburing 2>/dev/null || echo -luring))
objects	     += $(lib-objects)

# As a whole, unless LTO=no says otherwise, reports are by function, or nothing is optimized.
whole-not := $(filter no,$(LTO)) $(SANITIZE) \
	     $(filter -O0 -Og,$(lastword $(filter -O%,$(CFLAGS)))) \
	     $(filter -fno-lto -fsanitize% --coverage -fprofile% -ftest-coverage -finstrument%, \
	       $(CFLAGS))
lto :=
ifeq ($(strip $(whole-not)),)
ifneq ($(filter-out clean help check demo measure deps-% dist distcheck,$(or $(MAKECMDGOALS),all)),)
-include $(O)/lib/lto.mk
endif
endif

# How this compiler does it: nothing if it cannot.
$(O)/lib/lto.mk: lib/lto.sh $(O)/flags
	@mkdir -p $(@D)
	@lto=$$(lib/lto.sh '$(CC)' '$(OBJCOPY)') && echo "lto := $$lto" >$@ || true

# -O3, because inlining is what makes calls cheaper; CFLAGS may name another level.  Functions
# that were inlined everywhere are left out of the shared library.
whole-cflags  := $(if $(filter -O%,$(CFLAGS)),,-O3) -ffunction-sections \
		 -fno-semantic-interposition -fno-tree-slp-vectorize
whole-ldflags := -Wl,--gc-sections
whole-objects := $(if $(lto),$(lib-objects:$(O)/lib/%=$(O)/lib/whole/%),$(lib-objects))
objects	      += $(filter-out $(lib-objects),$(whole-objects))

# How other programs find it: pkg-config, meson, CMake.
found-by := $(addprefix $(O)/lib/,sluice.pc sluice-config.cmake sluice-config-version.cmake)
cmakedir  = $(libdir)/cmake/sluice

lib: $(O)/lib/$(lib-file) $(O)/lib/libsluice.a $(found-by)
	$(if $(lto)$(strip $(whole-not)),,@echo '  the library is compiled file by file: $(CC) cannot link with -flto')

# What sys/sdt.h does with its variadic macros is an extension to clang 19.
$(O)/lib/%.o: own = -Ilib $(needs-cflags) $(pedantic)
$(O)/lib/%.o: lto-flag = -fno-lto
$(O)/lib/whole/%.o: own = -Ilib $(needs-cflags) $(pedantic) $(whole-cflags)
$(O)/lib/whole/%.o: lto-flag = -flto
%/trace/probes.o: pedantic = -Wno-pedantic

$(O)/lib/whole/%.o: lib/%.c $(O)/flags | $(O)/lib/needs
	$(compile)

$(lib-objects): | $(O)/lib/needs

# One sentence instead of a screenful of errors.
$(O)/lib/needs:
	@mkdir -p $(@D)
	@echo '#include <liburing.h>' | \
		$(CC) $(needs-cflags) $(cppflags) $(CPPFLAGS) -E - >/dev/null 2>&1 || \
		{ echo 'Sluice needs a C compiler (CC=$(CC)) and liburing.h (or URING=no):' \
		       'apt-get install gcc libc6-dev liburing-dev' >&2; exit 1; }
	@touch $@

# Its internal names are local to it, so that they cannot meet the names of the program that
# the archive is linked into.
$(O)/lib/sluice.o: $(whole-objects)
	$(call say,LD,$@)
	$(Q)$(CC) $(if $(lto),$(cflags) $(whole-cflags) $(CFLAGS) $(lto)) -r -nostdlib -o $@ $(whole-objects)
	$(Q)$(OBJCOPY) --localize-hidden $@

$(O)/lib/$(lib-file): $(O)/lib/sluice.o lib/sluice.map
	$(call say,LD,$@)
	$(Q)$(CC) -shared -Wl,-soname,$(lib-soname) \
		-Wl,--version-script=lib/sluice.map $(if $(lto),$(whole-ldflags)) \
		$(if $(SANITIZE),,-Wl,-z,defs) \
		-o $@ $< $(ldflags) $(needs-libs)
	$(Q)ln -sf $(lib-file) $(@D)/$(lib-soname)
	$(Q)ln -sf $(lib-soname) $(@D)/libsluice.so

$(O)/lib/libsluice.a: $(O)/lib/sluice.o
	$(call say,AR,$@)
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $<

$(found-by): $(O)/lib/%: lib/%.in FORCE
	@mkdir -p $(@D)
	@sed -e 's|@PREFIX@|$(PREFIX)|; s|@LIBDIR@|$(libdir)|' \
	     -e 's|@INCLUDEDIR@|$(includedir)|; s|@VERSION@|$(VERSION)|' \
	     -e 's|@INCLUDE@|$(shell realpath -ms --relative-to=$(libdir) $(includedir))|' \
	     -e 's|@FILE@|$(lib-file)|; s|@SONAME@|$(lib-soname)|; s|@NEEDS@|$(needs-of)|' \
	     $(if $(needs-of),,-e '/^Requires.private/d') $< >$@

install-lib: lib
	$(call say,INSTALL,libsluice)
	$(Q)install -d $(addprefix $(DESTDIR),$(libdir)/pkgconfig $(cmakedir) $(includedir)/sluice)
	$(Q)install -m 644 lib/include/*.h lib/include/*.hpp $(DESTDIR)$(includedir)
	$(Q)install -m 644 $(lib-headers) $(DESTDIR)$(includedir)/sluice
	$(Q)install -m 644 $(O)/lib/libsluice.a $(DESTDIR)$(libdir)
	$(Q)install -m 755 $(O)/lib/$(lib-file) $(DESTDIR)$(libdir)
	$(Q)ln -sf $(lib-file) $(DESTDIR)$(libdir)/$(lib-soname)
	$(Q)ln -sf $(lib-soname) $(DESTDIR)$(libdir)/libsluice.so
	$(Q)install -m 644 $(filter %.pc,$(found-by)) $(DESTDIR)$(libdir)/pkgconfig
	$(Q)install -m 644 $(filter %.cmake,$(found-by)) $(DESTDIR)$(cmakedir)

uninstall-lib:
	$(call say,REMOVE,libsluice)
	$(call remove,$(addprefix $(includedir)/,$(notdir $(wildcard lib/include/*)) \
		$(lib-headers:uapi/%=%)) $(libdir)/pkgconfig/sluice.pc $(addprefix $(libdir)/, \
		libsluice.a libsluice.so $(lib-soname) $(lib-file)) \
		$(addprefix $(cmakedir)/,$(notdir $(filter %.cmake,$(found-by)))), \
		$(includedir)/sluice $(cmakedir))
