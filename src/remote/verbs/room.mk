# SPDX-License-Identifier: MIT
libremoteverbs_a_SOURCES = \
	src/remote/verbs/cmd_fetch.c \
	src/remote/verbs/cmd_reconcile.c \
	src/remote/verbs/cmd_send.c \
	src/remote/verbs/cmd_submit.c \
	src/remote/verbs/cmd_trial.c \
	src/remote/verbs/remote_verbs.h
