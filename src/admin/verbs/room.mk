# SPDX-License-Identifier: MIT
libverbs_a_SOURCES = \
	src/admin/verbs/cmd_check.c \
	src/admin/verbs/cmd_completion.c \
	src/admin/verbs/cmd_drop.c \
	src/admin/verbs/cmd_init.c \
	src/admin/verbs/cmd_list.c \
	src/admin/verbs/cmd_program.c \
	src/admin/verbs/cmd_prune.c \
	src/admin/verbs/cmd_rejected.c \
	src/admin/verbs/cmd_replay.c \
	src/admin/verbs/cmd_resume.c \
	src/admin/verbs/cmd_retry.c \
	src/admin/verbs/cmd_show.c \
	src/admin/verbs/cmd_stats.c \
	src/admin/verbs/cmd_tail.c \
	src/admin/verbs/cmd_verify.c \
	src/admin/verbs/verbs.c src/admin/verbs/verbs.h
