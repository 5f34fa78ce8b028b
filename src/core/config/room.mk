# SPDX-License-Identifier: MIT
libcore_a_SOURCES += \
	src/core/config/config.c src/core/config/config.h \
	src/core/config/config_auth.c \
	src/core/config/config_build.c \
	src/core/config/config_keys.c \
	src/core/config/config_parts.h \
	src/core/config/config_review.c \
	src/core/config/config_scan.c \
	src/core/config/config_tree.c
