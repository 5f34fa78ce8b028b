/* SPDX-License-Identifier: MIT
 * quarantine_view - see admin/quarantine_view.h.
 */
#include "admin/quarantine_view.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "cli/print.h"

#define MIB ((uint64_t)1024 * 1024)
#define REMEDY "see 'stenohook rejected list --box quarantine', then accept or remove them"

static void fill_state(struct quarantine_state *s, const struct config_endpoint *endpoint,
                       const struct quarantine_tally *tally, int64_t now_ns)
{
    *s = (struct quarantine_state){.endpoint = endpoint,
                                   .tally = *tally,
                                   .percent = quarantine_percent(tally, endpoint->quarantine_max)};
    if (tally->count > 0 && tally->oldest_ns < now_ns)
        s->oldest_s = (uint64_t)((now_ns - tally->oldest_ns) / NS_PER_S);
}

enum status quarantine_view_take(struct quarantine_view *out, const struct config *config,
                                 const struct spool *spool, int64_t now_ns, struct err *err)
{
    size_t count = config->endpoint_count;
    struct quarantine_state *states = calloc(count, sizeof *states);
    struct quarantine_tally *tallies = calloc(count, sizeof *tallies);
    struct quarantine_tally all;
    enum status status = STATUS_OK;

    if (states == NULL || tallies == NULL)
        status = err_set(err, STATUS_MEMORY, "no memory to count the quarantine");
    for (size_t i = 0; status == STATUS_OK && i < count; i++)
        tallies[i].tag = quarantine_tag(config->endpoints[i].name);
    if (status == STATUS_OK)
        status = quarantine_count(spool, tallies, count, &all, err);
    if (status == STATUS_OK) {
        *out = (struct quarantine_view){states, count, all.count};
        for (size_t i = 0; i < count; i++) {
            fill_state(&states[i], &config->endpoints[i], &tallies[i], now_ns);
            out->others -= tallies[i].count < out->others ? tallies[i].count : out->others;
        }
        states = NULL;
    }
    free(tallies);
    free(states);
    return status;
}

void quarantine_view_free(struct quarantine_view *view)
{
    free(view->endpoints);
}

static void print_state(char out[ERR_TEXT_MAX], const struct quarantine_state *s)
{
    char age[PRINT_DURATION_MAX], full[32] = "full";

    print_duration(age, s->oldest_s);
    if (s->percent < 100)
        snprintf(full, sizeof full, "%u percent full", s->percent);
    snprintf(out, ERR_TEXT_MAX,
             "the quarantine of endpoint \"%s\" is %s (%" PRIu64 " of %d entries, %" PRIu64
             " of %" PRIu64 " MiB, the oldest came last %s ago)%s: " REMEDY,
             s->endpoint->name, full, s->tally.count, QUARANTINE_COUNT_MAX, s->tally.bytes / MIB,
             s->endpoint->quarantine_max / MIB, age,
             s->percent < 100 ? "" : ", and others are answered 503");
}

void quarantine_view_warn(const struct quarantine_view *view,
                          void (*warn)(void *context, const char *sentence), void *context)
{
    char sentence[ERR_TEXT_MAX];

    for (size_t i = 0; i < view->count; i++)
        if (view->endpoints[i].percent >= QUARANTINE_WARN_PERCENT) {
            print_state(sentence, &view->endpoints[i]);
            warn(context, sentence);
        }
    if (view->others >= (uint64_t)QUARANTINE_COUNT_MAX * QUARANTINE_WARN_PERCENT / 100) {
        snprintf(sentence, sizeof sentence,
                 "the quarantine has %" PRIu64
                 " entries of no endpoint of this configuration: " REMEDY,
                 view->others);
        warn(context, sentence);
    }
}
