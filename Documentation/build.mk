# SPDX-License-Identifier: MIT
#
# The examples, which are documentation that compiles: each .c is a program, and each .cc one in
# C++ where there is a compiler for it.  And the man pages and the HTML pages, where the tools
# that make them are installed.

KERNEL_DOC ?= $(lastword $(wildcard /usr/lib/linux-kbuild-*/scripts/kernel-doc))
RST2MAN	   ?= $(firstword $(shell command -v rst2man rst2man.py 2>/dev/null))

zstd-libs := $(shell $(PKG_CONFIG) --libs libzstd 2>/dev/null)
sd-libs	  := $(shell $(PKG_CONFIG) --libs libsystemd 2>/dev/null)
uv-libs	  := $(shell $(PKG_CONFIG) --libs libuv 2>/dev/null)
example   := $(basename $(notdir $(wildcard Documentation/examples/*.c)))
example	  := $(filter-out $(if $(zstd-libs),,zstd-%) $(if $(needs-of),,file-server-%) \
	       $(if $(sd-libs),,sd-event-%) $(if $(uv-libs),,libuv-%),$(example))
objects	  += $(patsubst %,$(O)/Documentation/examples/%.o,$(example))

cpp-there   := $(shell command -v $(firstword $(CXX)) 2>/dev/null)
cpp-example := $(basename $(notdir $(wildcard Documentation/examples/*.cc)))
cpp-example := $(if $(cpp-there),$(cpp-example))
objects	    += $(patsubst %,$(O)/Documentation/examples/%.o,$(cpp-example))
cpp-cflags  := -std=c++17 $(filter-out -std=% -Wmissing-prototypes -Wshadow,$(cflags))

examples: $(addprefix $(O)/examples/,$(example) $(cpp-example))
	$(if $(zstd-libs),,@echo '  zstd-service is left out: there is no libzstd-dev')
	$(if $(cpp-there),,@echo '  the examples in C++ are left out: there is no $(CXX)')
	$(if $(sd-libs),,@echo '  sd-event-server is left out: there is no libsystemd-dev')
	$(if $(uv-libs),,@echo '  libuv-server is left out: there is no libuv1-dev')
	$(if $(needs-of),,@echo '  file-server is left out: URING=no')

$(O)/examples/%: $(O)/Documentation/examples/%.o $(O)/lib/libsluice.a
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -o $@ $^ $(ldflags) $(needs-libs) \
		$(if $(filter zstd-%,$*),$(zstd-libs)) $(if $(filter sd-event-%,$*),$(sd-libs)) \
		$(if $(filter libuv-%,$*),$(uv-libs))

$(O)/%.o: %.cc $(O)/flags
	$(call say,CXX,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CXX) $(cppflags) $(cpp-cflags) $(own) -MMD -MP -c -o $@ $<

$(addprefix $(O)/examples/,$(cpp-example)): $(O)/examples/%: $(O)/Documentation/examples/%.o \
		$(O)/lib/libsluice.a
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CXX) -o $@ $^ $(ldflags) $(needs-libs)

run-demo: examples
	$(if $(zstd-libs),,$(error the demo needs libzstd: apt-get install libzstd-dev))
	@O='$(O)' CLIENTS='$(CLIENTS)' SERVERS='$(SERVERS)' FIRST='$(FIRST)' \
		sh Documentation/examples/demo.sh

# The same between two hosts, which are two root directories.
demo-bridge: examples tools
	@O='$(O)' sh Documentation/examples/demo-bridge.sh

# Each page is named for its section: NAME.1.rst becomes man1/NAME.1.
pages := $(basename $(notdir $(wildcard Documentation/man/*.rst)))
pages := $(foreach page,$(pages),$(O)/man/man$(subst .,,$(suffix $(page)))/$(page))

man: $(if $(KERNEL_DOC),$(O)/man/man3/sluice_version.3)
man: $(if $(RST2MAN),$(pages))

# One run makes the pages of all functions; one page stands for them.  kernel-doc reads the
# headers with the macros in their structs spelled out.
$(O)/man/man3/sluice_version.3: $(wildcard lib/include/*.h) Documentation/man/man3.awk \
		Documentation/man/fields.awk
	$(call say,MAN,$(@D))
	$(Q)rm -rf $(@D) && mkdir -p $(@D)
	$(Q)for header in $(notdir $(filter %.h,$^)); do \
		awk -f Documentation/man/fields.awk lib/include/$$header >$(@D)/$$header && \
		$(KERNEL_DOC) -man $(@D)/$$header | \
		awk -v directory=$(@D) -v date=$(DATE) -v version=$(VERSION) \
			-v header=$$header -f Documentation/man/man3.awk || exit; \
		rm $(@D)/$$header; \
	done

$(filter %.1,$(pages)): $(O)/man/man1/%: Documentation/man/%.rst
$(filter %.5,$(pages)): $(O)/man/man5/%: $(O)/man/%.rst
$(filter %.7,$(pages)): $(O)/man/man7/%: Documentation/man/%.rst
$(O)/man/man7/sluice.7: $(wildcard Documentation/examples/adder*)

# The keys of the configuration come from the sample.
$(O)/man/%.rst: Documentation/man/%.rst Documentation/man/keys.awk Documentation/sluice.conf
	@mkdir -p $(@D)
	$(Q)awk -f Documentation/man/keys.awk Documentation/sluice.conf >$@.keys
	$(Q)sed -e '/^@KEYS@$$/r $@.keys' -e '/^@KEYS@$$/d' $< >$@
	$(Q)rm $@.keys

$(pages):
	$(call say,MAN,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(RST2MAN) $< | sed 's/@DATE@/$(DATE)/; s/@VERSION@/$(VERSION)/' >$@

install-man: man
	$(call say,INSTALL,man pages)
	$(Q)for page in $(O)/man/man*/*.[1357]; do \
		test ! -e "$$page" || install -D -m 644 "$$page" \
			"$(DESTDIR)$(mandir)/$${page#$(O)/man/}" || exit; \
	done
	$(Q)install -D -m 644 Documentation/sluice.conf \
		$(DESTDIR)$(PREFIX)/share/doc/sluice/sluice.conf

# The names of the pages are known when they are there.
uninstall-man: man
	$(call say,REMOVE,man pages)
	$(call remove,$(PREFIX)/share/doc/sluice/sluice.conf,$(PREFIX)/share/doc/sluice)
	$(Q)for page in $(O)/man/man*/*.[1357]; do \
		rm -f "$(DESTDIR)$(mandir)/$${page#$(O)/man/}" || exit; \
	done

# All pages as HTML.  Sphinx reads a copy of this folder, to which the pages of the API are added.
SPHINXBUILD ?= sphinx-build
html-source := $(O)/Documentation/html

run-htmldocs:
	$(if $(KERNEL_DOC),,$(error make htmldocs needs kernel-doc: apt-get install linux-kbuild-6.1))
	$(call say,SPHINX,$(O)/html)
	$(Q)rm -rf $(html-source) $(O)/html && mkdir -p $(html-source)
	$(Q)cp -r Documentation/. $(html-source)
	$(Q)for header in $(notdir $(wildcard lib/include/*.h)); do \
		awk -f Documentation/man/fields.awk lib/include/$$header >$(html-source)/$$header && \
		$(KERNEL_DOC) -rst -sphinx-version 5.3 $(html-source)/$$header >$(html-source)/$$header.kernel && \
		awk -v header=$$header -f Documentation/reference/api.awk lib/include/$$header \
			$(html-source)/$$header.kernel \
			>$(html-source)/reference/$${header%.h}.rst || exit; \
	done
	$(Q)awk -f Documentation/man/keys.awk Documentation/sluice.conf >$(html-source)/keys
	$(Q)sed -i -e '/^@KEYS@$$/r $(html-source)/keys' -e '/^@KEYS@$$/d' \
		-e 's/@DATE@/$(DATE)/; s/@VERSION@/$(VERSION)/' $(html-source)/man/*.rst
	$(Q)VERSION='$(VERSION)' DATE='$(DATE)' $(SPHINXBUILD) -q -W --keep-going -j 2 -b html \
		-d $(html-source)/doctrees $(html-source) $(O)/html

# What programs see of the library now, for abi_test.sh: at a release, and before the first one.
abi-flags := --no-corpus-path --no-show-locs --no-comp-dir-path --no-elf-needed

abi-baseline: lib
	$(Q)lib/abi.sh '$(CC)' lib/include lib/sluice.map $(O)/Documentation/abi.so
	$(Q)abidw $(abi-flags) $(O)/Documentation/abi.so >Documentation/abi/libsluice.abi
	$(Q)dpkg-gensymbols -q -plibsluice$(firstword $(subst ., ,$(VERSION))) -v$(VERSION) \
		-e$(O)/lib/$(lib-file) -ODocumentation/abi/libsluice.symbols
	$(Q)echo $(VERSION) >Documentation/abi/version

.PHONY: run-demo demo-bridge run-htmldocs abi-baseline
