# SPDX-License-Identifier: MIT
# What takes longer than `make check`, or needs more than it: make check-WHAT

# Kills of gateways for as long as you like: make check-kills KILLS=5000
KILLS = 500
check-kills: all
	KILLS=$(KILLS) STENOHOOK_BUILD=$(abs_builddir) $(abs_srcdir)/tests/e2e/run kill
.PHONY: check-kills

# What threads share, under gcc's thread sanitizer in a build of its own: those that append together, writers that are
# killed, and the gateway behind lighttpd.
THREADS_BUILD = threads-build
THREADS_TOPICS = delivery kill
check-threads:
	test -f $(THREADS_BUILD)/Makefile || { mkdir -p $(THREADS_BUILD) && cd $(THREADS_BUILD) && \
		$(abs_top_srcdir)/configure -q --enable-sanitizers=thread CFLAGS="-O1 -g"; }
	cd $(THREADS_BUILD) && $(MAKE) -s stenohook stenohook.fcgi stenohook-run tests/unit/unit tests/tools/append \
		tests/tools/history tests/tools/storm
	cd $(THREADS_BUILD) && tests/unit/unit group settings settings_cache settings_find
	cd $(THREADS_BUILD) && $(abs_top_srcdir)/tests/storm
	STENOHOOK_BUILD=$(abs_builddir)/$(THREADS_BUILD) $(abs_srcdir)/tests/e2e/run -k 'lighttpd-fastcgi' -k '.Killed.' $(THREADS_TOPICS)
.PHONY: check-threads

# The unit tests again and again beside as many busy loops as there are processors: does one fail by chance?
# make check-flaky RUNS=200 SUITES="child clock"
RUNS = 20
SUITES =
check-flaky: tests/unit/unit
	$(abs_srcdir)/tests/flaky $(RUNS) $(SUITES)
.PHONY: check-flaky

# Senders, hooks, kills, reboots, pruning and full disks at once, judged every few minutes: make soak HOURS=24. By default
# some minutes. tests/soak/soak says more.
HOURS = 0.05
soak: all tests/history/hook tests/tools/reboot
	STENOHOOK_BUILD=$(abs_builddir) $(abs_srcdir)/tests/soak/soak --hours $(HOURS) $(SOAK_FLAGS)
.PHONY: soak

# Each kind of answer of the CGI program under valgrind.
check-memory: all
	STENOHOOK_BUILD=$(abs_builddir) $(abs_srcdir)/tests/e2e/run memcheck
.PHONY: check-memory

# How long deliveries take beside slow strangers, behind Apache: make check-slow SLOW_FLAGS="--seconds 600"
SLOW_FLAGS =
check-slow: all
	STENOHOOK_BUILD=$(abs_builddir) $(abs_srcdir)/tests/bench/slow $(SLOW_FLAGS)
.PHONY: check-slow

# Faults that are planted in a copy of the sources: is each seen by a test? make check-mutants MUTANTS="synced slot"
MUTANTS =
check-mutants:
	$(abs_srcdir)/tests/mutants/run $(MUTANTS)
.PHONY: check-mutants

# What a newcomer meets, in fresh systems that go afterwards; needs root, debootstrap and the network.
check-newcomer:
	$(abs_srcdir)/tests/newcomer/run
.PHONY: check-newcomer

# All of the above in its long form (the soak in its short one: see HOURS), and the fuzzers: hours.
LONG_FUZZ_TIME = 300
check-long: check
	tests/faults/powercut --states 5000
	tests/faults/sweep --thorough
	tests/sequences/sequences --length 5
	INJECT_ALL=1 $(abs_srcdir)/tests/inject-run
	QUEUE_EVENTS=10000 QUEUE_KILLS=400 STENOHOOK_BUILD=$(abs_builddir) $(abs_srcdir)/tests/e2e/run queue
	CHANCE_RUNS=10000 STENOHOOK_BUILD=$(abs_builddir) $(abs_srcdir)/tests/e2e/run faults
	$(MAKE) check-kills KILLS=2000
	$(MAKE) soak
	$(MAKE) check-threads
	$(MAKE) check-flaky
	$(MAKE) check-memory
	$(MAKE) check-slow
	$(MAKE) check-mutants
	$(MAKE) check-newcomer
	$(MAKE) fuzz FUZZ_TIME=$(LONG_FUZZ_TIME)
.PHONY: check-long
