# SPDX-License-Identifier: MIT
librun_a_SOURCES = \
	src/run/account.c src/run/account.h \
	src/run/child.c src/run/child.h \
	src/run/crew.c src/run/crew.h \
	src/run/launch.c src/run/launch.h \
	src/run/orphan.c src/run/orphan.h \
	src/run/runner.c src/run/runner.h
