/* SPDX-License-Identifier: MIT
 * main - runs the unit tests: `unit` for all, `unit SUITE ...` for some. Closes with "N passed, N
 * failed".
 */
#include "unit.h"

#include <CUnit/Basic.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern const struct unit_suite suite_address;
extern const struct unit_suite suite_auth;
extern const struct unit_suite suite_auth_signed;
extern const struct unit_suite suite_base;
extern const struct unit_suite suite_box;
extern const struct unit_suite suite_child;
extern const struct unit_suite suite_clock;
extern const struct unit_suite suite_command;
extern const struct unit_suite suite_commands;
extern const struct unit_suite suite_commit;
extern const struct unit_suite suite_config;
extern const struct unit_suite suite_config_manual;
extern const struct unit_suite suite_config_refused;
extern const struct unit_suite suite_crew;
extern const struct unit_suite suite_event;
extern const struct unit_suite suite_group;
extern const struct unit_suite suite_hookenv;
extern const struct unit_suite suite_hookview;
extern const struct unit_suite suite_index;
extern const struct unit_suite suite_journal;
extern const struct unit_suite suite_json;
extern const struct unit_suite suite_ledger;
extern const struct unit_suite suite_lines;
extern const struct unit_suite suite_listen;
extern const struct unit_suite suite_payload;
extern const struct unit_suite suite_program;
extern const struct unit_suite suite_query;
extern const struct unit_suite suite_queue;
extern const struct unit_suite suite_queue_commands;
extern const struct unit_suite suite_queue_faults;
extern const struct unit_suite suite_queue_model;
extern const struct unit_suite suite_reader;
extern const struct unit_suite suite_record;
extern const struct unit_suite suite_recover;
extern const struct unit_suite suite_rejected;
extern const struct unit_suite suite_repair;
extern const struct unit_suite suite_reply;
extern const struct unit_suite suite_request;
extern const struct unit_suite suite_result;
extern const struct unit_suite suite_retention;
extern const struct unit_suite suite_retry;
extern const struct unit_suite suite_room;
extern const struct unit_suite suite_rotate;
extern const struct unit_suite suite_scan;
extern const struct unit_suite suite_segment;
extern const struct unit_suite suite_settings;
extern const struct unit_suite suite_settings_cache;
extern const struct unit_suite suite_settings_find;
extern const struct unit_suite suite_sieve;
extern const struct unit_suite suite_slot;
extern const struct unit_suite suite_snapshot;
extern const struct unit_suite suite_standing;
extern const struct unit_suite suite_spool;
extern const struct unit_suite suite_text;
extern const struct unit_suite suite_url;
extern const struct unit_suite suite_usage;
extern const struct unit_suite suite_verbs;
extern const struct unit_suite suite_verdict;
extern const struct unit_suite suite_verify;
extern const struct unit_suite suite_wake;
#ifdef REMOTE
extern const struct unit_suite suite_aai_parse;
extern const struct unit_suite suite_claim;
extern const struct unit_suite suite_deliver;
extern const struct unit_suite suite_http;
extern const struct unit_suite suite_key;
extern const struct unit_suite suite_members;
extern const struct unit_suite suite_pace;
extern const struct unit_suite suite_sample;
extern const struct unit_suite suite_sandbox;
extern const struct unit_suite suite_sandbox_store;
extern const struct unit_suite suite_sign;
extern const struct unit_suite suite_target;
#endif

static const struct unit_suite *const suites[] = {
    &suite_address,
    &suite_auth,
    &suite_auth_signed,
    &suite_base,
    &suite_box,
    &suite_child,
    &suite_clock,
    &suite_command,
    &suite_commands,
    &suite_commit,
    &suite_config,
    &suite_config_manual,
    &suite_config_refused,
    &suite_crew,
    &suite_event,
    &suite_group,
    &suite_hookenv,
    &suite_hookview,
    &suite_index,
    &suite_journal,
    &suite_json,
    &suite_ledger,
    &suite_lines,
    &suite_listen,
    &suite_payload,
    &suite_program,
    &suite_query,
    &suite_queue,
    &suite_queue_commands,
    &suite_queue_faults,
    &suite_queue_model,
    &suite_reader,
    &suite_record,
    &suite_recover,
    &suite_rejected,
    &suite_repair,
    &suite_reply,
    &suite_request,
    &suite_result,
    &suite_retention,
    &suite_retry,
    &suite_room,
    &suite_rotate,
    &suite_scan,
    &suite_segment,
    &suite_settings,
    &suite_settings_cache,
    &suite_settings_find,
    &suite_sieve,
    &suite_slot,
    &suite_snapshot,
    &suite_standing,
    &suite_spool,
    &suite_text,
    &suite_url,
    &suite_usage,
    &suite_verbs,
    &suite_verdict,
    &suite_verify,
    &suite_wake,
#ifdef REMOTE
    &suite_aai_parse,
    &suite_claim,
    &suite_deliver,
    &suite_http,
    &suite_key,
    &suite_members,
    &suite_pace,
    &suite_sample,
    &suite_sandbox,
    &suite_sandbox_store,
    &suite_sign,
    &suite_target,
#endif
};

static char folder[100];

static int remove_entry(const char *path, const struct stat *sb, int type, struct FTW *ftw)
{
    (void)sb;
    (void)type;
    (void)ftw;
    return remove(path);
}

static void remove_folder(void)
{
    if (folder[0] != '\0')
        nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    folder[0] = '\0';
}

void unit_fresh_folder(void)
{
    remove_folder();
}

const char *unit_folder(void)
{
    if (folder[0] == '\0') {
        const char *base = getenv("TMPDIR");
        int len = snprintf(folder, sizeof folder, "%s/stenohook-unit-XXXXXX",
                           base == NULL ? "/tmp" : base);

        if (len < 0 || (size_t)len >= sizeof folder || mkdtemp(folder) == NULL) {
            perror("mkdtemp");
            abort();
        }
    }
    return folder;
}

static void fail(const char *text, const char *file, unsigned line)
{
    CU_assertImplementation(CU_FALSE, line, text, file, "", CU_FALSE);
}

static void pass(void)
{
    CU_assertImplementation(CU_TRUE, 0, "", "", "", CU_FALSE);
}

static unsigned skipped;

bool unit_root(void)
{
    if (geteuid() == 0)
        return true;
    printf("\n    skipped, which needs root: %s\n", CU_get_current_test()->pName);
    skipped++;
    return false;
}

bool unit_true(bool holds, const char *what, const char *file, unsigned line)
{
    if (holds)
        pass();
    else
        fail(what, file, line);
    return holds;
}

void unit_int(int64_t expected, int64_t actual, const char *what, const char *file, unsigned line)
{
    char text[256];

    if (expected == actual) {
        pass();
        return;
    }
    snprintf(text, sizeof text, "%s: expected %" PRId64 ", got %" PRId64, what, expected, actual);
    fail(text, file, line);
}

void unit_hex(uint64_t expected, uint64_t actual, const char *what, const char *file, unsigned line)
{
    char text[256];

    if (expected == actual) {
        pass();
        return;
    }
    snprintf(text, sizeof text, "%s: expected %" PRIx64 ", got %" PRIx64, what, expected, actual);
    fail(text, file, line);
}

void unit_text(const char *expected, const char *actual, const char *what, const char *file,
               unsigned line)
{
    unit_str(str_of(expected), str_of(actual), what, file, line);
}

void unit_str(struct str expected, struct str actual, const char *what, const char *file,
              unsigned line)
{
    char text[1024];

    if ((expected.ptr == NULL) == (actual.ptr == NULL) && str_eq(expected, actual)) {
        pass();
        return;
    }
    snprintf(text, sizeof text, "%s: expected \"%.*s\"%s, got \"%.*s\"%s (%zu bytes)", what,
             (int)expected.len, expected.ptr == NULL ? "" : expected.ptr,
             expected.ptr == NULL ? " (absent)" : "", (int)actual.len,
             actual.ptr == NULL ? "" : actual.ptr, actual.ptr == NULL ? " (absent)" : "",
             actual.len);
    fail(text, file, line);
}

void unit_status(enum status expected, enum status actual, const struct err *err, const char *what,
                 const char *file, unsigned line)
{
    char text[1024];

    if (expected == actual) {
        pass();
        return;
    }
    snprintf(text, sizeof text, "%s: expected %s, got %s: %s", what, status_name(expected),
             status_name(actual), err == NULL ? "" : err->text);
    fail(text, file, line);
}

static bool chosen(const char *name, int argc, char **argv)
{
    if (argc < 2)
        return true;
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return true;
    return false;
}

int main(int argc, char **argv)
{
    unsigned failed;

    if (CU_initialize_registry() != CUE_SUCCESS)
        return 2;
    for (size_t i = 0; i < sizeof suites / sizeof *suites; i++) {
        CU_pSuite suite;

        if (!chosen(suites[i]->name, argc, argv))
            continue;
        suite =
            CU_add_suite_with_setup_and_teardown(suites[i]->name, NULL, NULL, NULL, remove_folder);
        for (const struct unit_case *c = suites[i]->cases; suite != NULL && c->name != NULL; c++)
            if (CU_add_test(suite, c->name, c->run) == NULL)
                suite = NULL;
        if (suite == NULL) {
            fprintf(stderr, "unit: cannot add suite %s: %s\n", suites[i]->name, CU_get_error_msg());
            return 2;
        }
    }
    CU_basic_set_mode(CU_BRM_NORMAL);
    CU_basic_run_tests();
    failed = CU_get_number_of_tests_failed();
    if (skipped > 0)
        printf("%u skipped, wholly or in part\n", skipped);
    printf("%u passed, %u failed\n", CU_get_number_of_tests_run() - skipped - failed, failed);
    CU_cleanup_registry();
    return failed == 0 ? 0 : 1;
}
