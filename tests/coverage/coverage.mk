# SPDX-License-Identifier: MIT
# What the tests reach, in a build of its own: make coverage [COVERAGE_HTML=1] [COVERAGE_LINES=98]
# gcovr is needed (Debian: apt-get install gcovr).

COVERAGE_BUILD = coverage-build
COVERAGE_CC = gcc
COVERAGE_LINES = 95
COVERAGE_BRANCHES = 90
COVERAGE_HTML =
# gcc would put a call of its own before each exec. A hook's process has our memory until then: that call would end
# the counting of the program which started it.
COVERAGE_CFLAGS = -O0 -g --coverage -DCOUNT_COVERAGE -fprofile-update=atomic -fno-builtin-execve -fno-builtin-execv -fno-builtin-execvp
coverage:
	test -f $(COVERAGE_BUILD)/Makefile || { mkdir -p $(COVERAGE_BUILD) && cd $(COVERAGE_BUILD) && \
		$(abs_top_srcdir)/configure -q --disable-hardening CC="$(COVERAGE_CC)" CFLAGS="$(COVERAGE_CFLAGS)"; }
	cd $(COVERAGE_BUILD) && $(MAKE) -s $(check_PROGRAMS)
	COVERAGE_LINES=$(COVERAGE_LINES) COVERAGE_BRANCHES=$(COVERAGE_BRANCHES) COVERAGE_HTML=$(COVERAGE_HTML) \
		$(abs_top_srcdir)/tests/coverage/run $(COVERAGE_BUILD)
.PHONY: coverage
