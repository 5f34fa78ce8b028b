/* SPDX-License-Identifier: MIT
 * prune - removes segments that are too old.
 *
 * Oldest first, so that what stays has no gap; state.oldest follows afterwards. After a kill in
 * between, slots of the index point at missing segments, which lookups tolerate.
 */
#include "store/journal/prune.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "store/journal/enter.h"
#include "store/journal/segment.h"

struct plan {
    const struct journal *j;
    struct segment_list list;
    size_t remove; /* as many from the beginning of the list */
    size_t held;   /* as many after them */
};

/* All records of a segment are older than the next one's making. */
static bool outlived(const struct plan *p, size_t next, uint64_t age_s, int64_t now_ns)
{
    struct record_header header;

    return segment_header(p->j->spool, p->list.numbers[next], &header, NULL) == STATUS_OK &&
           header.created_ns < now_ns &&
           (uint64_t)((now_ns - header.created_ns) / NS_PER_S) > age_s;
}

static void plan_fill(struct plan *p, uint32_t live, int64_t now_ns)
{
    uint64_t keep_s = p->j->options.keep_s;
    uint32_t hold = p->j->options.hold == NULL ? UINT32_MAX : p->j->options.hold(p->j->spool);

    for (size_t next = 1; next < p->list.count && p->list.numbers[next] <= live; next++) {
        if (!outlived(p, next, keep_s, now_ns))
            return;
        if (p->held > 0 ||
            (p->list.numbers[next - 1] >= hold && !outlived(p, next, 2 * keep_s, now_ns)))
            p->held++;
        else
            p->remove++;
    }
}

/* `live` is the live segment, or UINT32_MAX if it is not known. */
static enum status plan_open(struct plan *p, const struct journal *j, uint32_t live, int64_t now_ns,
                             struct err *err)
{
    enum status status;

    *p = (struct plan){.j = j};
    status = segment_list_read(j->spool, &p->list, err);
    if (status == STATUS_OK && j->options.keep_s != 0)
        plan_fill(p, live, now_ns);
    return status;
}

static void add_size(const struct plan *p, size_t i, struct spool_amount *amount)
{
    char name[SPOOL_NAME_MAX];
    struct stat sb;

    spool_segment_name(name, p->list.numbers[i]);
    if (fstatat(p->j->spool->log, name, &sb, 0) != 0)
        return; /* removed meanwhile */
    amount->files++;
    amount->bytes += (uint64_t)sb.st_size;
}

/* INT64_MIN: not known. */
static int64_t made_ns(const struct plan *p, size_t i)
{
    struct record_header header;

    if (i >= p->list.count ||
        segment_header(p->j->spool, p->list.numbers[i], &header, NULL) != STATUS_OK)
        return INT64_MIN;
    return header.created_ns;
}

static void plan_report(const struct plan *p, struct journal_pruned *out)
{
    *out = (struct journal_pruned){.oldest_ns = made_ns(p, p->remove)};
    for (size_t i = 0; i < p->remove; i++)
        add_size(p, i, &out->removed);
    for (size_t i = p->remove; i < p->remove + p->held; i++)
        add_size(p, i, &out->held);
}

static enum status remove_all(const struct plan *p, struct err *err)
{
    for (size_t i = 0; i < p->remove; i++) {
        char name[SPOOL_NAME_MAX];

        spool_segment_name(name, p->list.numbers[i]);
        if (unlinkat(p->j->spool->log, name, 0) != 0 && errno != ENOENT)
            return err_errno(err, "cannot remove the segment %s", name);
    }
    return STATUS_OK;
}

static enum status store_oldest(struct journal *j, uint32_t oldest, int64_t now_ns,
                                uint64_t deadline_ns, struct err *err)
{
    enum status status = enter_begin(j, now_ns, deadline_ns, err);

    if (status != STATUS_OK)
        return status;
    j->state.oldest = oldest;
    status = live_store_state(j, err);
    enter_end(j, status);
    return status;
}

enum status prune_segments(struct journal *j, int64_t now_ns, uint64_t deadline_ns,
                           struct journal_pruned *out, struct err *err)
{
    struct plan plan;
    enum status status = plan_open(&plan, j, j->state.segment, now_ns, err);
    bool more = plan.remove > JOURNAL_PRUNED_AT_ONCE;

    if (more) {
        plan.remove = JOURNAL_PRUNED_AT_ONCE;
        plan.held = 0;
    }
    if (status == STATUS_OK) {
        plan_report(&plan, out);
        out->more = more;
    }
    if (status == STATUS_OK && plan.remove > 0) {
        status = remove_all(&plan, err);
        if (status == STATUS_OK)
            status = store_oldest(j, plan.list.numbers[plan.remove], now_ns, deadline_ns, err);
    }
    segment_list_free(&plan.list);
    return status;
}

enum status journal_prunable(const struct journal *journal, int64_t now_ns,
                             struct journal_pruned *out, struct err *err)
{
    struct plan plan;
    enum status status = plan_open(&plan, journal, UINT32_MAX, now_ns, err);

    if (status == STATUS_OK)
        plan_report(&plan, out);
    segment_list_free(&plan.list);
    return status;
}

enum status journal_prune(struct journal *journal, int64_t now_ns, uint64_t deadline_ns,
                          struct journal_pruned *out, struct err *err)
{
    int fd;
    enum status status = enter_rebuild(journal, deadline_ns, &fd, err);

    if (status != STATUS_OK)
        return status;
    /* Recovers first if need be: the state must name the live segment. */
    status = enter_begin(journal, now_ns, deadline_ns, err);
    if (status == STATUS_OK) {
        enter_end(journal, STATUS_OK);
        status = prune_segments(journal, now_ns, deadline_ns, out, err);
    }
    file_close(&fd);
    return status;
}
