# SPDX-License-Identifier: MIT
libjournal_a_SOURCES = \
	src/store/journal/append.c src/store/journal/append.h \
	src/store/journal/commit.c src/store/journal/commit.h \
	src/store/journal/enter.c src/store/journal/enter.h \
	src/store/journal/extent.c src/store/journal/extent.h \
	src/store/journal/group.c src/store/journal/group.h \
	src/store/journal/hints.c src/store/journal/hints.h \
	src/store/journal/index.c src/store/journal/index.h \
	src/store/journal/index_bulk.c \
	src/store/journal/index_parts.h \
	src/store/journal/journal.h \
	src/store/journal/live.c src/store/journal/live.h \
	src/store/journal/lookup.c src/store/journal/lookup.h \
	src/store/journal/prune.c src/store/journal/prune.h \
	src/store/journal/reader.c src/store/journal/reader.h \
	src/store/journal/rebuild.c \
	src/store/journal/recover.c src/store/journal/recover.h \
	src/store/journal/reindex.c src/store/journal/reindex.h \
	src/store/journal/rotate.c src/store/journal/rotate.h \
	src/store/journal/segment.c src/store/journal/segment.h \
	src/store/journal/verdict.c src/store/journal/verdict.h \
	src/store/journal/verify.c src/store/journal/verify.h \
	src/store/journal/writer.c
