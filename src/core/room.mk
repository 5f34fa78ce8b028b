# SPDX-License-Identifier: MIT
libcore_a_SOURCES = \
	src/core/address.c src/core/address.h \
	src/core/event.c src/core/event.h src/core/event_parts.h \
	src/core/event_kind.c src/core/event_kind.h \
	src/core/hookenv.c src/core/hookenv.h \
	src/core/payload.c src/core/payload.h \
	src/core/pick.c src/core/pick.h \
	src/core/query.c src/core/query.h \
	src/core/record.c src/core/record.h \
	src/core/record_head.c \
	src/core/record_parse.c \
	src/core/request.c src/core/request.h \
	src/core/result.c src/core/result.h \
	src/core/retry.c src/core/retry.h \
	src/core/scan.c src/core/scan.h \
	src/core/url.c src/core/url.h
