/* SPDX-License-Identifier: MIT
 * queue_resume - ends a pause of the hooks: begins the results log anew, whose header says which
 * events run.
 *
 * That is one file that appears at once. If we are killed before, the pause goes on; after it, the
 * next runner makes the snapshot.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/journal/reader.h"
#include "store/journal/segment.h"
#include "store/queue/queue_parts.h"
#include "store/queue/standing.h"

struct resume {
    const struct spool *spool;
    const struct config *config;
    struct record_owner owner; /* as it will be */
    bool known;                /* the results are of this journal */
    struct snapshot_lane settled;
    struct buf text, line;
    struct queue_resumed report;
    struct err err; /* of a look at an event */
};

/* ---- what is known */

/* Whether an event stands at that place that was there when the hook ran. A later one has taken the
 * place of another. */
static bool speaks_of_ours(struct resume *r, const struct result *result, struct place *place)
{
    int64_t received_ns;
    enum status status;

    if (!record_id_parse(result->id, &place->segment, &place->offset))
        return false;
    buf_reset(&r->line, SEGMENT_LINE_MAX);
    status = reader_get(r->spool, *place, &r->line, NULL);
    if (status != STATUS_OK && status != STATUS_MISSING && status != STATUS_CORRUPT)
        (void)err_set(&r->err, status, "cannot look up the event of a result");
    return status == STATUS_OK && record_received(buf_str(&r->line), &received_ns) &&
           received_ns <= result->started_ns;
}

static bool keep_result(void *context, struct str line)
{
    struct resume *r = context;
    struct result result;
    struct place place;

    return result_parse(&result, &r->text, line, NULL) == STATUS_OK &&
           speaks_of_ours(r, &result, &place);
}

static enum status take_settled(void *context, const struct result *result, struct err *err)
{
    struct resume *r = context;
    struct place place;

    if (result->state == RESULT_AGAIN || !speaks_of_ours(r, result, &place))
        return STATUS_OK;
    return snapshot_settle(&r->settled, place, err);
}

/* ---- what is on record */

static bool has_hook(const struct config *config, struct str line)
{
    struct str name, rest;
    const struct config_endpoint *endpoint;

    str_cut(record_key(line), ' ', &name, &rest);
    endpoint = config_endpoint(config, name, true);
    return endpoint != NULL && endpoint->hook != NULL;
}

static void count_event(struct resume *r, const struct reader_item *item)
{
    int64_t received_ns;

    if (!record_hooks_have(record_hooks(item->line), CONFIG_HOOK_DEFAULT) ||
        !record_received(item->line, &received_ns) || !has_hook(r->config, item->line))
        return;
    if (received_ns < r->owner.from_ns || snapshot_settled(&r->settled, item->place))
        r->report.rest++;
    else
        r->report.runs++;
}

static enum status count_events(struct resume *r, struct err *err)
{
    struct reader *reader;
    bool more = true;
    enum status status = reader_open(&reader, r->spool, (struct place){0, 0}, err);

    if (status != STATUS_OK)
        return status;
    while (status == STATUS_OK) {
        struct reader_item item;

        status = reader_next(reader, &item, &more, err);
        if (status != STATUS_OK || !more)
            break;
        if (item.found == READER_RECORD)
            count_event(r, &item);
        if (item.found != READER_RECORD && item.found != READER_HEADER)
            continue;
        r->owner.resumed_segment = item.place.segment;
        r->owner.resumed_offset = item.place.offset + item.len;
    }
    reader_close(reader);
    return status;
}

/* ---- the whole */

static enum status gather_known(struct resume *r, struct err *err)
{
    struct record_owner before;
    struct place orders;
    struct err why = ERR_INIT;
    enum status status = ledger_owner(r->spool, &before, &why);

    if (status != STATUS_OK && status != STATUS_MISSING)
        return err_pass(err, status, &why);
    r->known = status == STATUS_OK && strcmp(before.journal, r->spool->journal) == 0;
    memcpy(r->owner.journal, r->spool->journal, sizeof r->owner.journal);
    status = ledger_skip(r->spool, LEDGER_ORDERS, &orders, err);
    if (status != STATUS_OK)
        return status;
    r->owner.orders_segment = orders.segment;
    r->owner.orders_offset = orders.offset;
    if (r->known)
        status = ledger_walk_results(r->spool, (struct place){0, 0}, take_settled, r, NULL, err);
    if (status == STATUS_OK && r->err.status != STATUS_OK)
        status = err_pass(err, r->err.status, &r->err);
    return status == STATUS_OK ? count_events(r, err) : status;
}

static enum status write_snapshot(struct queue *q, const struct resume *r, int64_t now_ns,
                                  struct err *err)
{
    enum status status = ledger_open(&q->results, q->spool, LEDGER_RESULTS, now_ns, err);

    if (status == STATUS_OK)
        status = snapshot_rebuild(&q->snapshot, q->spool, err);
    if (status != STATUS_OK)
        return status;
    q->snapshot.orders = (struct place){r->owner.orders_segment, r->owner.orders_offset};
    q->dirty = true;
    return queue_flush(q, true, now_ns, err);
}

static enum status make_anew(struct queue *q, struct resume *r, int64_t now_ns, struct err *err)
{
    enum status status = ledger_renew(q->spool, &r->owner, SPOOL_LEDGER_TMP,
                                      r->known ? keep_result : NULL, r, now_ns, NULL, err);

    if (status == STATUS_OK)
        status = write_snapshot(q, r, now_ns, err);
    /* The next pause is said at once. */
    if (status == STATUS_OK && unlinkat(q->spool->dir, SPOOL_PAUSED, 0) != 0 && errno != ENOENT)
        status = err_errno(err, "cannot remove %s/" SPOOL_PAUSED, q->spool->path);
    return status;
}

static enum status end_pause(struct queue *q, struct resume *r, int64_t now_ns, struct err *err)
{
    struct err why = ERR_INIT;
    enum status status = standing_check(r->spool, NULL, &why);

    if (status == STATUS_OK || status == STATUS_MISSING)
        return STATUS_OK;
    if (status != STATUS_PAUSED)
        return err_pass(err, status, &why);
    r->report.paused = true;
    status = gather_known(r, err);
    return status == STATUS_OK && q != NULL ? make_anew(q, r, now_ns, err) : status;
}

enum status queue_resume(const struct spool *spool, const struct config *config, int64_t from_ns,
                         bool dry, int64_t now_ns, struct queue_resumed *out, struct err *err)
{
    struct resume r = {.spool = spool, .config = config, .owner = {.from_ns = from_ns}};
    struct queue *q = NULL;
    enum status status = STATUS_OK;

    buf_init(&r.text, LEDGER_LINE_MAX);
    buf_init(&r.line, SEGMENT_LINE_MAX);
    if (!dry)
        status = queue_open_empty(&q, spool, false, now_ns, err);
    if (status == STATUS_OK)
        status = end_pause(q, &r, now_ns, err);
    queue_close(q);
    free(r.settled.settled);
    buf_free(&r.text);
    buf_free(&r.line);
    if (status == STATUS_OK)
        *out = r.report;
    return status;
}
