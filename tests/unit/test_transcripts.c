/* SPDX-License-Identifier: MIT
 * Tests of the sandbox's state: pages, changes, deliveries that are claimed, the count of requests.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "sandbox/due.h"
#include "unit.h"

#define NOON_NS INT64_C(1795608000000000000) /* 2026-11-25T12:00:00Z */
#define NOON_MS (NOON_NS / 1000000)
#define HOUR_NS INT64_C(3600000000000)
#define JOBS 60

static struct transcripts state;
static char ids[JOBS][TRANSCRIPT_ID_MAX]; /* newest first */

static bool begin(void)
{
    char path[512];
    struct err err = ERR_INIT;
    enum status status;

    (void)snprintf(path, sizeof path, "%s/sandbox", unit_folder());
    status = transcripts_open(&state, path, &err);
    UNIT_STATUS(STATUS_OK, status, &err);
    return status == STATUS_OK;
}

static void add_job(const char *id, bool job_fails)
{
    static struct transcript transcript;
    struct err err = ERR_INIT;

    UNIT_STATUS(STATUS_OK,
                transcript_submit(&transcript,
                                  job_fails ? STR("{\"audio_url\": \"https://a.b/error\"}")
                                            : STR("{\"audio_url\": \"https://a.b/c\"}"),
                                  &err),
                &err);
    memcpy(transcript.id, id, sizeof transcript.id);
    transcript.ready_ms = transcript_id_ns(id) / 1000000;
    transcript.deleted = false;
    transcript.webhook_code = 0;
    (void)snprintf(transcript.base, sizeof transcript.base, "http://127.0.0.1");
    UNIT_STATUS(STATUS_OK, transcripts_add(&state, &transcript, &err), &err);
}

/* One an hour, so over three days; each tenth fails. */
static bool begin_with_jobs(void)
{
    const uint8_t random[8] = {0};

    if (!begin())
        return false;
    for (unsigned i = 0; i < JOBS; i++) {
        transcript_id_make(NOON_NS - (int64_t)i * HOUR_NS, random, ids[i]);
        add_job(ids[i], i % 10 == 0);
    }
    return true;
}

static struct transcripts_query query(size_t limit)
{
    return (struct transcripts_query){.limit = limit, .now_ms = NOON_MS};
}

static void list(const struct transcripts_query *q, struct transcripts_page *page)
{
    struct err err = ERR_INIT;

    UNIT_STATUS(STATUS_OK, transcripts_list(&state, q, page, &err), &err);
}

UNIT_TEST(pages_lead_from_the_newest_to_the_oldest_and_back)
{
    struct transcripts_query q = query(7);
    struct transcripts_page page;
    size_t seen = 0;

    UNIT_REQUIRE(begin_with_jobs());
    for (;;) {
        list(&q, &page);
        for (size_t i = 0; i < page.count; i++)
            UNIT_TEXT(ids[seen + i], page.ids[i]);
        UNIT_INT(seen > 0, page.has_newer);
        seen += page.count;
        UNIT_INT(seen < JOBS, page.has_older);
        if (!page.has_older || page.count == 0)
            break;
        memcpy(q.before, page.ids[page.count - 1], sizeof q.before);
    }
    UNIT_INT(JOBS, seen);
    q.before[0] = '\0';
    memcpy(q.after, page.ids[0], sizeof q.after);
    /* The page next to it, not the newest of all. */
    list(&q, &page);
    UNIT_INT(7, page.count);
    UNIT_TEXT(ids[JOBS - JOBS % 7 - 7], page.ids[0]);
    UNIT_TRUE(page.has_newer && page.has_older);
    transcripts_close(&state);
}

UNIT_TEST(a_list_is_narrowed_by_status_day_and_both_ends)
{
    struct transcripts_query q = query(TRANSCRIPTS_PAGE_MAX);
    struct transcripts_page page;

    UNIT_REQUIRE(begin_with_jobs());
    q.has_status = true;
    q.status = TRANSCRIPT_ERROR;
    list(&q, &page);
    UNIT_INT(JOBS / 10, page.count);
    UNIT_TEXT(ids[10], page.ids[1]);
    q.has_status = false;
    memcpy(q.day, "2026-11-24", sizeof q.day);
    list(&q, &page);
    UNIT_INT(24, page.count);
    UNIT_TEXT(ids[13], page.ids[0]);
    UNIT_FALSE(page.has_newer || page.has_older);
    q.day[0] = '\0';
    memcpy(q.before, ids[3], sizeof q.before);
    memcpy(q.after, ids[6], sizeof q.after);
    list(&q, &page);
    UNIT_INT(2, page.count);
    UNIT_TEXT(ids[4], page.ids[0]);
    transcripts_close(&state);
}

UNIT_TEST(what_is_older_than_ninety_days_does_not_show)
{
    struct transcripts_query q = query(TRANSCRIPTS_PAGE_MAX);
    struct transcripts_page page;
    const uint8_t random[8] = {0};
    char id[TRANSCRIPT_ID_MAX];

    UNIT_REQUIRE(begin());
    transcript_id_make(NOON_NS - TRANSCRIPTS_DAYS * 24 * HOUR_NS, random, id);
    add_job(id, false);
    list(&q, &page);
    UNIT_INT(1, page.count);
    q.now_ms += 24 * HOUR_NS / 1000000;
    list(&q, &page);
    UNIT_INT(0, page.count);
    UNIT_FALSE(page.has_newer || page.has_older);
    transcripts_close(&state);
}

static enum status refuse(struct transcript *transcript, void *context, struct err *err)
{
    (void)context;
    transcript->webhook_code = 500;
    return err_set(err, STATUS_USAGE, "no");
}

static enum status set(struct transcript *transcript, void *context, struct err *err)
{
    (void)err;
    transcript->webhook_code = *(int *)context;
    return STATUS_OK;
}

UNIT_TEST(a_change_that_fails_changes_nothing)
{
    static struct transcript transcript;
    struct err err = ERR_INIT;
    struct buf text;
    int code = 204;

    UNIT_REQUIRE(begin_with_jobs());
    buf_init(&text, TRANSCRIPT_TEXT_MAX);
    UNIT_STATUS(STATUS_OK, transcripts_change(&state, ids[0], &text, &transcript, set, &code, &err),
                &err);
    UNIT_STATUS(STATUS_USAGE,
                transcripts_change(&state, ids[0], &text, &transcript, refuse, NULL, &err), NULL);
    err_clear(&err);
    UNIT_STATUS(STATUS_OK, transcripts_read(&state, ids[0], &text, &transcript, &err), &err);
    UNIT_INT(204, transcript.webhook_code);
    UNIT_STATUS(
        STATUS_MISSING,
        transcripts_read(&state, "01a2117d-d596-786b-ba82-099b85628b9b", &text, &transcript, &err),
        NULL);
    buf_free(&text);
    transcripts_close(&state);
}

UNIT_TEST(a_delivery_is_claimed_once_and_again_when_its_time_has_come)
{
    struct due due = {.at_ms = 1000, .kind = DUE_TRANSCRIPT, .attempt = 1}, first, second;
    const uint8_t random[8] = {0};
    struct err err = ERR_INIT;

    UNIT_REQUIRE(begin());
    transcript_id_make(NOON_NS, random, due.id);
    UNIT_STATUS(STATUS_OK, due_add(&state, &due, &err), &err);
    UNIT_STATUS(STATUS_MISSING, due_take(&state, 999, &first, NULL), NULL);
    UNIT_STATUS(STATUS_OK, due_take(&state, 1000, &first, &err), &err);
    UNIT_STATUS(STATUS_MISSING, due_take(&state, 1000, &second, NULL), NULL);
    first.at_ms = 2000;
    first.attempt++;
    UNIT_STATUS(STATUS_OK, due_again(&state, &first, &err), &err);
    UNIT_STATUS(STATUS_MISSING, due_take(&state, 1999, &second, NULL), NULL);
    UNIT_STATUS(STATUS_OK, due_take(&state, 2000, &second, &err), &err);
    UNIT_INT(2, second.attempt);
    UNIT_STATUS(STATUS_OK, due_done(&state, &second, &err), &err);
    UNIT_STATUS(STATUS_MISSING, due_take(&state, 9999, &second, NULL), NULL);
    transcripts_close(&state);
}

UNIT_TEST(a_claim_ends_with_whoever_made_it)
{
    struct due due = {.at_ms = 1000, .kind = DUE_TRANSCRIPT, .attempt = 1}, claim;
    const uint8_t random[8] = {0};
    struct err err = ERR_INIT;

    UNIT_REQUIRE(begin());
    transcript_id_make(NOON_NS, random, due.id);
    UNIT_STATUS(STATUS_OK, due_add(&state, &due, &err), &err);
    UNIT_STATUS(STATUS_OK, due_take(&state, 1000, &claim, &err), &err);
    file_close(&claim.fd);
    UNIT_STATUS(STATUS_OK, due_take(&state, 1000, &claim, &err), &err);
    UNIT_INT(1, claim.attempt);
    file_close(&claim.fd);
    transcripts_close(&state);
}

UNIT_TEST(requests_are_admitted_up_to_the_rate_and_then_told_how_long_to_wait)
{
    struct err err = ERR_INIT;
    uint64_t wait = 99;

    UNIT_REQUIRE(begin());
    for (unsigned i = 0; i < 3; i++) {
        UNIT_STATUS(STATUS_OK, transcripts_count(&state, 3, 10, 100000, &wait, &err), &err);
        UNIT_INT(0, wait);
    }
    UNIT_STATUS(STATUS_OK, transcripts_count(&state, 3, 10, 104000, &wait, &err), &err);
    UNIT_INT(6, wait);
    UNIT_STATUS(STATUS_OK, transcripts_count(&state, 3, 10, 110000, &wait, &err), &err);
    UNIT_INT(0, wait);
    /* A clock that was put back locks nobody out. */
    UNIT_STATUS(STATUS_OK, transcripts_count(&state, 1, 10, 50000, &wait, &err), &err);
    UNIT_INT(0, wait);
    transcripts_close(&state);
}

static void leave_part(const char *name, time_t age)
{
    struct timespec times[2] = {{.tv_nsec = UTIME_NOW}, {.tv_sec = time(NULL) - age}};
    int fd = file_open(state.uploads, name, O_WRONLY | O_CREAT, 0600);

    UNIT_TRUE(fd >= 0 && futimens(fd, times) == 0);
    file_close(&fd);
}

UNIT_TEST(what_is_left_of_an_upload_is_removed_when_it_cannot_be_under_way_any_more)
{
    UNIT_REQUIRE(begin());
    leave_part("old.part", TRANSCRIPTS_UPLOAD_S + 60);
    leave_part("young.part", TRANSCRIPTS_UPLOAD_S - 60);
    leave_part("whole", TRANSCRIPTS_UPLOAD_S + 60);
    transcripts_close(&state);
    UNIT_REQUIRE(begin());
    UNIT_INT(-1, faccessat(state.uploads, "old.part", F_OK, 0));
    UNIT_INT(0, faccessat(state.uploads, "young.part", F_OK, 0));
    UNIT_INT(0, faccessat(state.uploads, "whole", F_OK, 0));
    transcripts_close(&state);
}
