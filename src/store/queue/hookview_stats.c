/* SPDX-License-Identifier: MIT
 * hookview_stats - what is known of each endpoint.
 */
#include <stdlib.h>

#include "store/queue/hookview_parts.h"

static void fill_stats(struct hook_stats *out, const struct config *config,
                       const struct snapshot_lane *lane)
{
    const struct config_endpoint *endpoint = config_endpoint(config, str_of(lane->name), true);

    *out = (struct hook_stats){
        .endpoint = lane->name,
        .has_hook = endpoint != NULL && endpoint->hook != NULL,
        .suspended = lane->suspended_ns != 0,
        .why = lane->suspended_ns != 0 ? lane->why : NULL,
        .probe_ns = lane->suspended_ns,
        .cursor = lane->cursor,
        .retries = lane->retry_count,
        .done = lane->done,
        .dead = lane->dead,
        .dropped = lane->dropped,
        .failed = lane->failed,
        .lost = lane->lost,
    };
    for (size_t i = 0; i < lane->retry_count; i++)
        if (i == 0 || place_pack(lane->retries[i].place) < place_pack(out->oldest))
            out->oldest = lane->retries[i].place;
}

enum status hookview_make_stats(struct hookview *v, struct err *err)
{
    size_t most = v->snapshot.count + v->config->endpoint_count;

    v->stats = calloc(most, sizeof *v->stats);
    if (v->stats == NULL)
        return err_set(err, STATUS_MEMORY, "no memory for the counts of %zu endpoints", most);
    for (size_t i = 0; i < v->snapshot.count; i++)
        fill_stats(&v->stats[v->stats_count++], v->config, v->snapshot.lanes[i]);
    for (size_t i = 0; i < v->config->endpoint_count; i++) {
        const struct config_endpoint *e = &v->config->endpoints[i];

        if (e->hook != NULL && snapshot_find(&v->snapshot, str_of(e->name)) == NULL)
            v->stats[v->stats_count++] = (struct hook_stats){.endpoint = e->name, .has_hook = true};
    }
    return STATUS_OK;
}

size_t hookview_endpoints(const struct hookview *view)
{
    return view->stats_count;
}

void hookview_stats(const struct hookview *view, size_t i, struct hook_stats *out)
{
    *out = view->stats[i];
}
