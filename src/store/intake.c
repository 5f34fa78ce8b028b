/* SPDX-License-Identifier: MIT
 * intake - see store/intake.h.
 */
#include "store/intake.h"

#include "base/clock.h"
#include "core/record.h"
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

enum status intake_append(struct journal *journal, const struct principal *principal,
                          const struct event *event, int64_t now_ns, uint64_t deadline_ns,
                          const struct receipt **out, struct err *err)
{
    const struct event_facts *facts = event_facts(event);
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
