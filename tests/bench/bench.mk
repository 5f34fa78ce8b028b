# SPDX-License-Identifier: MIT
# Benchmarks: make bench, make bench-quick, make bench-hooks. tests/bench/README.md says what they need.

BENCH_FILES = tests/bench/README.md tests/bench/bench tests/bench/counts.py tests/bench/document.py tests/bench/figures.py \
	tests/bench/fronts.py tests/bench/hooks tests/bench/load.py tests/bench/meter.py tests/bench/peers tests/bench/plots.py \
	tests/bench/post.lua tests/bench/rounds.py tests/bench/self-test tests/bench/slow tests/bench/syncs.c tests/bench/systems.py

# The least that a responder can do, and the least that starting a program can cost, to compare with.
EXTRA_PROGRAMS = tests/bench/null tests/bench/spawn
tests_bench_null_SOURCES = tests/bench/null.c
tests_bench_null_LDADD = $(FCGI_LIBS) $(NAMES_LIBS)
tests_bench_spawn_SOURCES = tests/bench/spawn.c

# What LD_PRELOAD wants is a shared object, which automake cannot make without libtool.
BENCH_SYNCS = tests/bench/syncs.so
$(BENCH_SYNCS): tests/bench/syncs.c
	$(MKDIR_P) tests/bench
	$(CC) $(CPPFLAGS) $(CFLAGS) -Wall -Wextra -shared -fPIC -o $@ $(srcdir)/tests/bench/syncs.c $(LIBS)

# The same sources as static programs, for CGI. A build folder that `--also` names should have them, too.
BENCH_STATIC = bench-static
bench-programs: all tests/bench/null tests/bench/spawn $(BENCH_SYNCS) tests/tools/append tests/tools/history tests/tools/settle
	test -f $(BENCH_STATIC)/Makefile || { mkdir -p $(BENCH_STATIC) && cd $(BENCH_STATIC) && \
		$(abs_top_srcdir)/configure -q --enable-static-programs --disable-unit-tests CC="$(CC)" CFLAGS="$(CFLAGS)"; }
	cd $(BENCH_STATIC) && $(MAKE) stenohook stenohook.fcgi stenohook-run tests/bench/null

BENCH_RESULTS = bench-results
# A whole run rewrites doc/PERFORMANCE.md; BENCH_FLAGS are those of tests/bench/bench.
BENCH_FLAGS =
bench: bench-programs
	STENOHOOK_BUILD=$(abs_builddir) $(abs_srcdir)/tests/bench/bench --doc $(abs_srcdir)/doc $(BENCH_FLAGS)
bench-quick: bench-programs
	STENOHOOK_BUILD=$(abs_builddir) $(abs_srcdir)/tests/bench/bench --quick $(BENCH_FLAGS)

# What running a hook costs.
bench-hooks: bench-programs
	STENOHOOK_BUILD=$(abs_builddir) $(abs_srcdir)/tests/bench/hooks

# doc/PERFORMANCE.md and its plots are there only after a whole run.
dist-performance:
	for file in $(srcdir)/doc/PERFORMANCE.md $(srcdir)/doc/performance-*.svg; do \
		test ! -f $$file || cp -p $$file $(distdir)/doc/ || exit; \
	done
.PHONY: bench bench-hooks bench-programs bench-quick dist-performance
