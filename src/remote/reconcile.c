/* SPDX-License-Identifier: MIT
 * reconcile - see remote/reconcile.h.
 */
#include "remote/reconcile.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cli/print.h"
#include "core/url.h"
#include "remote/missed.h"
#include "store/intake.h"
#include "store/journal/journal.h"
#include "store/queue/wake.h"

#define SLICE_NS (NS_PER_S / 2)
/* How many transcripts are remembered before they are asked for. */
#define BATCH_MAX AAI_PAGE_ITEMS

struct walk {
    const struct reconcile *r;
    struct reconcile_sums *sums;
    struct journal *journal;
    char ids[BATCH_MAX][EVENT_ID_MAX + 1];
    size_t count;
    unsigned older;       /* in a row */
    unsigned unreachable; /* could not be got because of the network */
    bool to_wake;         /* something was recorded since the runner was woken */
    enum status status;   /* why the walk ended early */
    struct err *err;
};

static void tell_failed(struct walk *w, const char *id, const struct err *why)
{
    w->sums->failed++;
    w->r->failed(w->r->context, id, why->text);
}

/* ---- hooks */

static bool has_hook(const struct reconcile *r)
{
    for (size_t i = 0; i < r->endpoint_count; i++)
        if (r->endpoints[i]->hook != NULL)
            return true;
    return false;
}

static void start_hooks(struct walk *w)
{
    const struct reconcile *r = w->r;
    struct err err = ERR_INIT;

    w->to_wake = false;
    if (!r->dry_run && has_hook(r) &&
        wake_runner(r->spool, r->settings->config, r->settings->path, &err) != STATUS_OK)
        print_warning("%s", err.text);
}

/* ---- one transcript */

static const struct config_endpoint *endpoint_of(const struct reconcile *r, struct str webhook_url)
{
    for (size_t i = 0; webhook_url.ptr != NULL && i < r->endpoint_count; i++)
        if (url_same_place(str_of(r->endpoints[i]->url), webhook_url))
            return r->endpoints[i];
    return NULL;
}

static enum status record_missed(struct walk *w, const struct missed *missed, struct err *err)
{
    const struct receipt *receipt;
    const char *id = NULL;

    if (!w->r->dry_run) {
        enum status status =
            intake_late_append(w->journal, missed->principal, missed->event, &receipt, err);

        if (status != STATUS_OK)
            return status;
        /* The webhook arrived meanwhile, or another reconcile was faster. */
        if (receipt_duplicate(receipt)) {
            w->sums->known++;
            return STATUS_OK;
        }
        w->to_wake = true;
        id = receipt_id(receipt);
    }
    w->sums->recorded++;
    return w->r->recorded(w->r->context, event_facts(missed->event), id, err);
}

static enum status take_transcript(struct walk *w, const char *id, const struct aai_transcript *t,
                                   struct err *err)
{
    const struct config_endpoint *endpoint = endpoint_of(w->r, t->webhook_url);
    struct err why = ERR_INIT;
    struct missed missed;
    enum status status;

    if (endpoint == NULL) {
        w->sums->foreign++;
        return STATUS_OK;
    }
    if (!missed_finished(t->status)) {
        w->sums->unfinished++;
        return STATUS_OK;
    }
    status = missed_make(&missed, endpoint, t, clock_wall_ns(), &why);
    if (status == STATUS_MEMORY)
        return err_pass(err, status, &why);
    if (status != STATUS_OK) {
        tell_failed(w, id, &why);
        return STATUS_OK;
    }
    status = record_missed(w, &missed, err);
    missed_free(&missed);
    return status;
}

static bool take_answer(void *context, size_t which, const struct aai_transcript *t,
                        enum status status, const struct err *why)
{
    struct walk *w = context;

    if (t != NULL)
        w->status = take_transcript(w, w->ids[which], t, w->err);
    else
        tell_failed(w, w->ids[which], why);
    if (status == STATUS_IO && ++w->unreachable == RECONCILE_FAILURES_MAX)
        w->status = err_set(w->err, STATUS_IO, "the API cannot be asked: %s", why->text);
    w->r->progress(w->r->context, w->sums);
    return w->status == STATUS_OK;
}

static enum status get_batch(struct walk *w, struct err *err)
{
    const char *ids[BATCH_MAX];
    const struct aai_many many = {ids, w->count, take_answer, w};
    enum status status;
    bool more;

    for (size_t i = 0; i < w->count; i++)
        ids[i] = w->ids[i];
    status = aai_get_many(w->r->aai, &many, err);
    if (status == STATUS_OK)
        status = w->status;
    w->count = 0;
    if (w->to_wake)
        start_hooks(w);
    if (status == STATUS_OK)
        status = journal_rebuild_slice(w->journal, clock_mono_ns() + SLICE_NS, &more, err);
    return status;
}

/* ---- the list */

static enum status find_record(struct walk *w, const struct aai_item *item, bool *found,
                               struct err *err)
{
    enum status status = STATUS_OK;

    *found = false;
    for (size_t i = 0; i < w->r->endpoint_count && status == STATUS_OK && !*found; i++) {
        char key[EVENT_KEY_MAX];

        status = missed_key(key, w->r->endpoints[i], item->id, item->status, err);
        if (status == STATUS_OK)
            status = intake_late_find(w->journal, str_of(key), found, err);
    }
    return status;
}

static enum status take_item(struct walk *w, const struct aai_item *item, struct err *err)
{
    enum status status;
    bool found;

    w->sums->listed++;
    if (!missed_finished(item->status)) {
        w->sums->unfinished++;
        return STATUS_OK;
    }
    status = find_record(w, item, &found, err);
    if (status == STATUS_OK && found)
        w->sums->known++;
    if (status != STATUS_OK || found)
        return status;
    (void)snprintf(w->ids[w->count++], sizeof w->ids[0], "%.*s", (int)item->id.len, item->id.ptr);
    return w->count == BATCH_MAX ? get_batch(w, err) : STATUS_OK;
}

static bool each_item(void *context, const struct aai_item *item)
{
    struct walk *w = context;

    if (item->created_ns < w->r->since_ns)
        return ++w->older < RECONCILE_OLDER_MAX;
    w->older = 0;
    w->status = take_item(w, item, w->err);
    w->r->progress(w->r->context, w->sums);
    return w->status == STATUS_OK;
}

static enum status walk_list(struct walk *w, struct err *err)
{
    enum status status = aai_list(w->r->aai, NULL, each_item, w, err);

    if (status == STATUS_OK)
        status = w->status;
    /* Also after a failure of the list: what it named is valid. */
    if (w->count > 0 && w->status == STATUS_OK) {
        enum status got = get_batch(w, status == STATUS_OK ? err : w->err);

        status = status == STATUS_OK ? got : status;
    }
    return status;
}

enum status reconcile_run(const struct reconcile *r, struct reconcile_sums *sums, struct err *err)
{
    struct walk w = {.r = r, .sums = sums, .status = STATUS_OK, .err = err};
    enum status status = intake_late_open(&w.journal, r->spool, r->settings->config, err);

    *sums = (struct reconcile_sums){.listed = 0};
    if (status != STATUS_OK)
        return status;
    status = walk_list(&w, err);
    journal_close(w.journal);
    /* In any case: another reconcile may have been killed before it could. */
    start_hooks(&w);
    return status;
}
