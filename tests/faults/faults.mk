# SPDX-License-Identifier: MIT
# Faults between the store and the system: calls that fail, kills, and power cuts.

# What the journal keeps when calls fail, processes are killed, and the power is cut.
check_PROGRAMS += tests/faults/powercut
TESTS += tests/faults/powercut
watched = \
	tests/faults/disk.c tests/faults/disk.h \
	tests/faults/hook.c tests/faults/hook.h \
	tests/faults/judge.c tests/faults/judge.h tests/faults/judge_resume.c tests/faults/judge_resume.h \
	tests/faults/oplog.c tests/faults/oplog.h \
	tests/faults/scenes.c tests/faults/scenes.h \
	tests/faults/stage.c tests/faults/stage.h tests/tools/child_end.h
# Between the store and the system.
watched_ldflags = $(AM_LDFLAGS) \
	-Wl,--wrap=openat,--wrap=read,--wrap=pread,--wrap=write,--wrap=pwrite,--wrap=fsync,--wrap=fdatasync \
	-Wl,--wrap=ftruncate,--wrap=linkat,--wrap=renameat,--wrap=unlinkat,--wrap=mkdir,--wrap=mkdirat \
	$(STAT_WRAPS) -Wl,--wrap=flock,--wrap=fstatvfs,--wrap=faccessat,--wrap=fdopendir,--wrap=readdir \
	-Wl,--wrap=close,--wrap=utimensat \
	-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=reallocarray,--wrap=free \
	-Wl,--wrap=clock_boot_id,--wrap=index_fingerprint
tests_faults_powercut_SOURCES = tests/faults/powercut.c $(watched)
tests_faults_powercut_LDFLAGS = $(watched_ldflags)
tests_faults_powercut_LDADD = $(CORE_LIBS)

# Each call of a way through the store fails in turn, and kills in turn.
check_PROGRAMS += tests/faults/sweep
TESTS += tests/faults/sweep
tests_faults_sweep_SOURCES = tests/faults/sweep.c tests/faults/sweep.h tests/faults/sweep_case.c \
	tests/faults/sweep_outage.c tests/faults/sweep_queue.c tests/faults/sweep_readers.c tests/faults/sweep_resume.c tests/faults/sweep_ways.c $(watched)
tests_faults_sweep_LDFLAGS = $(watched_ldflags)
tests_faults_sweep_LDADD = $(CORE_LIBS)
