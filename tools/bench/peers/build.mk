# SPDX-License-Identifier: MIT
#
# make bench-peers: the same loop over Sluice and over packaged peers, and one table.  It
# alone builds anything here.  A peer whose package is missing is left out, and named;
# .ci/deps peers installs all of them.
#
# Each peer is a file, NAME.c or NAME.cpp, and has these variables:
#	NAME-for	its package
#	NAME-with	flags to find its headers
#	NAME-has	headers, without which it is left out
#	NAME-tools	commands that must be there too
#	NAME-libs	what it is linked with

ifneq ($(filter bench-peers run-bench-peers,$(MAKECMDGOALS)),)

peers := sluice seqpacket zeromq nng sd_bus grpc cyclone iceoryx

sluice-libs	= $(O)/lib/libsluice.a $(needs-libs)

zeromq-for	= libzmq3-dev
zeromq-has	= zmq.h
zeromq-libs	= -lzmq

nng-for		= libnng-dev
nng-has		= nng/nng.h
nng-libs	= -lnng

sd_bus-for	= libsystemd-dev
sd_bus-has	= systemd/sd-bus.h
sd_bus-libs	= -lsystemd

grpc-for	= libgrpc++-dev libprotobuf-dev protobuf-compiler-grpc
grpc-has	= grpcpp/grpcpp.h google/protobuf/message.h
grpc-tools	= protoc grpc_cpp_plugin
grpc-libs	= -Wl,--copy-dt-needed-entries -lgrpc++ -lgrpc -lgpr -lprotobuf

cyclone-for	= cyclonedds-dev cyclonedds-tools
cyclone-has	= dds/dds.h
cyclone-tools	= idlc
cyclone-libs	= -lddsc

iceoryx-for	= libiceoryx-posh-dev libiceoryx-hoofs-dev iceoryx
iceoryx-with	= $(addprefix -isystem ,$(lastword $(wildcard /usr/include/iceoryx/v*)))
iceoryx-has	= iceoryx_posh/popo/client.hpp
iceoryx-tools	= iox-roudi
iceoryx-libs	= -liceoryx_posh -liceoryx_hoofs -liceoryx_platform

# Are its headers there, and its commands?
hash := \#
finds = $(shell { printf '$(hash)include <%s>\n' $($1-has) | \
	  $(CXX) -std=c++17 $($1-with) -x c++ -E - && \
	  for tool in $($1-tools); do command -v $$tool || exit; done; } >/dev/null 2>&1 && echo $1)

peers-here   := $(foreach peer,$(peers),$(if $($(peer)-has),$(call finds,$(peer)),$(peer)))
peers-absent := $(filter-out $(peers-here),$(peers))
peer-built   := $(O)/tools/bench/peers
peer-made     = $(addprefix $(peer-built)/peer-,$(peers-here))

$(peer-built)/%.o: own = $($*-with) -isystem $(peer-built)
$(peer-built)/%.o: tools/bench/peers/%.cpp $(O)/flags
	$(call say,CXX,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CXX) -D_GNU_SOURCE -std=c++17 -Wall -Wextra -O2 -g $(sanitize) $(own) \
		$(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(peer-built)/grpc.o $(peer-built)/grpc.grpc.pb.o: $(peer-built)/grpc.made
$(peer-built)/grpc.made: tools/bench/peers/grpc.proto
	$(call say,PROTOC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)protoc -I $(<D) --cpp_out=$(@D) --grpc_out=$(@D) \
		--plugin=protoc-gen-grpc=$$(command -v grpc_cpp_plugin) $(<F)
	$(Q)$(CXX) -std=c++17 -O2 -c -o $(@D)/grpc.pb.o $(@D)/grpc.pb.cc
	$(Q)$(CXX) -std=c++17 -O2 -c -o $(@D)/grpc.grpc.pb.o $(@D)/grpc.grpc.pb.cc
	@touch $@
grpc-objects = $(peer-built)/grpc.pb.o $(peer-built)/grpc.grpc.pb.o

$(peer-built)/cyclone.o: $(peer-built)/cyclone.made
$(peer-built)/cyclone.made: tools/bench/peers/cyclone.idl
	$(call say,IDLC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)cd $(@D) && idlc -x final $(abspath $<)
	$(Q)$(CC) -O2 -c -o $(@D)/cyclone.idl.o $(@D)/cyclone.c
	@touch $@
cyclone-objects = $(peer-built)/cyclone.idl.o

$(peer-made): $(peer-built)/peer-%: $(peer-built)/%.o $(peer-built)/loop.o $(O)/lib/libsluice.a
	$(call say,LD,$@)
	$(Q)$(CXX) -o $@ $(peer-built)/$*.o $(peer-built)/loop.o $($*-objects) $(ldflags) $($*-libs)

bench-peers: $(peer-made)
	@$(foreach peer,$(peers-absent), \
		echo 'left out: $(peer); its package is not installed: $($(peer)-for)';)
	$(Q)sh tools/bench/peers/run.sh $(peer-built) $(peers-here)

objects += $(addprefix $(peer-built)/,$(addsuffix .o,$(peers-here) loop))
endif

.PHONY: bench-peers
