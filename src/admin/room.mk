# SPDX-License-Identifier: MIT
libadmin_a_SOURCES = \
	src/admin/attempt_text.c src/admin/attempt_text.h \
	src/admin/boxes.c src/admin/boxes.h \
	src/admin/boxes_accept.c \
	src/admin/boxes_text.c src/admin/boxes_text.h \
	src/admin/boxes_view.c \
	src/admin/check_files.c src/admin/check_files.h \
	src/admin/check_hooks.c src/admin/check_hooks.h \
	src/admin/check_url.c src/admin/check_url.h \
	src/admin/completion.h \
	src/admin/curl_text.c src/admin/curl_text.h \
	src/admin/event_text.c src/admin/event_text.h \
	src/admin/filter.c src/admin/filter.h \
	src/admin/find.c src/admin/find.h \
	src/admin/finding.c src/admin/finding.h \
	src/admin/follow.c src/admin/follow.h \
	src/admin/hook_verb.c src/admin/hook_verb.h \
	src/admin/init_files.c src/admin/init_files.h \
	src/admin/init_place.c src/admin/init_place.h \
	src/admin/init_plan.c src/admin/init_plan.h \
	src/admin/init_text.c src/admin/init_text.h \
	src/admin/listing.c src/admin/listing.h \
	src/admin/quarantine_view.c src/admin/quarantine_view.h \
	src/admin/select.c src/admin/select.h \
	src/admin/stats.c src/admin/stats.h \
	src/admin/stats_text.c src/admin/stats_text.h \
	src/admin/webroot.c src/admin/webroot.h
# A copied binary completes as well, so the scripts are part of it.
nodist_libadmin_a_SOURCES = completion.c
