# SPDX-License-Identifier: MIT
#
# The package for Python, built with cffi against libsluice: "make python" builds it in
# $(O)/python, with the examples, and "make install-python" installs it.  "make check" tests it
# where Python and cffi are.  PYTHON= is the interpreter.

PYTHONDIR	?= $(PREFIX)/lib/python3/dist-packages
python-sources	:= $(wildcard lib/python/sluice/*.py) lib/python/sluice/py.typed
python-examples := $(wildcard Documentation/examples/*.py)

# The first interpreter that has cffi and can compile what it makes.
find-python = for python in $(or $(PYTHON),/usr/bin/python3 python3); do \
	"$$python" -c 'import cffi, os, sysconfig; \
		os.stat(sysconfig.get_path("include") + "/Python.h")' 2>/dev/null && \
		command -v "$$python" && break; \
	done

python: $(O)/python/interpreter

# It is written last, and has the interpreter's name in it.
$(O)/python/interpreter: lib/python/build.mk lib/python/cffi_build.py lib/include/sluice.h $(python-sources) \
		$(python-examples) $(O)/lib/$(lib-file)
	$(call say,PYTHON,$(O)/python)
	$(Q)python=$$($(find-python)); \
	test -n "$$python" || { \
		echo 'The package for Python needs it, cffi and Python.h:' \
		     'apt-get install python3-dev python3-cffi' >&2; exit 1; }; \
	rm -rf $(@D) && mkdir -p $(@D)/sluice $(@D)/examples && \
	cp $(python-sources) $(@D)/sluice && \
	"$$python" lib/python/cffi_build.py $(@D) lib/include $(O)/lib && \
	rm -f $(@D)/sluice/*.o && \
	for example in $(python-examples); do \
		built=$(@D)/examples/$$(basename $$example); \
		sed "1s,^#!.*,#!$$python," $$example >$$built && chmod +x $$built || exit; \
	done && \
	echo "$$python" >$@

# Only where it can be built.  The library comes first: the make that is called here would else
# build it beside the one that calls.
python-for-check: $(O)/lib/$(lib-file)
	$(Q)if [ -n "$$($(find-python))" ]; then $(MAKE) --no-print-directory python; \
	else echo '  the package for Python is left out: there is no python3-cffi'; fi

install-python: python
	$(call say,INSTALL,package for Python)
	$(Q)install -d $(DESTDIR)$(PYTHONDIR)/sluice
	$(Q)install -m 644 $(python-sources) $(DESTDIR)$(PYTHONDIR)/sluice
	$(Q)install -m 644 $(O)/python/sluice/_sluice*.so $(DESTDIR)$(PYTHONDIR)/sluice

.PHONY: python python-for-check install-python
