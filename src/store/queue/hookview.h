/* SPDX-License-Identifier: MIT
 * hookview - what is known of the hooks of recorded events, for people: read from snapshot,
 * results, orders and slots, without a lock, while a runner may be at work.
 */
#ifndef STORE_QUEUE_HOOKVIEW_H
#define STORE_QUEUE_HOOKVIEW_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "core/config/config.h"
#include "core/record.h"
#include "core/result.h"
#include "store/spool/place.h"
#include "store/spool/spool.h"

enum hook_state {
    HOOK_NONE,    /* never run, and its record names no hook, or its endpoint has none any more */
    HOOK_WAITING, /* for its first attempt, or after a replay */
    HOOK_RUNNING,
    HOOK_AGAIN, /* failed, and is retried */
    HOOK_DONE,
    HOOK_DEAD,
    HOOK_DROPPED
};
/* "none", "waiting", "running", "again", "done", "dead", "dropped" */
const char *hook_state_name(enum hook_state state);
bool hook_state_parse(struct str s, enum hook_state *out);

struct hook_info {
    enum hook_state state;
    uint32_t attempts;   /* made so far */
    int64_t next_ns;     /* HOOK_AGAIN */
    enum result_end end; /* of the last attempt; RESULT_NOT_RUN: there was none */
    int code;
    int64_t started_ns; /* HOOK_RUNNING: since when */
    pid_t pid;          /* HOOK_RUNNING; 0: it is about to start */
};

struct hookview;
/* Knows events that were received at or after since_ns (0: all): only those take time and memory.
 * While hooks are paused (store/queue/standing.h), results on disk do not count. */
enum status hookview_open(struct hookview **out, const struct spool *spool,
                          const struct config *config, int64_t since_ns,
                          struct err *err) STATUS_CHECKED;
void hookview_close(struct hookview *view);
void hookview_of(const struct hookview *view, const struct record *record, struct hook_info *out);
/* The same without the record. `named`: the record names the hook (hookview_named). */
void hookview_get(const struct hookview *view, struct place place, struct str endpoint, bool named,
                  int64_t received_ns, struct hook_info *out);
bool hookview_named(const struct record *record);

/* What `stats` prints of one endpoint. */
struct hook_stats {
    const char *endpoint;
    bool has_hook;
    bool suspended;
    const char *why;     /* suspended: the reason; else NULL */
    int64_t probe_ns;    /* suspended: when its hook is tried again */
    struct place cursor; /* all events before it are settled or in the retry list */
    uint64_t retries;    /* in the retry list */
    struct place oldest; /* the first of these in the journal; {0,0} if there are none */
    uint64_t done, dead, dropped, failed, lost; /* since the spool was made; never fall */
};
size_t hookview_endpoints(const struct hookview *view);
void hookview_stats(const struct hookview *view, size_t i, struct hook_stats *out);
/* How many of the known events (since_ns) are dead letters now, of all endpoints. */
uint64_t hookview_dead(const struct hookview *view);
/* How many orders (store/queue/orders.h) the runner has not yet carried out, as far as is on disk.
 */
uint64_t hookview_orders(const struct hookview *view);
/* Whether a runner is at work. */
bool hookview_runner(const struct hookview *view);

/* Calls `each` for all attempts of one event, oldest first. */
typedef enum status (*hookview_each)(void *context, const struct result *result, struct err *err);
enum status hookview_attempts(const struct spool *spool, struct str id, int64_t received_ns,
                              hookview_each each, void *context, struct err *err) STATUS_CHECKED;

#endif
