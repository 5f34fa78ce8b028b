# SPDX-License-Identifier: MIT
libspool_a_SOURCES = \
	src/store/spool/lines.c src/store/spool/lines.h \
	src/store/spool/log_budget.c src/store/spool/log_budget.h \
	src/store/spool/once.c src/store/spool/once.h \
	src/store/spool/place.c src/store/spool/place.h \
	src/store/spool/reserve.c src/store/spool/reserve.h \
	src/store/spool/spool.c src/store/spool/spool.h
