# SPDX-License-Identifier: MIT
libboxes_a_SOURCES = \
	src/store/boxes/box.c src/store/boxes/box.h \
	src/store/boxes/box_counts.c src/store/boxes/box_counts.h \
	src/store/boxes/box_expire.c \
	src/store/boxes/quarantine_counts.c src/store/boxes/quarantine_counts.h \
	src/store/boxes/quarantine_keep.c src/store/boxes/quarantine_keep.h \
	src/store/boxes/quarantine_tidy.c src/store/boxes/quarantine_tidy.h \
	src/store/boxes/box_file.c src/store/boxes/box_file.h \
	src/store/boxes/box_table.c src/store/boxes/box_table.h \
	src/store/boxes/rejected.c src/store/boxes/rejected.h
