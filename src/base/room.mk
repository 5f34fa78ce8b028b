# SPDX-License-Identifier: MIT
libbase_a_SOURCES = \
	src/base/buf.c src/base/buf.h \
	src/base/clock.c src/base/clock.h \
	src/base/crc32c.c src/base/crc32c.h \
	src/base/err.c src/base/err.h \
	src/base/file.c src/base/file.h \
	src/base/id.c src/base/id.h \
	src/base/log.c src/base/log.h \
	src/base/mac.c src/base/mac.h \
	src/base/num.c src/base/num.h \
	src/base/program.c src/base/program.h \
	src/base/siphash.c src/base/siphash.h \
	src/base/status.c src/base/status.h \
	src/base/str.c src/base/str.h \
	src/base/text.c src/base/text.h \
	src/base/trust.c src/base/trust.h \
	src/base/typo.c src/base/typo.h \
	src/base/user.c src/base/user.h \
	src/base/user_group.c src/base/user_group.h
libbase_a_CPPFLAGS = $(AM_CPPFLAGS) $(NETTLE_CFLAGS)
