# SPDX-License-Identifier: MIT
libremote_a_SOURCES = \
	src/remote/aai.c src/remote/aai.h \
	src/remote/aai_many.c \
	src/remote/aai_parse.c src/remote/aai_parse.h \
	src/remote/aai_parts.h \
	src/remote/api.c src/remote/api.h \
	src/remote/deliver.c src/remote/deliver.h \
	src/remote/http.c src/remote/http.h \
	src/remote/http_many.c \
	src/remote/http_parts.h \
	src/remote/json.c src/remote/json.h \
	src/remote/key.c src/remote/key.h \
	src/remote/members.c src/remote/members.h \
	src/remote/missed.c src/remote/missed.h \
	src/remote/pace.c src/remote/pace.h \
	src/remote/reception.c src/remote/reception.h \
	src/remote/reconcile.c src/remote/reconcile.h \
	src/remote/sample.c src/remote/sample.h \
	src/remote/send.c src/remote/send.h \
	src/remote/send_report.c \
	src/remote/sieve.c src/remote/sieve.h \
	src/remote/sign.c src/remote/sign.h \
	src/remote/target.c src/remote/target.h \
	src/remote/trial.c src/remote/trial.h \
	src/remote/trial_finding.c \
	src/remote/trial_parts.h \
	src/remote/trial_spool.c \
	src/remote/words.c src/remote/words.h
libremote_a_CPPFLAGS = $(AM_CPPFLAGS) $(CURL_CFLAGS) $(JSONC_CFLAGS)
