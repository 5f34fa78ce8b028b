/* SPDX-License-Identifier: MIT
 * intake - see store/intake.h.
 */
#include "store/intake.h"

#include "core/record.h"
#include "store/queue/ledger.h"
#include "store/queue/snapshot.h"
#include "store/queue/standing.h"

/* A byte takes at most six in JSON; a query is written raw and decoded. The rest has room for all
 * names and numbers. */
#define ESCAPED 6
#define RECORD_REST ((size_t)64 * 1024)

static bool has_hook(const struct config *config)
{
    for (size_t i = 0; i < config->endpoint_count; i++)
        if (config->endpoints[i].hook != NULL)
            return true;
    return false;
}

enum status intake_begin(const struct spool *spool, int64_t now_ns, struct err *err)
{
    return standing_make(spool, SPOOL_LEDGER_TMP_APPEND, now_ns, err);
}

struct journal_options intake_options(const struct config *config)
{
    return (struct journal_options){.segment_max = config->segment_max,
                                    .free_space_min = config->free_space_min,
                                    .keep_s = config->keep_s,
                                    .begin = intake_begin,
                                    .hold = has_hook(config) ? snapshot_hold : NULL};
}

enum status intake_append(struct journal *journal, const struct event *event, int64_t now_ns,
                          uint64_t deadline_ns, const struct receipt **out, struct err *err)
{
    size_t max = ESCAPED * (event->body.len + 2 * event->query.len + event->content_type.len +
                            event->user_agent.len) +
                 RECORD_REST;
    struct record_line line;
    enum status status = record_print(&line, event, max, err);

    if (status != STATUS_OK)
        return status;
    status = journal_append(journal, str_of(event->key), &line, now_ns, deadline_ns, out, err);
    record_line_free(&line);
    return status;
}
