# SPDX-License-Identifier: MIT
# Unit tests, by CUnit behind tests/unit/unit.h: a test registers itself, and runs in a process of its own.

if UNIT_TESTS
check_PROGRAMS += tests/unit/unit tests/unit/self
TESTS += tests/unit/unit tests/unit/self-test
endif
unit_runner = tests/unit/main.c tests/unit/apart.c tests/unit/apart.h tests/unit/unit.c tests/unit/unit.h
# Tests that end badly, for tests/unit/self-test.
tests_unit_self_SOURCES = $(unit_runner) tests/unit/self_case.c tests/unit/self_report.c
tests_unit_self_CPPFLAGS = $(AM_CPPFLAGS) $(CUNIT_CFLAGS)
tests_unit_self_LDADD = libbase.a $(CUNIT_LIBS)
tests_unit_unit_SOURCES = $(unit_runner) \
	tests/unit/auth_kit.c tests/unit/auth_kit.h \
	tests/unit/config_answer.c tests/unit/config_answer.h \
	tests/unit/config_kit.c tests/unit/config_kit.h \
	tests/unit/fault_kit.c tests/unit/fault_kit.h \
	tests/unit/journal_kit.c tests/unit/journal_kit.h \
	tests/unit/queue_kit.c tests/unit/queue_kit.h \
	tests/unit/queue_model.c tests/unit/queue_model.h \
	tests/unit/reader_kit.c tests/unit/reader_kit.h tests/tools/child_end.h \
	tests/unit/retention_kit.c tests/unit/retention_kit.h \
	tests/unit/settings_kit.c tests/unit/settings_kit.h \
	tests/unit/test_address.c \
	tests/unit/test_auth.c \
	tests/unit/test_auth_signed.c \
	tests/unit/test_base.c \
	tests/unit/test_box.c \
	tests/unit/test_box_counts.c \
	tests/unit/test_box_file.c \
	tests/unit/test_box_table.c \
	tests/unit/test_budget.c \
	tests/unit/test_child.c \
	tests/unit/test_clock.c \
	tests/unit/test_command.c \
	tests/unit/test_commit.c \
	tests/unit/test_config.c \
	tests/unit/test_config_answers.c \
	tests/unit/test_config_manual.c \
	tests/unit/test_config_refused.c \
	tests/unit/test_crew.c \
	tests/unit/test_event.c \
	tests/unit/test_group.c \
	tests/unit/test_hookenv.c \
	tests/unit/test_hookview.c \
	tests/unit/test_index.c \
	tests/unit/test_init.c \
	tests/unit/test_journal.c \
	tests/unit/test_ledger.c \
	tests/unit/test_lines.c \
	tests/unit/test_log_budget.c \
	tests/unit/test_listen.c \
	tests/unit/test_orders.c \
	tests/unit/test_payload.c \
	tests/unit/test_pick.c \
	tests/unit/test_program.c \
	tests/unit/test_progress.c \
	tests/unit/test_prune.c \
	tests/unit/test_query.c \
	tests/unit/test_quarantine.c \
	tests/unit/test_queue.c \
	tests/unit/test_queue_faults.c \
	tests/unit/test_queue_model.c \
	tests/unit/test_queue_orders.c \
	tests/unit/test_reader.c \
	tests/unit/test_record.c \
	tests/unit/test_recover.c \
	tests/unit/test_rejected.c \
	tests/unit/test_repair.c \
	tests/unit/test_reply.c \
	tests/unit/test_reserve.c \
	tests/unit/test_request.c \
	tests/unit/test_result.c \
	tests/unit/test_retention.c \
	tests/unit/test_retry.c \
	tests/unit/test_rotate.c \
	tests/unit/test_scan.c \
	tests/unit/test_segment.c \
	tests/unit/test_session.c \
	tests/unit/test_settings.c \
	tests/unit/test_settings_cache.c \
	tests/unit/test_settings_change.c \
	tests/unit/test_settings_find.c \
	tests/unit/test_slot.c \
	tests/unit/test_snapshot.c \
	tests/unit/test_spool.c \
	tests/unit/test_standing.c \
	tests/unit/test_text.c \
	tests/unit/test_trust.c \
	tests/unit/test_url.c \
	tests/unit/test_verbs.c \
	tests/unit/test_verdict.c \
	tests/unit/test_verify.c \
	tests/unit/test_wake.c \
	tests/unit/test_wire.c
if REMOTE
tests_unit_unit_SOURCES += \
	tests/unit/test_aai_parse.c \
	tests/unit/test_deliver.c \
	tests/unit/test_http.c \
	tests/unit/test_json.c \
	tests/unit/test_key.c \
	tests/unit/test_members.c \
	tests/unit/test_missed.c \
	tests/unit/test_orphan.c \
	tests/unit/test_pace.c \
	tests/unit/test_reception.c \
	tests/unit/test_sample.c \
	tests/unit/test_sieve.c \
	tests/unit/test_sign.c \
	tests/unit/test_target.c
REMOTE_LIBS = libremote.a
endif
if SANDBOX
tests_unit_unit_SOURCES += \
	tests/unit/test_sandbox.c \
	tests/unit/test_transcripts.c
SANDBOX_LIBS = libsandbox.a
endif
tests_unit_unit_CPPFLAGS = $(AM_CPPFLAGS) $(CUNIT_CFLAGS) \
	-DTEST_DATA=\"$(abs_srcdir)/tests/data\" -DTEST_SOURCE=\"$(abs_srcdir)\"
# The faults that the journal's tests let happen stand between it and base/file.c; those of fault_kit.c, and of tests that
# say what happens meanwhile, between our code and the system.
tests_unit_unit_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=file_datasync -Wl,--wrap=file_write_once \
	-Wl,--wrap=file_free_space -Wl,--wrap=once_make -Wl,--wrap=pthread_cond_timedwait,--wrap=pthread_cond_wait \
	-Wl,--wrap=utimensat -Wl,--wrap=mkdirat -Wl,--wrap=renameat -Wl,--wrap=setuid -Wl,--wrap=user_find \
	-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=reallocarray,--wrap=strdup \
	$(STAT_WRAPS) -Wl,--wrap=openat,--wrap=faccessat,--wrap=pread,--wrap=read,--wrap=linkat,--wrap=unlinkat \
	-Wl,--wrap=readlink,--wrap=getrandom,--wrap=posix_spawn,--wrap=posix_spawnattr_init \
	-Wl,--wrap=posix_spawnattr_setsigdefault,--wrap=posix_spawn_file_actions_init \
	-Wl,--wrap=posix_spawn_file_actions_addopen
tests_unit_unit_LDADD = libverbs.a libadmin.a $(SANDBOX_LIBS) $(REMOTE_LIBS) libcli.a librun.a libgate.a libcgi.a $(CORE_LIBS) $(JSONC_LIBS) $(CURL_LIBS) $(FCGI_LIBS) $(CUNIT_LIBS)
