/* SPDX-License-Identifier: MIT
 * filter - which records a verb is about.
 */
#ifndef ADMIN_FILTER_H
#define ADMIN_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "cli/options.h"
#include "core/record.h"
#include "store/queue/hookview.h"

#define FILTER_VALUES_MAX 32

/* Values are borrowed. No value: everything matches. */
struct filter_list {
    struct str values[FILTER_VALUES_MAX];
    size_t count;
};

struct filter {
    bool has_since, has_until;
    int64_t since_ns, until_ns;
    struct filter_list kinds, statuses, endpoints;
    unsigned hooks;              /* one bit an enum hook_state, 1 << HOOK_DONE; 0: any */
    const struct hookview *view; /* borrowed; needed if `hooks` is not 0 */
};

/* Adds the values of a list with commas. STATUS_USAGE: an empty value, or too many. */
enum status filter_add(struct filter_list *list, const char *option, const char *text,
                       struct err *err) STATUS_CHECKED;
/* As filter_add, each value a kind of event. */
enum status filter_add_kinds(struct filter_list *list, const char *text,
                             struct err *err) STATUS_CHECKED;
/* Whether the list is empty or has the value; an absent value is in no list. */
bool filter_list_has(const struct filter_list *list, struct str value);
/* Adds the bits of a list of states: as event_hook_word calls them, or as the files do ("again"),
 * or "failed" for retrying and dead. */
enum status filter_add_hooks(unsigned *hooks, const char *text, struct err *err) STATUS_CHECKED;

/* The options that fill a filter, as rows of a verb's table. */
enum {
    FILTER_SINCE = OPTIONS_SHARED,
    FILTER_UNTIL,
    FILTER_KIND,
    FILTER_STATUS,
    FILTER_ENDPOINT,
    FILTER_HOOK
};
#define FILTER_HOOKS "none waiting running retrying done dead dropped failed"
#define FILTER_KINDS "transcript redacted_audio streaming voice_agent trial unknown"
/* clang-format off */
#define FILTER_ROWS \
    {FILTER_SINCE, "since", "T", NULL, \
     "events received at T or later: 24h (ago), 2026-11-23,\n2026-11-23T07:50:18Z"}, \
    {FILTER_UNTIL, "until", "T", NULL, "events received before T"}, \
    {FILTER_KIND, "kind", "K", NULL, \
     "transcript, redacted_audio, streaming, voice_agent, unknown, and trial (of\n" \
     "'check --url'), which must be asked for"}, \
    {FILTER_STATUS, "status", "S", NULL, "completed, error, ..."}, \
    {FILTER_ENDPOINT, "endpoint", "E", NULL, "events of this endpoint"}, \
    {FILTER_HOOK, "hook", "H", NULL, \
     "the state of their hook: none, waiting, running, retrying (failed, will\n" \
     "run again), done, dead, dropped; failed: retrying or dead"}
/* clang-format on */
#define FILTER_NOTE                                                                                \
    "--kind, --status, --endpoint and --hook may be repeated, and take lists: --status "           \
    "completed,error\n"

/* Adds one of these options to the filter. false: `id` is another option. */
bool filter_take(struct filter *filter, int id, const char *value, int64_t now_ns,
                 enum status *status, struct err *err);
/* Returns whether any option was given. */
bool filter_given(const struct filter *filter);
/* Returns the earliest time of reception that it lets through; 0: any. */
int64_t filter_since(const struct filter *filter);

/* Warns of each endpoint of the filter that is not configured. To be called if nothing matched:
 * events of an endpoint that was removed are still listed. */
void filter_warn(const struct filter *filter, const struct config *config, const char *config_path);

/* Trials (EVENT_TRIAL) pass only a filter that names their kind. */
bool filter_has(const struct filter *filter, const struct record *record);

#endif
