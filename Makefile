# SPDX-License-Identifier: MIT
#
# The whole build.  Each folder adds its part in a build.mk; nothing recurses.

define help
  make                   library, examples, tools and man pages
  make check             install what the tests need (Debian), build, run them
  make measure           print what was measured, which decides nothing
  make demo              likewise for the demonstration
  make install           into DESTDIR= PREFIX= (/usr/local)
  make install-selftests into KSFT_INSTALL_PATH=, else under DESTDIR= PREFIX=
  make clean             remove what was built

  O=dir            build there (build)      V=1         show the commands
  CC= CXX=         compilers (cc, g++)      DEPS=no     install no packages
  CFLAGS= LDFLAGS= added to our own         SANITIZE=   address,undefined or thread
  TESTS='ring call'          run only these tests
  PROVEFLAGS=-j2             how prove runs them, here two at a time
  KSELFTEST=dir              a kernel's tools/testing/selftests, for the harness
  CLIENTS= SERVERS= FIRST=   of the demo: how many (1, 1); server or client
endef

VERSION := 0.1.0
DATE	:= 2026-11-23

O	?= build
PREFIX	?= /usr/local
OBJCOPY	?= objcopy
CLIENTS	?= 1
SERVERS	?= 1
FIRST	?= server

bindir	   ?= $(PREFIX)/bin
libdir	   ?= $(PREFIX)/lib
includedir ?= $(PREFIX)/include
mandir	   ?= $(PREFIX)/share/man

Q   := $(if $(filter 1,$(V)),,@)
say  = $(if $(Q),@printf '  %-8s%s\n' $(1) '$(2)')

sanitize := $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=all)
cppflags := -D_GNU_SOURCE -Iuapi -Ilib/include $(CPPFLAGS)
cflags	 := -std=c11 -Wall -Wextra -Wpedantic -Wshadow -Wmissing-prototypes \
	    -O2 -g -fPIC -fvisibility=hidden -fno-omit-frame-pointer \
	    $(sanitize) $(CFLAGS)
ldflags	 := $(sanitize) $(LDFLAGS)

all:

include lib/build.mk
include bpf/build.mk
include tools/build.mk
include selftests/build.mk
include Documentation/build.mk

all: lib tools examples man

# $(own) are the flags of a folder, set in its build.mk.
$(O)/%.o: %.c $(O)/flags
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(cppflags) $(cflags) $(own) -MMD -MP -c -o $@ $<

# What was built by another compiler or with other flags is built again.
$(O)/flags: export command := $(CC) $(cppflags) $(cflags) $(ldflags)
$(O)/flags: FORCE
	@mkdir -p $(@D)
	@echo "$$command" | cmp -s - $@ || echo "$$command" >$@

# What is installed is looked up when the Makefile is read, and the packages may
# be installed only now: hence the second make.
check demo: %: deps-%
	$(Q)$(MAKE) --no-print-directory run-$@

deps-%:
	$(if $(filter no,$(DEPS)),,$(Q).ci/deps build $*)

install: install-lib install-tools install-man

clean:
	$(Q)rm -rf $(addprefix $(O)/,flags bpf Documentation examples lib man selftests tools)
	$(Q)rmdir $(O) 2>/dev/null || true

help:
	@:$(info $(help))

-include $(objects:.o=.d)

.DELETE_ON_ERROR:
.SECONDARY: $(objects)
.PHONY: all lib tools examples man check demo clean help FORCE
.PHONY: install install-lib install-tools install-man install-selftests
