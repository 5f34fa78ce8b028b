# SPDX-License-Identifier: MIT
# Fuzz targets: replayed with their corpora by `make check`, driven by libFuzzer in `make fuzz`.

fuzz_kit = tests/fuzz/kit.c tests/fuzz/kit.h
fuzz_replay = tests/fuzz/replay.c $(fuzz_kit)
fuzz_ldflags = $(AM_LDFLAGS) -fsanitize=fuzzer

fuzz_replays = \
	tests/fuzz/replay_auth tests/fuzz/replay_config tests/fuzz/replay_index tests/fuzz/replay_ledger tests/fuzz/replay_log \
	tests/fuzz/replay_payload tests/fuzz/replay_query tests/fuzz/replay_record tests/fuzz/replay_rejected tests/fuzz/replay_request \
	tests/fuzz/replay_snapshot tests/fuzz/replay_usage tests/fuzz/replay_wire
fuzz_drivers = \
	tests/fuzz/fuzz_auth tests/fuzz/fuzz_config tests/fuzz/fuzz_index tests/fuzz/fuzz_ledger tests/fuzz/fuzz_log \
	tests/fuzz/fuzz_payload tests/fuzz/fuzz_query tests/fuzz/fuzz_record tests/fuzz/fuzz_rejected tests/fuzz/fuzz_request \
	tests/fuzz/fuzz_snapshot tests/fuzz/fuzz_usage tests/fuzz/fuzz_wire
if REMOTE
fuzz_replays += tests/fuzz/replay_answers
fuzz_drivers += tests/fuzz/fuzz_answers
endif
check_PROGRAMS += $(fuzz_replays)
TESTS += $(fuzz_replays)
EXTRA_PROGRAMS += $(fuzz_drivers)

tests_fuzz_replay_auth_SOURCES = tests/fuzz/auth.c $(fuzz_replay)
tests_fuzz_replay_auth_LDADD = $(CORE_LIBS)
tests_fuzz_fuzz_auth_SOURCES = tests/fuzz/auth.c $(fuzz_kit)
tests_fuzz_fuzz_auth_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_auth_LDADD = $(CORE_LIBS)

tests_fuzz_replay_config_SOURCES = tests/fuzz/config.c $(fuzz_replay)
tests_fuzz_replay_config_LDADD = $(CORE_LIBS)
tests_fuzz_fuzz_config_SOURCES = tests/fuzz/config.c $(fuzz_kit)
tests_fuzz_fuzz_config_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_config_LDADD = $(CORE_LIBS)

tests_fuzz_replay_index_SOURCES = tests/fuzz/index.c $(fuzz_replay)
tests_fuzz_replay_index_LDADD = $(CORE_LIBS)
tests_fuzz_fuzz_index_SOURCES = tests/fuzz/index.c $(fuzz_kit)
tests_fuzz_fuzz_index_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_index_LDADD = $(CORE_LIBS)

tests_fuzz_replay_ledger_SOURCES = tests/fuzz/ledger.c $(fuzz_replay)
tests_fuzz_replay_ledger_LDADD = $(CORE_LIBS)
tests_fuzz_fuzz_ledger_SOURCES = tests/fuzz/ledger.c $(fuzz_kit)
tests_fuzz_fuzz_ledger_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_ledger_LDADD = $(CORE_LIBS)

tests_fuzz_replay_log_SOURCES = tests/fuzz/log.c $(fuzz_replay)
tests_fuzz_replay_log_LDADD = $(CORE_LIBS)
tests_fuzz_fuzz_log_SOURCES = tests/fuzz/log.c $(fuzz_kit)
tests_fuzz_fuzz_log_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_log_LDADD = $(CORE_LIBS)

tests_fuzz_replay_payload_SOURCES = tests/fuzz/payload.c $(fuzz_replay)
tests_fuzz_replay_payload_LDADD = $(CORE_LIBS)
tests_fuzz_fuzz_payload_SOURCES = tests/fuzz/payload.c $(fuzz_kit)
tests_fuzz_fuzz_payload_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_payload_LDADD = $(CORE_LIBS)

tests_fuzz_replay_query_SOURCES = tests/fuzz/query.c $(fuzz_replay)
tests_fuzz_replay_query_LDADD = $(CORE_LIBS)
tests_fuzz_fuzz_query_SOURCES = tests/fuzz/query.c $(fuzz_kit)
tests_fuzz_fuzz_query_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_query_LDADD = $(CORE_LIBS)

tests_fuzz_replay_record_SOURCES = tests/fuzz/record.c $(fuzz_replay)
tests_fuzz_replay_record_LDADD = $(CORE_LIBS)
tests_fuzz_fuzz_record_SOURCES = tests/fuzz/record.c $(fuzz_kit)
tests_fuzz_fuzz_record_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_record_LDADD = $(CORE_LIBS)

tests_fuzz_replay_rejected_SOURCES = tests/fuzz/rejected.c $(fuzz_replay)
tests_fuzz_replay_rejected_LDADD = $(CORE_LIBS)
tests_fuzz_fuzz_rejected_SOURCES = tests/fuzz/rejected.c $(fuzz_kit)
tests_fuzz_fuzz_rejected_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_rejected_LDADD = $(CORE_LIBS)

tests_fuzz_replay_request_SOURCES = tests/fuzz/request.c $(fuzz_replay)
tests_fuzz_replay_request_LDADD = libcgi.a $(CORE_LIBS)
tests_fuzz_fuzz_request_SOURCES = tests/fuzz/request.c $(fuzz_kit)
tests_fuzz_fuzz_request_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_request_LDADD = libcgi.a $(CORE_LIBS)

tests_fuzz_replay_snapshot_SOURCES = tests/fuzz/snapshot.c $(fuzz_replay)
tests_fuzz_replay_snapshot_LDADD = $(CORE_LIBS)
tests_fuzz_fuzz_snapshot_SOURCES = tests/fuzz/snapshot.c $(fuzz_kit)
tests_fuzz_fuzz_snapshot_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_snapshot_LDADD = $(CORE_LIBS)

tests_fuzz_replay_usage_SOURCES = tests/fuzz/usage.c $(fuzz_replay)
tests_fuzz_replay_usage_LDADD = $(CORE_LIBS)
tests_fuzz_fuzz_usage_SOURCES = tests/fuzz/usage.c $(fuzz_kit)
tests_fuzz_fuzz_usage_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_usage_LDADD = $(CORE_LIBS)

tests_fuzz_replay_wire_SOURCES = tests/fuzz/wire.c $(fuzz_replay)
tests_fuzz_replay_wire_LDADD = libcgi.a $(CORE_LIBS)
tests_fuzz_fuzz_wire_SOURCES = tests/fuzz/wire.c $(fuzz_kit)
tests_fuzz_fuzz_wire_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_wire_LDADD = libcgi.a $(CORE_LIBS)

tests_fuzz_replay_answers_SOURCES = tests/fuzz/answers.c $(fuzz_replay)
tests_fuzz_replay_answers_LDADD = libremote.a libcli.a $(CORE_LIBS) $(JSONC_LIBS) $(CURL_LIBS)
tests_fuzz_fuzz_answers_SOURCES = tests/fuzz/answers.c $(fuzz_kit)
tests_fuzz_fuzz_answers_LDFLAGS = $(fuzz_ldflags)
tests_fuzz_fuzz_answers_LDADD = libremote.a libcli.a $(CORE_LIBS) $(JSONC_LIBS) $(CURL_LIBS)

# make fuzz [FUZZ_TIME=SECONDS | FUZZ_RUNS=NUMBER] [FUZZ_TARGETS="..."]: each target in turn, built by clang in a folder
# of its own. What is found stays in $(FUZZ_BUILD)/findings.
FUZZ_BUILD = fuzz-build
FUZZ_CC = clang
FUZZ_TIME = 60
FUZZ_RUNS =
FUZZ_TARGETS = auth config index ledger log payload query record rejected request snapshot usage wire
if REMOTE
FUZZ_TARGETS += answers
endif
fuzz:
	test -f $(FUZZ_BUILD)/Makefile || { mkdir -p $(FUZZ_BUILD) && cd $(FUZZ_BUILD) && \
		$(abs_top_srcdir)/configure -q --enable-sanitizers --disable-unit-tests CC="$(FUZZ_CC)" \
			CFLAGS="-O2 -g -fsanitize=fuzzer-no-link"; }
	programs=; for target in $(FUZZ_TARGETS); do programs="$$programs tests/fuzz/fuzz_$$target"; done; \
		cd $(FUZZ_BUILD) && $(MAKE) $$programs
	FUZZ_TIME="$(FUZZ_TIME)" FUZZ_RUNS="$(FUZZ_RUNS)" $(abs_top_srcdir)/tests/fuzz/run $(FUZZ_BUILD) $(FUZZ_TARGETS)
.PHONY: fuzz
