/* SPDX-License-Identifier: MIT
 * trial_spool - finds in the spool what became of a trial's delivery.
 */
#include <string.h>

#include "core/record.h"
#include "remote/trial_parts.h"
#include "store/boxes/rejected.h"
#include "store/journal/reader.h"
#include "store/journal/segment.h"

#define DETAIL_MAX 400

/* ---- recorded */

static void find_difference(const struct trial *t, const char *what, struct str sent,
                            struct str got)
{
    size_t same = 0;

    while (same < sent.len && same < got.len && sent.ptr[same] == got.ptr[same])
        same++;
    trial_finding(
        t, TRIAL_ERROR,
        "%s was changed on its way: %zu bytes were recorded, and byte %zu is the first that "
        "differs",
        what, got.len, same);
}

static void find_elsewhere(const struct trial *t, const char *what, const char *id)
{
    trial_finding(
        t, TRIAL_ERROR,
        "%s was accepted as event \"%s\", which is not in %s: the address leads to another "
        "installation",
        what, id, t->spool->path);
}

static bool compare_bodies(const struct trial *t, const char *what, const struct record *record,
                           struct str body)
{
    if (!str_eq(record->body, body)) {
        find_difference(t, what, body, record->body);
        return false;
    }
    if (!str_is(record->endpoint, t->endpoint->name)) {
        trial_finding(t, TRIAL_ERROR,
                      "%s was recorded for endpoint \"%.*s\": the address is not that of \"%s\"",
                      what, (int)record->endpoint.len, record->endpoint.ptr, t->endpoint->name);
        return false;
    }
    trial_finding(t, TRIAL_GOOD, "%s is event %.*s, recorded byte for byte", what,
                  (int)record->id.len, record->id.ptr);
    return true;
}

/* Two journals may have the same id: the subject says whether the event is ours. */
static bool check_record(const struct trial *t, const char *what, const char *id,
                         const char *subject, struct str line, struct str body)
{
    struct record record;
    bool same = false;

    if (record_parse(&record, line, true, NULL) != STATUS_OK) {
        trial_finding(t, TRIAL_ERROR, "%s is event %s, which cannot be read", what, id);
        return false;
    }
    if (str_is(record.subject, subject))
        same = compare_bodies(t, what, &record, body);
    else
        find_elsewhere(t, what, id);
    record_free(&record);
    return same;
}

bool trial_recorded(const struct trial *t, const char *what, const char *id, const char *subject,
                    struct str body)
{
    struct err err = ERR_INIT;
    enum status status = STATUS_MISSING;
    struct place place;
    struct buf line;
    bool same = false;

    buf_init(&line, SEGMENT_LINE_MAX);
    if (record_id_parse(str_of(id), &place.segment, &place.offset))
        status = reader_get(t->spool, place, &line, &err);
    if (status == STATUS_OK)
        same = check_record(t, what, id, subject, buf_str(&line), body);
    else if (status == STATUS_MISSING || status == STATUS_CORRUPT)
        find_elsewhere(t, what, id);
    else
        trial_finding(t, TRIAL_ERROR, "%s is event %s, which cannot be read: %s", what, id,
                      err.text);
    buf_free(&line);
    return same;
}

/* ---- kept in a box */

static bool is_it(const struct rejected *entry, const struct trial *t, struct str body)
{
    struct buf kept;
    bool same;

    if (entry->bytes != body.len && entry->complete)
        return false;
    buf_init(&kept, body.len);
    same = rejected_body(entry, t->spool, &kept, NULL) == STATUS_OK && kept.len > 0 &&
           memcmp(kept.ptr, body.ptr, kept.len) == 0;
    buf_free(&kept);
    return same;
}

/* Whether only the address was wrong. */
static bool is_foreign(const struct rejected *entry)
{
    return str_is(entry->reason, status_name(STATUS_ADDRESS)) ||
           str_is(entry->reason, status_name(STATUS_FOREIGN));
}

/* Returns what to add to the gateway's own words. */
static const char *remedy_of(const struct rejected *entry)
{
    if (is_foreign(entry))
        return "; so nothing more can be proved from here: add this address during the trial";
    if (entry->detail.len > 0 &&
        memmem(entry->detail.ptr, entry->detail.len, "missing", strlen("missing")) != NULL)
        return "; it was sent, so the web server keeps it from the program (Apache does that with "
               "Authorization)";
    return "";
}

static void find_refusal(const struct trial *t, const char *what, const struct rejected *entry)
{
    int len = (int)(entry->detail.len < DETAIL_MAX ? entry->detail.len : DETAIL_MAX);
    bool address = is_foreign(entry);

    trial_finding(t, address ? TRIAL_WARNING : TRIAL_ERROR,
                  "%s reached the gateway, which refused it: %.*s%s", what, len,
                  len == 0 ? "" : entry->detail.ptr, remedy_of(entry));
}

static void skip_entry(void *context, enum box_kind box, const char *name, const char *why)
{
    (void)context;
    (void)box;
    (void)name;
    (void)why;
}

bool trial_kept(const struct trial *t, const char *what, struct str body)
{
    struct rejected_refs refs;
    bool found = false;

    if (rejected_scan(&refs, t->spool, 1U << BOX_REFUSED | 1U << BOX_QUARANTINED, skip_entry, NULL,
                      NULL) != STATUS_OK)
        return false;
    for (size_t i = refs.count; i-- > 0 && !found;) {
        struct rejected entry;

        if (rejected_read(&entry, t->spool, &refs.list[i], NULL) != STATUS_OK)
            continue;
        found = is_it(&entry, t, body);
        if (found) {
            find_refusal(t, what, &entry);
            /* A trial's entry would puzzle an operator. One that stays does no harm. */
            if (rejected_remove(&refs.list[i], t->spool, NULL) != STATUS_OK)
                trial_finding(t, TRIAL_WARNING, "the refused trial stays in its box");
        }
        rejected_free(&entry);
    }
    rejected_refs_free(&refs);
    return found;
}
