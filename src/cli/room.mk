# SPDX-License-Identifier: MIT
libcli_a_SOURCES = \
	src/cli/command.c src/cli/command.h src/cli/command_table.h \
	src/cli/help.c src/cli/help.h \
	src/cli/options.c src/cli/options.h \
	src/cli/print.c src/cli/print.h \
	src/cli/programs.h \
	src/cli/progress.c src/cli/progress.h \
	src/cli/session.c src/cli/session.h \
	src/cli/values.c src/cli/values.h
