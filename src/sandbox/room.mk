# SPDX-License-Identifier: MIT
libsandbox_a_SOURCES = \
	src/sandbox/answer.c src/sandbox/answer.h \
	src/sandbox/cmd_sandbox.c \
	src/sandbox/due.c src/sandbox/due.h \
	src/sandbox/object.c src/sandbox/object.h \
	src/sandbox/sandbox_config.c src/sandbox/sandbox_config.h \
	src/sandbox/sandbox_id.c src/sandbox/sandbox_id.h \
	src/sandbox/sandbox_setup.c src/sandbox/sandbox_setup.h \
	src/sandbox/send.c src/sandbox/send.h \
	src/sandbox/speech.c src/sandbox/speech.h \
	src/sandbox/speech_print.c src/sandbox/speech_print.h \
	src/sandbox/transcript.c src/sandbox/transcript.h \
	src/sandbox/transcripts.c src/sandbox/transcripts.h \
	src/sandbox/transcripts_list.c \
	src/sandbox/web.c src/sandbox/web.h \
	src/sandbox/web_api.c \
	src/sandbox/web_files.c \
	src/sandbox/web_pages.c
libsandbox_a_CPPFLAGS = $(AM_CPPFLAGS) $(CURL_CFLAGS)
