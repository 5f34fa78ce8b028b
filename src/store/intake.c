/* SPDX-License-Identifier: MIT
 * intake - see store/intake.h.
 */
#include "store/intake.h"

#include "base/clock.h"
#include "core/record.h"
#include "store/budget.h"
#include "store/queue/ledger.h"
#include "store/queue/snapshot.h"
#include "store/queue/standing.h"

/* A byte takes at most six in JSON; a query is written raw and decoded. The rest has room for all
 * names and numbers. */
#define ESCAPED 6
#define RECORD_REST ((size_t)64 * 1024)
/* For one event: a gateway under load holds the lock for less. */
#define LATE_APPEND_NS (30 * NS_PER_S)
/* For the index of a journal of any size. */
#define LATE_REBUILD_NS (3600 * NS_PER_S)

enum status intake_begin(const struct spool *spool, int64_t now_ns, struct err *err)
{
    return standing_make(spool, SPOOL_LEDGER_TMP_APPEND, now_ns, err);
}

struct journal_options intake_options(const struct config *config)
{
    return (struct journal_options){.segment_max = config->segment_max,
                                    .reserve = {config->free_space_min, config->free_space_percent},
                                    .keep_s = config->keep_s,
                                    .begin = intake_begin,
                                    .hold = config_has_hook(config) ? snapshot_hold : NULL};
}

/* Whether an append that ended so has written its line, or may have. */
static bool may_be_written(enum status status, const struct receipt *receipt)
{
    if (status == STATUS_OK)
        return !receipt_duplicate(receipt);
    return status == STATUS_DEADLINE || status == STATUS_IO || status == STATUS_POISONED;
}

/* A line that may turn up is paid for: the retry finds it, and its own share is given back. */
static enum status append_within_budget(struct journal *journal,
                                        const struct config_endpoint *endpoint,
                                        const struct event_facts *facts, struct record_line *line,
                                        int64_t now_ns, uint64_t deadline_ns,
                                        const struct receipt **out, struct err *err)
{
    const struct spool *spool = journal_spool(journal);
    struct str key = str_of(facts->key);
    uint64_t bytes = line->bytes.len;
    bool found = false;
    enum status status = budget_take(spool, endpoint, bytes, now_ns, deadline_ns, err);

    if (status == STATUS_BUDGET &&
        journal_find(journal, key, now_ns, deadline_ns, &found, NULL) == STATUS_OK && found)
        return journal_append(journal, key, line, now_ns, deadline_ns, out, err);
    if (status == STATUS_BUDGET)
        budget_count_refused(spool, endpoint, now_ns, deadline_ns);
    if (status != STATUS_OK)
        return status;
    status = journal_append(journal, key, line, now_ns, deadline_ns, out, err);
    if (!may_be_written(status, status == STATUS_OK ? *out : NULL))
        budget_return(spool, endpoint, bytes, now_ns, deadline_ns);
    return status;
}

enum status intake_append(struct journal *journal, const struct principal *principal,
                          const struct event *event, int64_t now_ns, uint64_t deadline_ns,
                          const struct receipt **out, struct err *err)
{
    const struct event_facts *facts = event_facts(event);
    const struct config_endpoint *endpoint = principal_endpoint(principal);
    size_t max = ESCAPED * (facts->body.len + 2 * facts->query.len + facts->content_type.len +
                            facts->user_agent.len) +
                 RECORD_REST;
    struct record_line line;
    enum status status;

    if (!event_is_of(event, principal))
        return err_set(err, STATUS_UNAUTHORIZED, "the event is another principal's");
    status = record_print(&line, event, max, err);
    if (status != STATUS_OK)
        return status;
    if (principal_via(principal) == NULL && budget_applies(endpoint))
        status =
            append_within_budget(journal, endpoint, facts, &line, now_ns, deadline_ns, out, err);
    else
        status = journal_append(journal, str_of(facts->key), &line, now_ns, deadline_ns, out, err);
    record_line_free(&line);
    return status;
}

/* ---- for the command line */

static uint64_t append_deadline(void)
{
    return clock_mono_ns() + LATE_APPEND_NS;
}

enum status intake_late_open(struct journal **out, const struct spool *spool,
                             const struct config *config, struct err *err)
{
    struct journal_options options = intake_options(config);
    struct journal *journal;
    enum status status = journal_open(&journal, spool, NULL, &options, err);

    if (status != STATUS_OK)
        return status;
    status = journal_rebuild(journal, clock_mono_ns() + LATE_REBUILD_NS, err);
    if (status == STATUS_OK)
        *out = journal;
    else
        journal_close(journal);
    return status;
}

enum status intake_late_find(struct journal *journal, struct str key, bool *found, struct err *err)
{
    return journal_find(journal, key, clock_wall_ns(), append_deadline(), found, err);
}

enum status intake_late_append(struct journal *journal, const struct principal *principal,
                               const struct event *event, const struct receipt **out,
                               struct err *err)
{
    return intake_append(journal, principal, event, clock_wall_ns(), append_deadline(), out, err);
}
