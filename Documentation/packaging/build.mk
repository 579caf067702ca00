# SPDX-License-Identifier: MIT
#
# Debian packages of the last commit, from the tar ball that make dist makes of it.  The folder
# debian/ is put together where they are built: the top of the tree has no place for it.

# Who stands behind the packages.  dch(1) and others read the same variables.
DEBFULLNAME ?= The Sluice authors
DEBEMAIL    ?= sluice@packages.invalid

deb: deps-deb dist
	$(call say,DEB,$(O)/deb)
	$(Q)rm -rf $(O)/deb
	$(Q)MAINTAINER='$(DEBFULLNAME) <$(DEBEMAIL)>' Documentation/packaging/deb.sh \
		$(O)/$(tar-ball) $(VERSION) $(DATE) $(O)/deb
	$(Q)ls $(O)/deb/*.deb

check-deb: deps-deb dist
	$(Q)selftests/build/deb.sh $(O)/$(tar-ball) $(VERSION) $(DATE)

.PHONY: deb check-deb
