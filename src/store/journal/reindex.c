/* SPDX-License-Identifier: MIT
 * reindex - see store/journal/reindex.h.
 */
#include "store/journal/reindex.h"

#include <fcntl.h>
#include <stdlib.h>

#include "base/file.h"
#include "store/journal/segment.h"
#include "store/journal/verdict.h"

#define BATCH 16384 /* slots that are inserted under one hold of the append lock */

/* ---- the records of one segment */

struct collector {
    const struct spool *spool;
    uint32_t segment;
    reindex_put put;
    void *context;
    struct index_entry *entries;
    size_t count;
    uint64_t end;
};

enum status reindex_put_locked(void *context, struct index_entry *entries, size_t count,
                               struct err *err)
{
    struct journal *j = context;

    return index_insert_many(&j->index, entries, count, err);
}

static enum status put_batch(struct collector *c, struct err *err)
{
    size_t count = c->count;

    c->count = 0;
    return count == 0 ? STATUS_OK : c->put(c->context, c->entries, count, err);
}

static enum status collect_line(void *context, uint64_t offset, struct str line, struct err *err)
{
    struct collector *c = context;
    const struct place place = {c->segment, offset};
    struct record_header header;
    enum status status = STATUS_OK;

    if (offset == 0 && record_header_parse(line, &header))
        c->end = line.len + 1;
    if (verdict_line(line, place, NULL) != VERDICT_RECORD)
        return STATUS_OK;
    c->end = offset + line.len + 1;
    if (c->count == BATCH)
        status = put_batch(c, err);
    c->entries[c->count++] = (struct index_entry){
        .fingerprint = index_fingerprint(c->spool, record_key(line)),
        .place = place,
    };
    return status;
}

enum status reindex_segment(const struct journal *j, uint32_t segment, uint64_t limit,
                            uint64_t deadline_ns, reindex_put put, void *context, uint64_t *end,
                            struct err *err)
{
    struct collector c = {.spool = j->spool, .segment = segment, .put = put, .context = context};
    struct err why = ERR_INIT;
    enum status status;
    bool whole = true;
    int fd = -1;

    status = segment_open(j->spool, segment, O_RDONLY, &fd, &why);
    if (status == STATUS_MISSING)
        return STATUS_OK; /* pruned meanwhile */
    if (status != STATUS_OK)
        return err_pass(err, status, &why);
    c.entries = malloc(BATCH * sizeof *c.entries);
    if (c.entries == NULL) {
        file_close(&fd);
        return err_set(err, STATUS_MEMORY, "no memory to rebuild the index");
    }
    (void)posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    status = segment_walk(fd, limit, deadline_ns, collect_line, &c, &whole, err);
    if (status == STATUS_OK)
        status = put_batch(&c, err);
    if (status == STATUS_OK && end != NULL)
        *end = whole ? c.end : limit;
    free(c.entries);
    file_close(&fd);
    return status;
}

enum status reindex_below(const struct journal *j, uint32_t first, uint64_t deadline_ns,
                          reindex_put put, void *context, uint32_t *below, struct err *err)
{
    struct segment_list list;
    enum status status = segment_list_read(j->spool, &list, err);
    uint64_t limit;

    if (status != STATUS_OK)
        return status;
    *below = segment_list_below(&list, first);
    segment_list_free(&list);
    if (*below == 0)
        return STATUS_OK;
    status = segment_limit(j->spool, *below, &limit, err);
    if (status == STATUS_OK)
        status = reindex_segment(j, *below, limit, deadline_ns, put, context, NULL, err);
    return status;
}

/* ---- how far it is */

bool reindex_reach(const struct journal *j, struct index_reach *out)
{
    return index_reach_read(j->spool, out) && out->generation == j->index.generation &&
           out->tables <= j->index.count && out->first <= out->last && out->first != 0;
}

void reindex_use_reach(struct journal_state *state, const struct index_reach *reach)
{
    if (state->index_first > reach->first && state->index_first <= reach->last + 1)
        state->index_first = reach->first;
}

void reindex_came_down(struct journal *j, uint32_t segment)
{
    struct index_reach reach;

    j->state.index_first = segment;
    j->state.tables = j->index.count;
    if (reindex_reach(j, &reach))
        reindex_use_reach(&j->state, &reach);
}

enum status reindex_catch_up(struct journal *j, uint64_t deadline_ns, struct err *err)
{
    enum status status = STATUS_OK;

    while (status == STATUS_OK && j->state.index_first > j->state.index_need) {
        uint32_t below;

        status =
            reindex_below(j, j->state.index_first, deadline_ns, reindex_put_locked, j, &below, err);
        if (status == STATUS_OK) {
            reindex_came_down(j, below == 0 ? j->state.index_need : below);
            status = live_store_state(j, err);
        }
    }
    return status;
}
