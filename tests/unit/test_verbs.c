/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin/attempt_text.h"
#include "admin/curl_text.h"
#include "admin/filter.h"
#include "admin/select.h"
#include "admin/stats_text.h"
#include "base/file.h"
#include "reader_kit.h"
#include "unit.h"

#define NOW_NS INT64_C(1795420800000000000)

static char *secrets[] = {(char[]){"/etc/it's/secret"}, NULL};

static enum status command_for(struct buf *out, const struct config_endpoint *e, const char *query,
                               const char *type, struct err *err)
{
    struct record record = {
        .id = STR("12:103"), .query = str_of(query), .content_type = str_of(type)};

    buf_init(out, 65536);
    return curl_text(out, &record, e, "/a b.conf", err);
}

UNIT_TEST(a_curl_command_quotes_what_the_shell_would_take_apart)
{
    struct config_endpoint e = {.url = (char[]){"http://h/x?it's"},
                                .scheme = AUTH_STATIC,
                                .auth_header = (char[]){"X-S"},
                                .secret_files = secrets,
                                .secret_file_count = 1};
    struct err err = ERR_INIT;
    struct buf out;

    UNIT_STATUS(STATUS_OK, command_for(&out, &e, "a=$(id)\xc3\xbc", "text/a\r\nX-Evil: 1", &err),
                &err);
    UNIT_STR("stenohook --config '/a b.conf' show --raw '12:103' |\n"
             "curl -gsS --data-binary @- -H 'Content-Type: text/aX-Evil: 1' "
             "'http://h/x?it'\\''s&a=$(id)%C3%BC' -H @/dev/fd/3 3<<END\n"
             "X-S: $(cat '/etc/it'\\''s/secret')\nEND\n",
             buf_str(&out));
    buf_free(&out);
}

UNIT_TEST(a_curl_command_names_a_relative_secret_by_the_folder_of_the_configuration)
{
    char *relative[] = {(char[]){"keys/secret"}, NULL};
    struct config_endpoint e = {.url = (char[]){"http://h/x"},
                                .scheme = AUTH_STATIC,
                                .auth_query = (char[]){"token"},
                                .secret_files = relative,
                                .secret_file_count = 1};
    struct err err = ERR_INIT;
    struct buf out;

    UNIT_STATUS(STATUS_OK, command_for(&out, &e, "", "a/b", &err), &err);
    UNIT_TRUE(strstr(out.ptr, "$(cat '/keys/secret' |") != NULL);
    buf_free(&out);
}

UNIT_TEST(a_curl_command_is_refused_without_url_or_with_a_signature)
{
    struct config_endpoint e = {.name = (char[]){"calls"}, .scheme = AUTH_NONE};
    struct err err = ERR_INIT;
    struct buf out;

    UNIT_STATUS(STATUS_CONFIG, command_for(&out, &e, "", "a/b", &err), &err);
    buf_free(&out);
    e.url = (char[]){"http://h/x"};
    UNIT_STATUS(STATUS_OK, command_for(&out, &e, "", "a/b", &err), &err);
    UNIT_TRUE(str_ends(buf_str(&out), " 'http://h/x'\n"));
    buf_free(&out);
    e.scheme = AUTH_STANDARD_WEBHOOKS;
    UNIT_STATUS(STATUS_CONFIG, command_for(&out, &e, "", "a/b", &err), &err);
    buf_free(&out);
}

UNIT_TEST(a_run_is_told_with_its_end_and_its_output)
{
    struct result result = {.id = STR("12:103"),
                            .endpoint = STR("calls"),
                            .attempt = 2,
                            .state = RESULT_AGAIN,
                            .end = RESULT_SIGNAL,
                            .code = 9,
                            .started_ns = 0,
                            .took_ms = 1802,
                            .next_ns = INT64_C(60000000000),
                            .out_tail = STR("a\x1b[m\n"),
                            .err_tail = STR("")};
    struct buf out;

    buf_init(&out, 65536);
    attempt_text_full(&out, &result);
    UNIT_STR("attempt 2      1970-01-01T00:00:00.000Z  signal 9  1.802 s  retrying at "
             "1970-01-01T00:01:00.000Z\n"
             "  stdout:\n    a\\x1b[m\n",
             buf_str(&out));
    buf_reset(&out, 65536);
    attempt_json_line(&out, &result);
    UNIT_STR(
        "{\"type\":\"attempt\",\"id\":\"12:103\",\"endpoint\":\"calls\",\"hook\":\"retrying\","
        "\"attempt\":2,\"end\":\"signal\",\"code\":9,\"started_at\":\"1970-01-01T00:00:00.000Z\","
        "\"ms\":1802,\"next_at\":\"1970-01-01T00:01:00.000Z\",\"stdout\":\"a\\u001b[m\\n\","
        "\"stderr\":\"\"}\n",
        buf_str(&out));
    result.state = RESULT_DROPPED;
    result.end = RESULT_NOT_RUN;
    buf_reset(&out, 65536);
    attempt_text_full(&out, &result);
    UNIT_TRUE(str_starts(buf_str(&out), "not run        1970-01-01T00:00:00.000Z  dropped\n"));
    buf_free(&out);
}

/* An attempt whose end is unknown is made again under its number, which no person asked for. */
UNIT_TEST(an_attempt_that_can_only_have_been_asked_for_is_known)
{
    static const struct {
        enum result_state state;
        enum result_end end;
        uint32_t attempt, next;
        bool asked;
    } cases[] = {
        {RESULT_AGAIN, RESULT_EXIT, 1, 2, false},     {RESULT_AGAIN, RESULT_EXIT, 1, 1, true},
        {RESULT_AGAIN, RESULT_LOST, 1, 1, false},     {RESULT_AGAIN, RESULT_SIGNAL, 3, 1, true},
        {RESULT_DONE, RESULT_EXIT, 1, 1, true},       {RESULT_DEAD, RESULT_EXIT, 1, 1, true},
        {RESULT_DROPPED, RESULT_NOT_RUN, 0, 1, true},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct result before = {
            .state = cases[i].state, .end = cases[i].end, .attempt = cases[i].attempt};
        struct result next = {.attempt = cases[i].next, .end = RESULT_EXIT};

        UNIT_INT(cases[i].asked, attempt_asked_for(&before, &next));
        next.end = RESULT_NOT_RUN;
        UNIT_FALSE(attempt_asked_for(&before, &next));
    }
}

static void add_sentence(void *context, const char *sentence)
{
    buf_printf(context, "%s\n", sentence);
}

UNIT_TEST(a_quarantine_with_hardly_any_room_is_warned_of)
{
    char name[] = "calls";
    struct config_endpoint e = {.name = name, .quarantine_max = 1 << 20};
    struct quarantine_state state = {
        .endpoint = &e, .tally = {.count = 7}, .percent = QUARANTINE_WARN_PERCENT - 1};
    struct quarantine_view view = {&state, 1, QUARANTINE_COUNT_MAX / 100 * 80 - 1};
    struct buf out;

    buf_init(&out, 4096);
    quarantine_view_warn(&view, add_sentence, &out);
    UNIT_INT(0, out.len);
    state.percent++;
    quarantine_view_warn(&view, add_sentence, &out);
    UNIT_TRUE(strstr(out.ptr, "\"calls\" is 80 percent full (7 of 10000 entries") != NULL);
    buf_reset(&out, 4096);
    state.percent = 100;
    view.others++;
    quarantine_view_warn(&view, add_sentence, &out);
    UNIT_TRUE(strstr(out.ptr, "is full (7") != NULL && strstr(out.ptr, "answered 503") != NULL);
    UNIT_TRUE(strstr(out.ptr, "8000 entries of no endpoint") != NULL);
    buf_free(&out);
}

UNIT_TEST(numbers_for_prometheus_escape_their_labels)
{
    struct stats_endpoint e = {
        .hook = {.endpoint = "a\"b\\c\nd", .has_hook = true, .retries = 1, .done = 7},
        .waiting = 3,
        .oldest_ns = NOW_NS - INT64_C(90500000000)};
    struct stats s = {.now_ns = NOW_NS, .endpoints = &e, .count = 1, .dead_letters = 2};
    struct buf out;

    buf_init(&out, 65536);
    stats_prometheus(&out, &s);
    UNIT_TRUE(strstr(out.ptr,
                     "# HELP stenohook_hook_done_total Events whose hook was done.\n"
                     "# TYPE stenohook_hook_done_total counter\n"
                     "stenohook_hook_done_total{endpoint=\"a\\\"b\\\\c\\nd\"} 7\n") != NULL);
    UNIT_TRUE(strstr(out.ptr, "stenohook_hook_oldest_waiting_seconds{endpoint=\"a\\\"b\\\\c\\nd\"} "
                              "90\n") != NULL);
    UNIT_TRUE(strstr(out.ptr, "\nstenohook_dead_letters 2\n") != NULL);
    UNIT_INT(90, stats_oldest_s(&s));
    UNIT_INT(3, stats_waiting(&s));
    buf_free(&out);
}

UNIT_TEST(states_of_hooks_are_bits_of_a_filter)
{
    struct err err = ERR_INIT;
    unsigned hooks = 0;

    UNIT_STATUS(STATUS_OK, filter_add_hooks(&hooks, "dead, again", &err), &err);
    UNIT_INT(1U << HOOK_DEAD | 1U << HOOK_AGAIN, hooks);
    UNIT_STATUS(STATUS_OK, filter_add_hooks(&hooks, "none", &err), &err);
    UNIT_INT(1U << HOOK_DEAD | 1U << HOOK_AGAIN | 1U << HOOK_NONE, hooks);
    UNIT_STATUS(STATUS_USAGE, filter_add_hooks(&hooks, "dead,frob", &err), &err);
}

UNIT_TEST(a_trial_passes_only_a_filter_that_names_its_kind)
{
    const struct record trial = {.kind = STR("trial"), .endpoint = STR("calls")};
    const struct record event = {.kind = STR("unknown"), .endpoint = STR("calls")};
    struct filter filter = {.hooks = 0};
    struct err err = ERR_INIT;

    UNIT_FALSE(filter_has(&filter, &trial));
    UNIT_TRUE(filter_has(&filter, &event));
    UNIT_STATUS(STATUS_OK, filter_add(&filter.endpoints, "--endpoint", "calls", &err), &err);
    UNIT_FALSE(filter_has(&filter, &trial));
    UNIT_STATUS(STATUS_OK, filter_add_kinds(&filter.kinds, "trial", &err), &err);
    UNIT_TRUE(filter_has(&filter, &trial));
    UNIT_FALSE(filter_has(&filter, &event));
}

UNIT_TEST(the_census_counts_whole_entries_only)
{
    static const char *const names[] = {"a.box", "b.published.box", "usage", ".tmp-x.box"};
    struct reader_kit kit;
    struct census census;
    struct err err = ERR_INIT;

    UNIT_REQUIRE(reader_kit_open(&kit, 1024 * 1024));
    UNIT_TRUE(reader_kit_add(&kit, "tr-1").segment == 1);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        int fd = file_open(kit.spool.refused, names[i], O_WRONLY | O_CREAT, 0600);

        UNIT_INT(0, file_write(fd, "12345", 5));
        file_close(&fd);
    }
    UNIT_STATUS(STATUS_OK, census_take(&kit.spool, &census, &err), &err);
    UNIT_INT(2, census.refused.files);
    UNIT_INT(10, census.refused.bytes);
    UNIT_INT(0, census.quarantine.files);
    UNIT_INT(1, census.journal.files);
    UNIT_INT(reader_kit_size(&kit, 1), census.journal.bytes);
    UNIT_INT(1, census.results.files);
    UNIT_TRUE(census.space.bytes > 0);
    reader_kit_close(&kit);
}

UNIT_TEST(the_census_counts_files_only_and_an_absent_folder_is_empty)
{
    struct reader_kit kit;
    struct census census;
    struct err err = ERR_INIT;
    int fd;

    UNIT_REQUIRE(reader_kit_open(&kit, 1024 * 1024));
    UNIT_TRUE(reader_kit_add(&kit, "tr-1").segment == 1);
    UNIT_INT(0, mkdirat(kit.spool.log, "00000002.jsonl", 0700));
    UNIT_INT(0, symlinkat("00000001.jsonl", kit.spool.log, "00000003.jsonl"));
    UNIT_STATUS(STATUS_OK, census_take(&kit.spool, &census, &err), &err);
    UNIT_INT(1, census.journal.files);
    UNIT_INT(0, unlinkat(kit.spool.dir, SPOOL_RESULTS "/00000001.jsonl", 0));
    UNIT_INT(0, unlinkat(kit.spool.dir, SPOOL_RESULTS, AT_REMOVEDIR));
    UNIT_STATUS(STATUS_OK, census_take(&kit.spool, &census, &err), &err);
    UNIT_INT(0, census.results.files);
    /* What is no folder cannot be counted. */
    fd = file_open(kit.spool.dir, SPOOL_RESULTS, O_WRONLY | O_CREAT, 0600);
    UNIT_TRUE(fd >= 0);
    file_close(&fd);
    census.results.files = 77;
    UNIT_STATUS(STATUS_IO, census_take(&kit.spool, &census, &err), &err);
    UNIT_INT(77, census.results.files);
    reader_kit_close(&kit);
}
