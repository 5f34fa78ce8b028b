# SPDX-License-Identifier: MIT
libcore_a_SOURCES += \
	src/core/auth/auth.c src/core/auth/auth.h \
	src/core/auth/auth_aai.c \
	src/core/auth/auth_attempt.c \
	src/core/auth/auth_hide.c \
	src/core/auth/auth_parts.h \
	src/core/auth/auth_standard.c \
	src/core/auth/auth_static.c
