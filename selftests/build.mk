# SPDX-License-Identifier: GPL-2.0-only
#
# The tests: each *_test.c is a program on the kernel's own kselftest harness,
# each *_test.sh a script, and all speak TAP to prove.  A program that has a
# script of its own name is run by that script.

# The harness is not ours to ship; Debian has it in its kernel's source.  That of
# Linux 6.1 will not do: there a failure in a forked child goes unnoticed.
KSELFTEST    ?= $(O)/selftests/kselftest
LINUX_SOURCE ?= $(lastword $(filter-out %-6.1.tar.xz, \
		  $(shell ls -v /usr/src/linux-source-6.*.tar.* 2>/dev/null)))

# Here a test is FOLDER/NAME_test.
test-programs := $(patsubst selftests/%.c,%,$(wildcard selftests/*/*_test.c))
# These use liburing themselves.
test-programs := $(filter-out $(if $(needs-of),,$(addsuffix _test, \
		   behaviour/own_uring behaviour/foreign build/inject)),$(test-programs))
test-scripts  := $(patsubst selftests/%.sh,%,$(wildcard selftests/*/*_test.sh))

# Programs in tools/ that no script runs reach into the tracer, where there is one.
of-trace      := $(filter-out $(test-scripts),$(filter tools/%,$(test-programs)))
test-programs := $(filter-out $(if $(trace-missing),$(of-trace)),$(test-programs))
# That of the bridge needs the bridge.
test-programs := $(filter-out $(if $(bridge-missing),tools/bridge_packet_test),$(test-programs))
test-alone    := $(filter-out $(test-scripts),$(test-programs))

# Unit tests reach into the library and run once, as those of the kit do.  All others use
# sluice.h alone and run once more through again.sh, where nodes wait with sockets; those
# with other ends a third time, where some do and others do not.
test-twice    := $(filter-out unit/% build/% $(of-trace),$(test-alone))
test-ends     := $(patsubst selftests/%.c,%,$(shell grep -l '^.include "steps.h"' \
		   selftests/*/*_test.c))
# The peer of these is not of the library; that of hostile_*_test is.
hostile-raw   := $(filter hostile/%,$(filter-out hostile/hostile_%,$(test-programs)))
test-thrice   := $(if $(SANITIZE),,$(filter $(test-ends),$(test-twice)))
# What maps memory also runs as on a machine with pages of 64 KiB.
test-pages    := $(if $(SANITIZE),,$(filter $(addsuffix _test,$(addprefix behaviour/, \
		   call memory peer_memory room)),$(test-twice)))
# The rules are shown in every way of waiting; a sanitizer has seen enough after one.
test-again    := $(patsubst %,socket/%, \
		   $(filter-out $(if $(SANITIZE),rules/%),$(test-twice))) \
		 $(test-thrice:%=mixed/%) $(test-pages:%=pages/%)
# Where io_uring is refused or lacks futexes, or advice about memory is not heeded: chosen by
# folder only, and by check-refused.
refusals      := switched-off absent no-futexes deaf
test-refused  := $(foreach r,$(refusals),$(addprefix $(r)/, \
		   $(filter behaviour/% rules/%,$(test-twice))))
test-objects  := $(test-programs:%=$(O)/selftests/%.o)
objects	      += $(test-objects)

# Each fuzz/NAME_fuzz.c is a target of libFuzzer (make fuzz).  With replay.c in its place the
# target is a test, fuzz/NAME_test, of what was found; races are not what it looks for.
fuzz-names   := $(patsubst selftests/fuzz/%_fuzz.c,%,$(wildcard selftests/fuzz/*_fuzz.c))
fuzz-names   := $(filter-out $(if $(trace-missing),capture) $(if $(types-missing),types) \
		  $(if $(strip $(payload-missing)),fields),$(fuzz-names))
fuzz-tools   := $(filter call capture fields types,$(fuzz-names))
fuzz-tests   := $(if $(filter thread,$(SANITIZE)),,$(fuzz-names:%=$(O)/selftests/fuzz/%_test))
objects	     += $(fuzz-names:%=$(O)/selftests/fuzz/%_fuzz.o) \
		$(O)/selftests/fuzz/fuzz.o $(O)/selftests/fuzz/replay.o

# Scripts look at what was built or measure it, for which the plain build is the
# right one; but that failures are seen must be shown everywhere.  Nor is spin_test,
# which tells polling from sleeping, for a program that a sanitizer slows down.
# The thread sanitizer makes a machine of two processors too slow for a budget of processor
# time and for what is left after so much work; the random walk races on purpose; and a child
# that has the memory of a process that has ended (slots_test) ends it again.
too-slow := $(if $(filter thread,$(SANITIZE)),$(hostile-raw) hostile/hostile_budget_test \
	      behaviour/idle_memory_test behaviour/slots_test)
too-slow += $(too-slow:%=socket/%)
test-runs := $(patsubst %,$(O)/selftests/%, \
	       $(filter-out $(too-slow) $(if $(SANITIZE),unit/spin_test),$(test-alone))) \
	     $(patsubst %,$(O)/selftests/%,$(filter-out $(too-slow),$(test-again))) \
	     $(fuzz-tests) \
	     $(patsubst %,selftests/%.sh, \
	       $(if $(SANITIZE),build/harness_test,$(test-scripts)))

# TESTS= chooses by name, or all of a folder: rules/; a script that is chosen needs the
# program of its name.
test-folder  = $(addprefix $(2)selftests/,$(1)% socket/$(1)% mixed/$(1)% pages/$(1)%)
test-named   = $(strip $(filter %/$(1)_test %/$(1)_test.sh $(if $(filter %/,$(1)), \
		 $(call test-folder,$(1),$(O)/) $(call test-folder,$(1))),$(test-runs)) \
		 $(filter $(O)/selftests/$(1)_test $(if $(filter %/,$(1)),$(O)/selftests/$(1)%), \
		   $(test-refused:%=$(O)/selftests/%)))
test-unknown = $(strip $(foreach t,$(TESTS),$(if $(call test-named,$(t)),,$(t))))
test-chosen := $(if $(TESTS), \
		 $(foreach t,$(TESTS),$(call test-named,$(t))),$(test-runs))
test-needed := $(filter $(O)/%,$(test-chosen)) \
	       $(addprefix $(O)/selftests/,$(filter $(test-programs), \
		 $(patsubst selftests/%.sh,%,$(test-chosen))))

tests: $(test-programs:%=$(O)/selftests/%) $(test-again:%=$(O)/selftests/%) $(fuzz-tests)

$(O)/selftests/%.o: own = -Ilib $(needs-cflags) -Iselftests/kit -isystem $(KSELFTEST) \
	-Wno-missing-prototypes -Wno-unused-parameter

$(of-trace:%=$(O)/selftests/%.o): own = -I. -Iselftests/kit -isystem $(KSELFTEST) \
	$(trace-cflags) -Wno-missing-prototypes -Wno-unused-parameter

$(test-objects): | $(KSELFTEST)/kselftest_harness.h

$(of-trace:%=$(O)/selftests/%): $(O)/selftests/%: $(O)/selftests/%.o \
		$(filter-out %/tools/sluice.o,$(tools-objects)) $(O)/lib/libsluice.a
	$(call say,LD,$@)
	$(Q)$(CC) -o $@ $^ $(ldflags) $(needs-libs) $(trace-libs) $(types-libs) $(bridge-libs)

# Processes that kill themselves at a store to shared memory: the library's objects that have
# such stores are compiled once more, with crash points in them.
crash-tests   := hard/crash_points_test
crash-stores  := store_relaxed|store_release|exchange_ordered|replace_u64|add_relaxed|counter
crash-sources := $(shell grep -lE '$(crash-stores)' lib/*/*.c)
crash-objects := $(crash-sources:%.c=$(O)/selftests/hard/%.o)
objects	      += $(crash-objects)

$(crash-objects): own = -Ilib $(needs-cflags) $(pedantic) -fno-lto \
	-include selftests/hard/crash_hooks.h
$(O)/selftests/hard/lib/%.o: lib/%.c selftests/hard/crash_hooks.h $(O)/flags | $(O)/lib/needs
	$(compile)

$(crash-tests:%=$(O)/selftests/%): $(O)/selftests/%: $(O)/selftests/%.o $(crash-objects) \
		$(filter-out $(crash-sources:%.c=$(O)/%.o),$(lib-objects))
	$(call say,LD,$@)
	$(Q)$(CC) -o $@ $(filter %.o,$^) $(ldflags) $(needs-libs)

# A failure without a sentence ends a test of behaviour (selftests/kit/sentences.c).
sentences := $(O)/selftests/kit/sentences

# sluice_containers.h declares no function of the library.
sentences-of := $(filter-out %_containers.h,$(wildcard lib/include/*.h))

$(sentences)_made.h: $(sentences-of) selftests/kit/sentences.awk
	@mkdir -p $(@D)
	$(Q)awk -f selftests/kit/sentences.awk $(sentences-of) >$@

$(sentences).wraps: $(sentences-of) selftests/kit/sentences.awk
	@mkdir -p $(@D)
	$(Q)awk -v wraps=1 -f selftests/kit/sentences.awk $(sentences-of) >$@

$(sentences).o: own = -Ilib -I$(@D) -Wno-missing-prototypes
$(sentences).o: $(sentences)_made.h
objects += $(sentences).o

$(patsubst %,$(O)/selftests/%,$(filter-out $(crash-tests),$(test-twice)) build/sentences_test): \
		$(O)/selftests/%_test: $(O)/selftests/%_test.o \
		$(sentences).o $(sentences).wraps $(lib-objects)
	$(call say,LD,$@)
	$(Q)$(CC) -o $@ $(filter %.o,$^) @$(sentences).wraps $(ldflags) $(needs-libs)

# The hostile peer knows uapi/ alone, and nothing of the library.
hostile-objects := $(patsubst %.c,$(O)/%.o,$(filter-out %_test.c,$(wildcard selftests/hostile/*.c)))
objects		+= $(hostile-objects)

$(hostile-objects): own =
$(hostile-raw:%=$(O)/selftests/%): $(hostile-objects)
# What their victim does is counted in front of these.
$(hostile-raw:%=$(O)/selftests/%): private ldflags += \
	-Wl,--wrap=channel_drain,--wrap=fdpass_receive,--wrap=turn_charge \
	-Wl,--wrap=node_entry_next_letter,--wrap=turn_charge_greeting,--wrap=turn_set_payer

# Linked to the objects: in the archive the library's own names are hidden.
$(O)/selftests/%_test: $(O)/selftests/%_test.o $(lib-objects)
	$(call say,LD,$@)
	$(Q)$(CC) -o $@ $^ $(ldflags) $(needs-libs)

# It counts the calls of a function, by standing in front of it.
$(O)/selftests/behaviour/flow_test: private ldflags += -Wl,--wrap=wait_look_again

# Its client is slow to go on when it has lost a server.
$(O)/selftests/behaviour/shortage_growth_test: private ldflags += -Wl,--wrap=client_wants

# Its victim does without the pauses after a breach.
$(O)/selftests/hostile/random_test: private ldflags += \
	-Wl,--wrap=server_keeps_waiting,--wrap=client_grow_wary

# Its clock of the day jumps.
$(O)/selftests/hard/clock_test: private ldflags += -Wl,--wrap=clock_gettime,--wrap=time

# It has two processes take turns at system calls.
$(O)/selftests/unit/opening_race_test: private ldflags += -Wl,--wrap=openat,--wrap=unlinkat

$(O)/selftests/socket/%: selftests/kit/again.sh $(O)/selftests/%
	$(Q)install -D $< $@

$(O)/selftests/mixed/%: selftests/kit/again.sh $(O)/selftests/%
	$(Q)install -D $< $@

$(O)/selftests/pages/%: selftests/kit/again.sh $(O)/selftests/% $(O)/selftests/kit/pages.so
	$(Q)install -D $< $@

$(foreach r,$(refusals),$(eval $$(O)/selftests/$(r)/%: selftests/kit/again.sh $$(O)/selftests/% \
		$$(O)/selftests/kit/refuse ; $$(Q)install -D $$< $$@))

$(O)/selftests/kit/refuse: $(O)/selftests/kit/refuse.o
	$(call say,LD,$@)
	$(Q)$(CC) -o $@ $< $(ldflags)

objects += $(O)/selftests/kit/refuse.o

preloaded := $(addprefix $(O)/selftests/kit/,pages.so patience.so)
objects   += $(preloaded:.so=.o)

$(preloaded:.so=.o): own = -fvisibility=default
$(preloaded): %.so: %.o
	$(call say,LD,$@)
	$(Q)$(CC) -shared -o $@ $< $(ldflags)

$(O)/selftests/kselftest/kselftest_harness.h:
	$(if $(LINUX_SOURCE),,$(error the tests need the kselftest harness: \
		apt-get install linux-source-6.12, or set KSELFTEST=))
	$(call say,TAR,$@)
	$(Q)mkdir -p $(@D)
	$(Q)tar -xmf $(LINUX_SOURCE) -C $(@D) \
		--strip-components=4 --occurrence=1 --wildcards \
		'*/tools/testing/selftests/kselftest.h' \
		'*/tools/testing/selftests/kselftest_harness.h'

# ---- fuzz/

$(O)/selftests/fuzz/%.o: own = -Ilib -Iselftests/fuzz $(needs-cflags)
$(fuzz-tools:%=$(O)/selftests/fuzz/%_fuzz.o): own = -I. -Iselftests/fuzz \
	$(trace-cflags) $(types-cflags)

# Random cases of these targets, as tests.
$(O)/selftests/unit/rows_%_test: $(O)/selftests/unit/rows_%_test.o $(O)/selftests/fuzz/%_fuzz.o \
		$(O)/selftests/fuzz/fuzz.o $(lib-objects)
	$(call say,LD,$@)
	$(Q)$(CC) -o $@ $^ $(ldflags) $(needs-libs)

fuzz-needs    = $(if $(filter $(fuzz-tools),$(1)), \
		  $(filter-out %/tools/sluice.o,$(tools-objects)) $(O)/lib/libsluice.a,$(lib-objects))
fuzz-libs    := $(needs-libs) $(trace-libs) $(types-libs) $(bridge-libs)

define fuzz-link
$(call say,LD,$@)
$(Q)$(CC) -o $@ $^ $(ldflags) $(1) $(fuzz-libs)
endef

define fuzz-rules
$(O)/selftests/fuzz/$(1)_test: $(O)/selftests/fuzz/$(1)_fuzz.o $(O)/selftests/fuzz/fuzz.o \
		$(O)/selftests/fuzz/replay.o $(call fuzz-needs,$(1))
	$$(call fuzz-link)
$(O)/selftests/fuzz/$(1)_fuzz: $(O)/selftests/fuzz/$(1)_fuzz.o $(O)/selftests/fuzz/fuzz.o \
		$(call fuzz-needs,$(1))
	$$(call fuzz-link,-fsanitize=fuzzer)
endef
$(foreach name,$(fuzz-names),$(eval $(call fuzz-rules,$(name))))

# Only with instrumentation of what is fuzzed: make fuzz is a build of its own.
FUZZ_CC	 ?= clang
SECONDS	 ?= 60
fuzz-run := $(O)/fuzz

fuzz:
	$(Q)$(MAKE) --no-print-directory O=$(fuzz-run) CC=$(FUZZ_CC) \
		SANITIZE=address,undefined,fuzzer-no-link \
		$(addprefix $(fuzz-run)/selftests/fuzz/,$(addsuffix _fuzz,$(or $(TARGET),$(fuzz-names))))
	$(Q)O=$(fuzz-run) FUZZ_SECONDS=$(SECONDS) FUZZ_INPUTS=$(INPUTS) selftests/fuzz/run.sh $(or $(TARGET),$(fuzz-names))

.PHONY: fuzz

# Here is what failed tests have printed.
FAILURES ?= $(O)/selftests/failures

# Programs come first.  Of the scripts, those that must be alone run one after the other, beside
# the rest: each would else keep one of prove's places while it waits for another.
comma	   := ,
empty	   :=
one-by-one := $(shell grep -lx -e alone -e '\. selftests/kit/tracing.sh' selftests/*/*_test.sh)
one-by-one := {$(subst $(empty) $(empty),$(comma),$(one-by-one))}

$(O)/selftests/order.yml: selftests/build.mk
	@mkdir -p $(@D)
	$(Q)printf '%s\n' '---' 'seq:' '  - par: "**_test"' '  - par:' \
		'    - seq: "$(one-by-one)"' '    - par: "**.sh"' >$@

# The package for Python is tested as it is, and by the examples.
of-python := $(filter %/python_test.sh %/examples_test.sh,$(test-chosen))

run-check: all $(test-needed) $(O)/selftests/order.yml \
		$(if $(of-python),python-for-check)
	$(if $(test-unknown),$(error there is no test called $(test-unknown)))
	@echo 'Behaviour is tested as it comes, as socket/..._test with' \
	      'SLUICE_WAIT=socket, and as mixed/..._test with both.'
	@echo "The rules of the contract are $$(cat selftests/rules/rule_*_test.c | \
		grep -c '^TEST_F[A-Z_]*(rule_') tests in rules/, each in both wait modes."
	$(Q)rm -f $(O)/selftests/skipped
	$(Q)O='$(O)' CC='$(CC)' CXX='$(CXX)' KERNEL_DOC='$(KERNEL_DOC)' \
		SKIPPED='$(O)/selftests/skipped' FAILURES='$(FAILURES)' \
		HARNESS_RULESFILE='$(O)/selftests/order.yml' \
		selftests/kit/rerun.sh 'prove --timer $(PROVEFLAGS) -e selftests/kit/one.sh' \
		$(test-chosen)
	$(Q)selftests/kit/skips.sh $(O)/selftests/skipped $(SKIPS)

# All behaviour, on machines that refuse something.
check-refused:
	$(Q)$(MAKE) --no-print-directory check TESTS='$(refusals:%=%/)'

# Other machines, by cross compilers and qemu-user; another libc; Debian's own kernel, in QEMU.
check-cross: MACHINES ?= aarch64 riscv64
check-musl:  MACHINES ?= musl
check-cross check-musl: deps-machines all $(KSELFTEST)/kselftest_harness.h
	$(Q)for machine in $(MACHINES); do \
		selftests/build/machine.sh $$machine '$(abspath $(KSELFTEST))' '$(abspath $(O))' \
			$(TESTS) || exit; done

vm-tests := $(or $(TESTS),$(addprefix behaviour/,call death deadline default_root kill leave \
	      memory order refused room send_and_receive slices stream turnover) \
	      $(addprefix rules/rule_,gone held receiving sending told) hard/memory_cgroup)

check-vm: deps-vm $(vm-tests:%=$(O)/selftests/%_test) $(O)/selftests/kit/patience.so
	$(Q)selftests/build/vm.sh '$(or $(KERNEL),debian)' '$(O)' $(vm-tests:%=%_test)

# The hostile peer's random walk, a million steps or STEPS=, and as many cases of each row of
# attacks or CASES=, from a new seed or SEED=; and all of hard/ in full.  What was tried is in a
# table at the end.
hard-table := $(O)/selftests/hard.table
hard-tests := hostile/random rows_server rows_client hard/ \
	      behaviour/kill behaviour/turnover behaviour/close_failures

check-hard: export STEPS := $(or $(STEPS),1000000)
check-hard: export CASES := $(or $(CASES),1000000)
check-hard: export CRASH_POINTS := $(or $(CRASH_POINTS),1000000)
check-hard: export KILLS := $(or $(KILLS),3000)
check-hard: export TURNOVERS := $(or $(TURNOVERS),100000)
check-hard: export HARD_TABLE := $(abspath $(hard-table))
check-hard: export TEST_SECONDS := 86400
check-hard: export RERUNS := 0
check-hard:
	$(Q)rm -f $(hard-table)
	$(Q)$(MAKE) --no-print-directory check TESTS='$(hard-tests)'; status=$$?; \
		cat $(hard-table); exit $$status

# Peers that come, exchange messages, are killed, stopped and traced, for SECONDS=.
soak: all $(O)/selftests/hard/soak_test
	$(Q)O='$(O)' selftests/hard/soak.sh '$(or $(SECONDS),60)'

# sluice.hpp with all compilers, standards and options.
check-cplusplus: export MATRIX := all
check-cplusplus:
	$(Q)$(MAKE) --no-print-directory check TESTS=cplusplus

# What is printed and not judged: each *_measure.c is a program, each *_measure.sh a script.
measure-programs := $(patsubst selftests/%.c,$(O)/selftests/%,$(wildcard selftests/*/*_measure.c))
measure-programs := $(filter-out $(if $(bridge-missing),%/bridge_measure),$(measure-programs))
measure-scripts  := $(wildcard selftests/*/*_measure.sh)
objects		 += $(measure-programs:%=%.o)

# Programs that are measured are linked with what is installed.
$(measure-programs) $(O)/selftests/tools/probes_test: $(O)/selftests/%: $(O)/selftests/%.o \
		$(O)/lib/libsluice.a
	$(call say,LD,$@)
	$(Q)$(CC) -o $@ $^ $(ldflags) $(needs-libs)

# It makes requests of NATS itself.
$(O)/selftests/tools/bridge_measure: private ldflags += $(bridge-libs)

run-measure: all python-for-check $(measure-programs) $(O)/selftests/tools/probes_test
	$(Q)for measure in $(measure-programs) $(measure-scripts); do \
		echo "$$measure:" && O='$(O)' $$measure || exit; done

# The budgets of instructions_test.sh are written anew, below the comment they begin with.
budget := selftests/build/instructions.budget

budget: $(O)/selftests/tools/probes_test
	$(Q){ grep '^#' $(budget) && O='$(O)' selftests/build/instructions.sh; } >$(O)/$(notdir $(budget))
	$(Q)cp $(O)/$(notdir $(budget)) $(budget)

# As the kernel installs its own: programs, a list, and what runs the list.
KSFT_INSTALL_PATH ?= $(DESTDIR)$(PREFIX)/libexec/sluice/selftests

install-selftests: tests
	$(call say,INSTALL,$(KSFT_INSTALL_PATH))
	$(Q)install -d $(KSFT_INSTALL_PATH)
	$(Q)for t in $(test-alone) $(test-again); do \
		install -D $(O)/selftests/$$t $(KSFT_INSTALL_PATH)/$$t || exit; done
	$(if $(test-pages),$(Q)install -D $(O)/selftests/kit/pages.so $(KSFT_INSTALL_PATH)/kit/pages.so)
	$(Q)install $(addprefix selftests/kit/,run_kselftest.sh one.sh failed.sh rerun.sh) \
		$(KSFT_INSTALL_PATH)
	$(Q)printf 'sluice:%s\n' $(test-alone) $(test-again) \
		>$(KSFT_INSTALL_PATH)/kselftest-list.txt

.PHONY: tests run-check check-hard soak check-refused check-cross check-musl check-vm check-cplusplus run-measure budget
