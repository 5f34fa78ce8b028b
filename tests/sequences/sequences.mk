# SPDX-License-Identifier: MIT
# All short sequences of what may happen to a spool, against a model.

check_PROGRAMS += tests/sequences/sequences
TESTS += tests/sequences/sequences
tests_sequences_sequences_SOURCES = \
	tests/sequences/deeds.c \
	tests/sequences/hooks.c \
	tests/sequences/life.c tests/sequences/life.h \
	tests/sequences/look.c \
	tests/sequences/sequences.c \
	tests/sequences/world.c tests/sequences/world.h \
	tests/unit/queue_model.c tests/unit/queue_model.h \
	tests/tools/child_end.h
# Between the programs and the system.
tests_sequences_sequences_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=openat,--wrap=write,--wrap=pwrite,--wrap=fsync,--wrap=fdatasync,--wrap=ftruncate \
	-Wl,--wrap=linkat,--wrap=renameat,--wrap=unlinkat,--wrap=mkdirat,--wrap=fstatvfs \
	-Wl,--wrap=clock_wall_ns,--wrap=clock_boot_id,--wrap=wake_runner \
	-Wl,--wrap=print_buf,--wrap=print_hint,--wrap=print_warning
tests_sequences_sequences_LDADD = libadmin.a libcli.a $(CORE_LIBS)
