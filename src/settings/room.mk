# SPDX-License-Identifier: MIT
libsettings_a_SOURCES = \
	src/settings/settings.c src/settings/settings.h \
	src/settings/settings_cache.c \
	src/settings/settings_file.c \
	src/settings/settings_find.c \
	src/settings/settings_parts.h
