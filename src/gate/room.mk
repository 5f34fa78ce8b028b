# SPDX-License-Identifier: MIT
libgate_a_SOURCES = \
	src/gate/accept.c \
	src/gate/body.c \
	src/gate/gate.c src/gate/gate.h src/gate/gate_parts.h \
	src/gate/gate_shared.c \
	src/gate/health.c \
	src/gate/health_hooks.c \
	src/gate/refuse.c \
	src/gate/reply.c src/gate/reply.h \
	src/gate/spool_pool.c src/gate/spool_pool.h \
	src/gate/visit.c \
	src/gate/wake_later.c
