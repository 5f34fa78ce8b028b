/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/clock.h"
#include "remote/missed.h"
#include "unit.h"

#define NOW_NS (INT64_C(1795420200) * NS_PER_S)
#define DAY_S 86400

static char name[] = "calls";
static char url[] = "https://example.com/hook/calls";
static char token[] = "token";
static const struct config_endpoint calls = {
    .name = name,
    .url = url,
    .scheme = AUTH_STATIC,
    .auth_query = token,
};

static struct aai_transcript transcript(const char *id, const char *status, struct str to)
{
    return (struct aai_transcript){.id = str_of(id), .status = str_of(status), .webhook_url = to};
}

UNIT_TEST(looking_back_ends_an_hour_before_what_is_forgotten)
{
    int64_t reach = NOW_NS - (10 * DAY_S - MISSED_MARGIN_S) * NS_PER_S;

    UNIT_INT(reach, missed_reach(NOW_NS - 11 * DAY_S * NS_PER_S, NOW_NS, 10 * DAY_S));
    UNIT_INT(reach, missed_reach(reach - 1, NOW_NS, 10 * DAY_S));
    UNIT_INT(reach, missed_reach(reach, NOW_NS, 10 * DAY_S));
    UNIT_INT(reach + 1, missed_reach(reach + 1, NOW_NS, 10 * DAY_S));
    UNIT_INT(NOW_NS - 500 * NS_PER_S, missed_reach(0, NOW_NS, 1000));
}

UNIT_TEST(where_nothing_is_forgotten_looking_back_has_no_end)
{
    UNIT_INT(0, missed_reach(0, NOW_NS, 0));
    UNIT_INT(0, missed_reach(0, NOW_NS, UINT64_MAX));
}

UNIT_TEST(an_endpoint_without_an_address_or_with_signatures_is_told_of_no_transcript)
{
    struct config_endpoint e = calls;

    UNIT_TRUE(missed_possible(&e));
    e.scheme = AUTH_NONE;
    UNIT_TRUE(missed_possible(&e));
    e.scheme = AUTH_AAI_SIGNATURE;
    UNIT_FALSE(missed_possible(&e));
    e.scheme = AUTH_STANDARD_WEBHOOKS;
    UNIT_FALSE(missed_possible(&e));
    e = calls;
    e.url = NULL;
    UNIT_FALSE(missed_possible(&e));
}

/* The key of a webhook, whatever its query. */
static void same_key(const char *body, const char *id, const char *status)
{
    struct event_facts event = {.received_ns = 0};
    char key[EVENT_KEY_MAX] = "";
    struct err err = ERR_INIT;

    UNIT_STATUS(STATUS_OK, event_name(&event, "calls", STR_NONE, STR("a=b"), str_of(body), &err),
                &err);
    UNIT_STATUS(STATUS_OK, missed_key(key, &calls, str_of(id), str_of(status), &err), &err);
    UNIT_TEXT(event.key, key);
}

UNIT_TEST(its_key_is_that_of_the_webhook)
{
    same_key("{\"transcript_id\":\"62npeahu2b-a8ea\",\"status\":\"completed\"}", "62npeahu2b-a8ea",
             "completed");
    same_key("{\"status\": \"error\", \"transcript_id\": \"x\"}", "x", "error");
}

UNIT_TEST(only_a_finished_transcript_with_a_sound_id_has_a_key)
{
    char key[EVENT_KEY_MAX] = "";

    UNIT_STATUS(STATUS_MALFORMED, missed_key(key, &calls, STR("x"), STR("processing"), NULL), NULL);
    UNIT_STATUS(STATUS_MALFORMED, missed_key(key, &calls, STR("x"), STR("\",\"a\":\""), NULL),
                NULL);
    UNIT_STATUS(STATUS_MALFORMED, missed_key(key, &calls, STR("../x"), STR("error"), NULL), NULL);
    UNIT_STATUS(STATUS_MALFORMED, missed_key(key, &calls, STR("x\"y"), STR("error"), NULL), NULL);
    UNIT_TEXT("", key);
}

UNIT_TEST(the_event_is_that_of_the_webhook_without_the_token)
{
    struct aai_transcript t = transcript(
        "abc", "completed", STR("https://example.com/hook/calls?a=1&token=s3cret&b=x y#f"));
    char key[EVENT_KEY_MAX] = "";
    struct err err = ERR_INIT;
    struct missed missed;

    UNIT_STATUS(STATUS_OK, missed_make(&missed, &calls, &t, NOW_NS, &err), &err);
    UNIT_STATUS(STATUS_OK, missed_key(key, &calls, t.id, t.status, &err), &err);
    UNIT_TEXT(key, event_facts(missed.event)->key);
    UNIT_STR("a=1&b=x%20y", event_facts(missed.event)->query);
    UNIT_STR("{\"transcript_id\": \"abc\", \"status\": \"completed\"}",
             event_facts(missed.event)->body);
    UNIT_TEXT("reconciled", event_facts(missed.event)->via);
    UNIT_TEXT("abc", event_facts(missed.event)->about.subject);
    UNIT_TEXT("completed", event_facts(missed.event)->about.status);
    UNIT_TEXT("calls", event_facts(missed.event)->endpoint);
    UNIT_INT(NOW_NS, event_facts(missed.event)->received_ns);
    missed_free(&missed);
}

UNIT_TEST(a_webhook_with_control_characters_or_without_an_end_makes_no_event)
{
    struct aai_transcript t =
        transcript("abc", "error", STR("https://example.com/hook/calls?a=1\r\nX: y"));
    struct missed missed;

    UNIT_STATUS(STATUS_MALFORMED, missed_make(&missed, &calls, &t, NOW_NS, NULL), NULL);
    t = transcript("abc", "processing", STR("https://example.com/hook/calls"));
    UNIT_STATUS(STATUS_MALFORMED, missed_make(&missed, &calls, &t, NOW_NS, NULL), NULL);
}
