/* SPDX-License-Identifier: MIT
 * stats - the numbers of one spool at one moment.
 */
#include "admin/stats.h"

#include <stdlib.h>

#include "admin/select.h"
#include "base/clock.h"
#include "store/journal/segment.h"
#include "store/queue/wake.h"

static void note_oldest(struct stats_endpoint *e, int64_t received_ns)
{
    if (e->oldest_ns == 0 || received_ns < e->oldest_ns)
        e->oldest_ns = received_ns;
}

static struct stats_endpoint *endpoint_of(struct stats *s, struct str name)
{
    for (size_t i = 0; i < s->count; i++)
        if (str_is(name, s->endpoints[i].hook.endpoint))
            return &s->endpoints[i];
    return NULL;
}

/* Beyond the cursor whatever is not settled waits for its first run; what was begun is in the retry
 * list, and counted there. */
static enum status count_one(void *context, const struct record *record,
                             const struct reader_item *item, struct err *err)
{
    struct stats *s = context;
    struct stats_endpoint *e = endpoint_of(s, record->endpoint);
    struct hook_info info;

    (void)err;
    if (e == NULL || !e->hook.has_hook || place_pack(item->place) < place_pack(e->hook.cursor))
        return STATUS_OK;
    hookview_of(s->view, record, &info);
    if (info.state == HOOK_WAITING && info.attempts == 0) {
        e->waiting++;
        note_oldest(e, record->received_ns);
    }
    return STATUS_OK;
}

static enum status count_waiting(struct stats *s, const struct spool *spool, uint64_t *rotten,
                                 struct err *err)
{
    static const struct filter all;
    struct place from = {PLACE_SEGMENT_MAX, 0};

    for (size_t i = 0; i < s->count; i++)
        if (s->endpoints[i].hook.has_hook &&
            place_pack(s->endpoints[i].hook.cursor) < place_pack(from))
            from = s->endpoints[i].hook.cursor;
    return select_walk(spool, &all, from, 0, count_one, s, rotten, err);
}

static enum status count_retries(struct stats_endpoint *e, const struct spool *spool,
                                 struct err *err)
{
    struct err why = ERR_INIT;
    struct record record;
    enum status status;
    struct buf line;

    e->waiting += e->hook.retries;
    if (e->hook.retries == 0)
        return STATUS_OK;
    buf_init(&line, SEGMENT_LINE_MAX);
    status = reader_get(spool, e->hook.oldest, &line, &why);
    if (status == STATUS_OK)
        status = record_parse(&record, buf_str(&line), false, &why);
    if (status == STATUS_OK) {
        note_oldest(e, record.received_ns);
        record_free(&record);
    }
    buf_free(&line);
    /* The runner settles what was pruned or is damaged. */
    if (status == STATUS_MISSING || status == STATUS_CORRUPT)
        return STATUS_OK;
    return err_pass(err, status, &why);
}

static enum status count_dead(struct stats *s, const struct session *session, struct err *err)
{
    struct hookview *all;
    enum status status;
    uint64_t ever = 0;

    for (size_t i = 0; i < s->count; i++)
        ever += s->endpoints[i].hook.dead;
    if (ever == 0)
        return STATUS_OK;
    status = hookview_open(&all, &session->spool, session->settings->config, 0, err);
    if (status != STATUS_OK)
        return status;
    s->dead_letters = hookview_dead(all);
    hookview_close(all);
    return STATUS_OK;
}

static enum status read_budgets(struct stats *s, const struct session *session, struct err *err)
{
    const struct config *config = session->settings->config;

    s->budgets = calloc(config->endpoint_count, sizeof *s->budgets);
    if (s->budgets == NULL)
        return err_set(err, STATUS_MEMORY, "no memory for the budgets of the endpoints");
    for (size_t i = 0; i < config->endpoint_count; i++) {
        struct stats_budget *b = &s->budgets[s->budget_count];

        if (!budget_applies(&config->endpoints[i]))
            continue;
        b->endpoint = &config->endpoints[i];
        budget_read(&session->spool, b->endpoint, s->now_ns, &b->used);
        s->budget_count++;
    }
    return STATUS_OK;
}

/* One that is missing for us may be there for the gateway, which lies elsewhere. */
static enum status judge_runner(struct stats *s, const struct config *config, struct err *err)
{
    struct err why = ERR_INIT;
    char *path = NULL;
    enum status status;

    if (s->runner || !config_has_hook(config))
        return STATUS_OK;
    status = wake_find_runner(&path, config, &why);
    free(path);
    if (status != STATUS_UNTRUSTED && status != STATUS_CONFIG)
        return STATUS_OK;
    s->runner_why = str_dup(str_of(why.text));
    return s->runner_why == NULL ? err_set(err, STATUS_MEMORY, "no memory for a reason")
                                 : STATUS_OK;
}

static enum status fill_stats(struct stats *s, const struct session *session, uint64_t *rotten,
                              struct err *err)
{
    enum status status = census_take(&session->spool, &s->census, err);

    if (status == STATUS_OK)
        status = read_budgets(s, session, err);
    if (status == STATUS_OK)
        status = quarantine_view_take(&s->quarantine, session->settings->config, &session->spool,
                                      s->now_ns, err);
    if (status == STATUS_OK)
        status =
            hookview_open(&s->view, &session->spool, session->settings->config, INT64_MAX, err);
    if (status != STATUS_OK)
        return status;
    s->runner = hookview_runner(s->view);
    status = judge_runner(s, session->settings->config, err);
    if (status != STATUS_OK)
        return status;
    s->orders = hookview_orders(s->view);
    s->endpoints = calloc(hookview_endpoints(s->view) + 1, sizeof *s->endpoints);
    if (s->endpoints == NULL)
        return err_set(err, STATUS_MEMORY, "no memory for the numbers of the endpoints");
    for (; s->count < hookview_endpoints(s->view); s->count++)
        hookview_stats(s->view, s->count, &s->endpoints[s->count].hook);
    for (size_t i = 0; status == STATUS_OK && i < s->count; i++)
        status = count_retries(&s->endpoints[i], &session->spool, err);
    if (status == STATUS_OK)
        status = count_waiting(s, &session->spool, rotten, err);
    return status == STATUS_OK ? count_dead(s, session, err) : status;
}

enum status stats_take(struct stats *out, const struct session *session, int64_t now_ns,
                       uint64_t *rotten, struct err *err)
{
    struct stats s = {.now_ns = now_ns};
    enum status status = fill_stats(&s, session, rotten, err);

    if (status == STATUS_OK)
        *out = s;
    else
        stats_free(&s);
    return status;
}

void stats_free(struct stats *stats)
{
    hookview_close(stats->view);
    quarantine_view_free(&stats->quarantine);
    free(stats->runner_why);
    free(stats->endpoints);
    free(stats->budgets);
}

uint64_t stats_oldest_s(const struct stats *stats)
{
    int64_t oldest_ns = stats->now_ns;

    for (size_t i = 0; i < stats->count; i++)
        if (stats->endpoints[i].oldest_ns != 0 && stats->endpoints[i].oldest_ns < oldest_ns)
            oldest_ns = stats->endpoints[i].oldest_ns;
    return (uint64_t)((stats->now_ns - oldest_ns) / NS_PER_S);
}

uint64_t stats_waiting(const struct stats *stats)
{
    uint64_t n = 0;

    for (size_t i = 0; i < stats->count; i++)
        n += stats->endpoints[i].waiting;
    return n;
}
