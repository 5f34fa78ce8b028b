# SPDX-License-Identifier: MIT
libstore_a_SOURCES = \
	src/store/budget.c src/store/budget.h \
	src/store/census.c src/store/census.h \
	src/store/intake.c src/store/intake.h \
	src/store/repair.c src/store/repair.h \
	src/store/retention.c src/store/retention.h
