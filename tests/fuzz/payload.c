/* SPDX-License-Identifier: MIT
 * payload - the body of a delivery: its shape, its name, and the scanner below.
 */
#include "core/payload.h"

#include <string.h>

#include "base/text.h"
#include "core/event.h"
#include "core/scan.h"
#include "kit.h"

#define ID_BYTES "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:/-"

/* Fits between quotes and blanks as it is. */
static bool plain(const char *text)
{
    return text[0] == '\0' || str_only(str_of(text), ID_BYTES);
}

static void check_payload(const struct payload *p)
{
    FUZZ_REQUIRE(plain(p->subject) && plain(p->status) && plain(p->identity));
    FUZZ_REQUIRE(strlen(p->subject) <= EVENT_ID_MAX && strlen(p->status) <= EVENT_ID_MAX);
    FUZZ_REQUIRE((p->kind == EVENT_UNKNOWN) == (p->identity[0] == '\0'));
    FUZZ_REQUIRE((p->subject[0] == '\0') == (p->subject_name == NULL));
    if (p->kind == EVENT_UNKNOWN)
        FUZZ_REQUIRE(p->subject[0] == '\0' && p->status[0] == '\0');
}

static unsigned statuses; /* members of that name, however it is written */

static void count_status(struct str raw)
{
    struct buf name;

    buf_init(&name, raw.len);
    FUZZ_REQUIRE(text_json_decode(&name, raw) && name.failed == STATUS_OK);
    FUZZ_REQUIRE(text_json_is(raw, buf_str(&name)));
    FUZZ_REQUIRE(text_json_is(raw, STR("status")) == str_is(buf_str(&name), "status"));
    statuses += str_is(buf_str(&name), "status");
    buf_free(&name);
}

static void member(void *context, const struct scan_member *member)
{
    const struct str *body = context;

    FUZZ_REQUIRE(member->name.ptr > body->ptr && member->value.len > 0);
    FUZZ_REQUIRE(member->name.ptr + member->name.len < member->value.ptr);
    FUZZ_REQUIRE(member->value.ptr + member->value.len <= body->ptr + body->len);
    FUZZ_REQUIRE((member->type == SCAN_STRING) == (*member->value.ptr == '"'));
    FUZZ_REQUIRE((member->type == SCAN_OBJECT) == (*member->value.ptr == '{'));
    count_status(member->name);
}

static enum scan_verdict verdict(struct str body)
{
    struct scan_result result;

    statuses = 0;
    result = scan_json(body, member, &body);
    FUZZ_REQUIRE(result.offset <= body.len);
    FUZZ_REQUIRE(result.verdict != SCAN_OK || result.utf8_ok == fuzz_utf8(body));
    return result.verdict;
}

/* Each prefix of valid JSON ends early, or is valid; what is broken stays broken whatever follows.
 */
static void check_cuts(struct str body, enum scan_verdict whole, size_t at)
{
    struct str head = {body.ptr, body.len == 0 ? 0 : at % body.len};
    enum scan_verdict part = verdict(head);

    if (whole == SCAN_OK || whole == SCAN_ENDS_EARLY)
        FUZZ_REQUIRE(part == SCAN_OK || part == SCAN_ENDS_EARLY);
    if (part == SCAN_BROKEN || part == SCAN_TOO_DEEP)
        FUZZ_REQUIRE(whole == part);
}

/* Blanks around the body change nothing but the hash of what has no name. */
static void check_blanks(struct str body, const struct payload *p)
{
    struct payload again;
    struct buf padded;

    buf_init(&padded, body.len + 8);
    buf_add_text(&padded, " \n");
    buf_add_str(&padded, body);
    buf_add_text(&padded, "\r\t");
    FUZZ_REQUIRE(payload_parse(&again, buf_str(&padded), NULL) == STATUS_OK);
    FUZZ_REQUIRE(again.kind == p->kind && strcmp(again.identity, p->identity) == 0);
    FUZZ_REQUIRE(strcmp(again.subject, p->subject) == 0);
    FUZZ_REQUIRE(strcmp(again.status, p->status) == 0);
    buf_free(&padded);
}

static void check_key(struct str body)
{
    struct event_facts event = {.received_ns = 0};
    struct str key;

    FUZZ_REQUIRE(event_name(&event, "calls", STR_NONE, STR("a=1"), body, NULL) == STATUS_OK);
    key = str_of(event.key);
    FUZZ_REQUIRE(fuzz_printable(key) && memchr(key.ptr, '"', key.len) == NULL);
    for (unsigned field = 0; field < 4; field++)
        FUZZ_REQUIRE(fuzz_field(&key, ' ').len > 0);
    FUZZ_REQUIRE(key.ptr == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str body = fuzz_str(data, size);
    struct payload payload = {.kind = EVENT_UNKNOWN, .identity = "untouched"};
    struct err err = ERR_INIT;
    enum scan_verdict scanned = verdict(body);
    enum status status = payload_parse(&payload, body, &err);

    /* What says two things says nothing. */
    FUZZ_REQUIRE(statuses < 2 || status != STATUS_OK || payload.kind == EVENT_UNKNOWN);
    FUZZ_REQUIRE((scanned == SCAN_OK) == (status == STATUS_OK));
    FUZZ_REQUIRE((scanned == SCAN_ENDS_EARLY) == (status == STATUS_TRUNCATED));
    FUZZ_REQUIRE(err.status == status);
    check_cuts(body, scanned, size * 7 / 11);
    check_cuts(body, scanned, size - 1);
    if (status != STATUS_OK) {
        FUZZ_REQUIRE(strcmp(payload.identity, "untouched") == 0);
        return 0;
    }
    check_payload(&payload);
    FUZZ_REQUIRE(payload.utf8 == fuzz_utf8(body));
    check_blanks(body, &payload);
    check_key(body);
    return 0;
}
