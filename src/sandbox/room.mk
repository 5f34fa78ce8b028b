# SPDX-License-Identifier: MIT
libsandbox_a_SOURCES = \
	src/sandbox/answer.c src/sandbox/answer.h \
	src/sandbox/call.c src/sandbox/call.h \
	src/sandbox/cmd_sandbox.c src/sandbox/cmd_sandbox.h \
	src/sandbox/documented.c src/sandbox/documented.h \
	src/sandbox/due.c src/sandbox/due.h \
	src/sandbox/lighttpd.c src/sandbox/lighttpd.h \
	src/sandbox/lighttpd_config.c src/sandbox/lighttpd_config.h \
	src/sandbox/object.c src/sandbox/object.h \
	src/sandbox/sandbox_setup.c src/sandbox/sandbox_setup.h \
	src/sandbox/sender.c src/sandbox/sender.h \
	src/sandbox/speech.c src/sandbox/speech.h \
	src/sandbox/speech_print.c src/sandbox/speech_print.h \
	src/sandbox/transcript.c src/sandbox/transcript.h \
	src/sandbox/transcript_id.c src/sandbox/transcript_id.h \
	src/sandbox/transcripts.c src/sandbox/transcripts.h \
	src/sandbox/transcripts_list.c \
	src/sandbox/web.c src/sandbox/web.h \
	src/sandbox/web_files.c \
	src/sandbox/web_list.c \
	src/sandbox/web_parts.h \
	src/sandbox/web_transcript.c
libsandbox_a_CPPFLAGS = $(AM_CPPFLAGS) $(CURL_CFLAGS)
