# SPDX-License-Identifier: MIT
#
# The whole build.  Each folder adds its part in a build.mk; nothing recurses.

define help
  make                   library, examples, tools and man pages
  make check             install what the tests need (Debian), build, run them
  make check-hard        a hostile peer for long, from a new SEED= for STEPS= (1000000);
                         processes that die at each CRASH_POINTS= (all); a table of it
  make soak              random kills, stops and tracers for SECONDS= (60), SEED=, then calm
  make check-refused     all behaviour on machines that refuse io_uring, and advice about memory
  make fuzz              libFuzzer for SECONDS= (60) or INPUTS= each; TARGET='config types'
  make check-cross       the library on MACHINES= (aarch64 riscv64), in qemu-user
  make check-musl        the library with musl
  make check-vm          behaviour on Debian's own kernel in QEMU: takes long; KERNEL=debian-newest
                         takes the newest that it packages, KERNEL= a file; ACCEL=kvm
  make check-cplusplus   sluice.hpp with all compilers, standards and options
  make demo              likewise for the demonstration
  make demo-bridge       growing slices from host to host, over a NATS server of its own
  make python            the package for Python (python3-cffi); make install-python installs it
  make install           into DESTDIR= PREFIX= (/usr/local)
  make htmldocs          all pages as HTML, in O=/html (python3-sphinx)
  make uninstall         removes what install wrote, with the same DESTDIR= PREFIX=
  make install-selftests into KSFT_INSTALL_PATH=, else under DESTDIR= PREFIX=
  make dist              a tar ball of the last commit, in O=
  make distcheck         builds it twice outside git, hardened; compares, tests, uninstalls
  make deb               Debian packages of it, in O=/deb; DEBFULLNAME= DEBEMAIL=
  make check-deb         builds them twice, compares, has lintian read them, uses them
  make clean             remove what was built

  make measure           costs, printed and not judged
  make abi-baseline      describe the ABI that later libraries must keep (abigail-tools)
  make budget            count the instructions that make check then holds calls to
  make bench-peers       Sluice and packaged peers in the same loop; RUNS= ROUNDS= TRIPS=
  make bench-readme      sluice bench, and its table and picture in README.md
  make bench-page        the figures and pictures of Documentation/benchmarks.rst

  O=dir            build there (build)      V=1         show the commands
  CC= CXX=         compilers (cc, g++)      DEPS=no     install no packages
  CROSS_COMPILE=   prefix of the tools of another machine, aarch64-linux-gnu- for example
  PYTHON=          interpreter of make python
  PKG_CONFIG=      asked for the libraries  SANITIZE=   address,undefined or thread
  LTO=no           compile the library file by file, not as a whole
  URING=no         without liburing: nodes wait through sockets
  CFLAGS= CPPFLAGS= LDFLAGS=  added behind our own; make install keeps what was built
  TESTS='ring call'          run only these tests; rules/ is a folder of them
  PROVEFLAGS=-j2             how prove runs them, here two at a time
  SKIPS=files                fail if a check is skipped that none of them allows
  KSELFTEST=dir              a kernel's tools/testing/selftests, for the harness
  CLIENTS= SERVERS= FIRST=   of the demo: how many (1, 1); server or client
endef

VERSION := 0.1.0
DATE	:= 2026-11-23

O	?= build
PREFIX	?= /usr/local
CLIENTS	?= 1
SERVERS	?= 1
FIRST	?= server

bindir	   ?= $(PREFIX)/bin
libdir	   ?= $(PREFIX)/lib
includedir ?= $(PREFIX)/include
mandir	   ?= $(PREFIX)/share/man

# What decides how a file is compiled.  A build writes it down, and a make that only installs,
# or removes what was installed, takes it from there: so it builds nothing again.  Its own
# command line still has the last word.
built-with := CC CXX CROSS_COMPILE CPPFLAGS CFLAGS LDFLAGS SANITIZE LTO URING PKG_CONFIG OBJCOPY
ifeq ($(filter-out install% uninstall,$(or $(MAKECMDGOALS),all)),)
-include $(O)/built-with.mk
endif

# The tools of the machine that is built for.  make has a CC and an AR of its own.
ifneq ($(filter default undefined,$(origin CC)),)
CC := $(CROSS_COMPILE)$(if $(CROSS_COMPILE),gcc,cc)
endif
ifneq ($(filter default undefined,$(origin CXX)),)
CXX := $(CROSS_COMPILE)g++
endif
ifneq ($(filter default undefined,$(origin AR)),)
AR := $(CROSS_COMPILE)ar
endif
OBJCOPY	   ?= $(CROSS_COMPILE)objcopy
PKG_CONFIG ?= $(CROSS_COMPILE)pkg-config

Q   := $(if $(filter 1,$(V)),,@)
say  = $(if $(Q),@printf '  %-8s%s\n' $(1) '$(2)')

sanitize := $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=all)
cppflags := -D_GNU_SOURCE -Iuapi -Ilib/include
cflags	 := -std=c11 -Wall -Wextra -Wpedantic -Wshadow -Wmissing-prototypes \
	    -O2 -g -fPIC -fvisibility=hidden -fno-omit-frame-pointer \
	    -ffile-prefix-map=$(CURDIR)=. $(sanitize)
# With -flto it is the linker that compiles.
ldflags	 := -ffile-prefix-map=$(CURDIR)=. $(sanitize) $(LDFLAGS)

all:

include lib/build.mk
include lib/python/build.mk
include bpf/build.mk
include tools/build.mk
include tools/bench/peers/build.mk
include selftests/build.mk
include Documentation/build.mk
include Documentation/packaging/build.mk

all: lib tools examples man

# $(own) are the flags of a folder, set in its build.mk.  Those that were given come last, so
# that they win; $(lto-flag) alone is not theirs to choose.
define compile
$(call say,CC,$@)
$(Q)mkdir -p $(@D)
$(Q)$(CC) $(cppflags) $(cflags) $(own) $(CPPFLAGS) $(CFLAGS) $(lto-flag) -MMD -MP -c -o $@ $<
endef

$(O)/%.o: %.c $(O)/flags
	$(compile)

# As it was given, with whatever dollar signs and hashes it has.
define keep
define $1
$(value $1)
endef

endef

# What was built by another compiler or with other flags is built again.
$(O)/flags: export command := $(CC) $(cppflags) $(cflags) $(CPPFLAGS) $(CFLAGS) $(ldflags)
$(O)/flags: export kept := $(foreach v,$(built-with),$(call keep,$v))
$(O)/flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' "$$command" "$$kept" | cmp -s - $@ || { \
		printf '%s\n' "$$command" "$$kept" >$@; \
		printf '%s\n' "$$kept" >$(O)/built-with.mk; }

# What is installed is looked up when the Makefile is read, and the packages may
# be installed only now: hence the second make.
check demo measure htmldocs: %: deps-%
	$(Q)$(MAKE) --no-print-directory run-$@

deps-%:
	$(if $(filter no,$(DEPS)),,$(Q).ci/deps build $(if $(filter measure,$*),check,$*))

install: install-lib install-tools install-man

uninstall: uninstall-lib uninstall-tools uninstall-man

# A tar ball of the last commit, the same for everybody who makes one.
tar-ball := sluice-$(VERSION).tar.gz

dist:
	$(call say,TAR,$(O)/$(tar-ball))
	$(Q)mkdir -p $(O)
	$(Q)test -z "$$(git status --porcelain)" || echo '  what is not committed is left out'
	$(Q)git archive --prefix=sluice-$(VERSION)/ -o $(O)/$(tar-ball).tmp.tar HEAD
	$(Q)gzip -n -9 <$(O)/$(tar-ball).tmp.tar >$(O)/$(tar-ball)
	$(Q)rm $(O)/$(tar-ball).tmp.tar

distcheck: dist
	$(Q)selftests/build/distcheck.sh $(O)/$(tar-ball) $(KSELFTEST) $(TESTS)

# remove FILES,FOLDERS: files that were installed, and folders of ours that are empty then
define remove
$(Q)rm -f $(addprefix $(DESTDIR),$(1))
$(Q)rmdir $(addprefix $(DESTDIR),$(2)) 2>/dev/null || true
endef

clean:
	$(Q)rm -rf $(addprefix $(O)/,flags built-with.mk instructions.budget bpf deb Documentation examples fuzz html lib machines man python selftests tools vm)
	$(Q)rmdir $(O) 2>/dev/null || true

help:
	@:$(info $(help))

-include $(objects:.o=.d)

.DELETE_ON_ERROR:
.SECONDARY: $(objects)
.PHONY: all lib tools examples man check demo measure htmldocs clean help FORCE
.PHONY: install install-lib install-tools install-man install-selftests
.PHONY: dist distcheck uninstall uninstall-lib uninstall-tools uninstall-man
