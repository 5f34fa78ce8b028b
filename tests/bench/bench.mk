# SPDX-License-Identifier: MIT
# Benchmarks: make bench-quick, make bench-growth. lighttpd, wrk and valgrind are needed.

# The least that a responder can do, to compare with.
EXTRA_PROGRAMS = tests/bench/null tests/bench/spawn
tests_bench_null_SOURCES = tests/bench/null.c
tests_bench_null_LDADD = $(FCGI_LIBS) $(NAMES_LIBS)
tests_bench_spawn_SOURCES = tests/bench/spawn.c

BENCH_STATIC = bench-static
BENCH_FLAGS =
bench-quick: all tests/bench/null tests/bench/spawn tests/tools/append tests/tools/history tests/tools/settle
	test -f $(BENCH_STATIC)/Makefile || { mkdir -p $(BENCH_STATIC) && cd $(BENCH_STATIC) && \
		$(abs_top_srcdir)/configure -q --enable-static-programs --disable-unit-tests CFLAGS="$(CFLAGS)"; }
	cd $(BENCH_STATIC) && $(MAKE) stenohook.fcgi tests/bench/null
	STENOHOOK_BUILD=$(abs_builddir) $(abs_srcdir)/tests/bench/quick --static $(abs_builddir)/$(BENCH_STATIC) $(BENCH_FLAGS)
	STENOHOOK_BUILD=$(abs_builddir) $(abs_srcdir)/tests/bench/hooks

bench-growth: all tests/tools/history
	STENOHOOK_BUILD=$(abs_builddir) $(abs_srcdir)/tests/bench/growth
.PHONY: bench-quick bench-growth
