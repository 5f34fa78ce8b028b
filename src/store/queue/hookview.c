/* SPDX-License-Identifier: MIT
 * hookview - see store/queue/hookview.h.
 */
#include "store/queue/hookview.h"

#include <stdlib.h>

#include "store/queue/hookview_parts.h"
#include "store/queue/standing.h"

static const char *const names[] = {
    [HOOK_NONE] = "none",       [HOOK_WAITING] = "waiting", [HOOK_RUNNING] = "running",
    [HOOK_AGAIN] = "again",     [HOOK_DONE] = "done",       [HOOK_DEAD] = "dead",
    [HOOK_DROPPED] = "dropped",
};

const char *hook_state_name(enum hook_state state)
{
    return names[state];
}

bool hook_state_parse(struct str s, enum hook_state *out)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (str_is(s, names[i])) {
            *out = (enum hook_state)i;
            return true;
        }
    return false;
}

enum status hookview_open(struct hookview **out, const struct spool *spool,
                          const struct config *config, int64_t since_ns, struct err *err)
{
    struct hookview *v = calloc(1, sizeof *v);
    enum status status;

    if (v == NULL)
        return err_set(err, STATUS_MEMORY, "no memory to look at the hooks");
    v->config = config;
    snapshot_init(&v->snapshot);
    status = hookview_load(v, spool, since_ns, err);
    if (status == STATUS_OK)
        status = hookview_make_stats(v, err);
    if (status != STATUS_OK) {
        hookview_close(v);
        return status;
    }
    *out = v;
    return STATUS_OK;
}

void hookview_close(struct hookview *view)
{
    if (view == NULL)
        return;
    snapshot_free(&view->snapshot);
    free(view->table);
    free(view->stats);
    free(view);
}

bool hookview_named(const struct record *record)
{
    return record_hooks_have(record->hooks, CONFIG_HOOK_DEFAULT);
}

void hookview_of(const struct hookview *view, const struct record *record, struct hook_info *out)
{
    struct place place = {0, 0};

    (void)record_id_parse(record->id, &place.segment, &place.offset);
    hookview_get(view, place, record->endpoint, hookview_named(record), record->received_ns, out);
}

void hookview_get(const struct hookview *view, struct place place, struct str endpoint, bool named,
                  int64_t received_ns, struct hook_info *out)
{
    const struct config_endpoint *e = config_endpoint(view->config, endpoint, true);
    const struct snapshot_lane *lane = snapshot_find(&view->snapshot, endpoint);
    const struct hook_info *known = hookview_find(view, place);

    *out = (struct hook_info){.state = HOOK_NONE, .end = RESULT_NOT_RUN};
    if (known != NULL) {
        *out = *known;
        return;
    }
    if (!named || !standing_takes(&view->owner, place, received_ns))
        return;
    /* Its results were pruned. */
    if (lane != NULL && place_pack(place) < place_pack(lane->cursor))
        out->state = HOOK_DONE;
    else if (e != NULL && e->hook != NULL)
        out->state = HOOK_WAITING;
}

uint64_t hookview_dead(const struct hookview *view)
{
    uint64_t n = 0;

    for (size_t i = 0; i < view->room; i++)
        n += view->table[i].place != 0 && view->table[i].info.state == HOOK_DEAD;
    return n;
}

uint64_t hookview_orders(const struct hookview *view)
{
    return view->orders;
}

bool hookview_runner(const struct hookview *view)
{
    return view->runner;
}
