/* SPDX-License-Identifier: MIT
 * sweep_ways - the ways through the store whose calls fail.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/clock.h"
#include "core/event_parts.h"
#include "store/boxes/box.h"
#include "store/boxes/quarantine_tidy.h"
#include "store/boxes/rejected.h"
#include "store/intake.h"
#include "store/retention.h"
#include "store/spool/log_budget.h"
#include "sweep.h"

#define DAY_S 86400

#define DEADLINE_NS UINT64_C(10000000000)
#define BODY_MAX 9000
#define REFUSED "what a stranger sent"

static struct findings *found;
static enum call failing; /* CALL_COUNT: none */
static int expected;

/* ---- findings */

void way_begin(struct findings *findings, const struct fault *fault)
{
    found = findings;
    failing = fault->nth == 0 ? CALL_COUNT : fault->call;
    expected = fault->error;
}

void way_wrong(const char *format, ...)
{
    va_list args;

    if (found == NULL || found->wrong[0] != '\0')
        return;
    va_start(args, format);
    vsnprintf(found->wrong, sizeof found->wrong, format, args);
    va_end(args);
}

void way_status(const char *step, enum status status)
{
    hook_heal();
    if (status == STATUS_OK)
        return;
    if (found != NULL && !found->struck)
        way_wrong("%s fails without a fault: %s", step, status_name(status));
    if (failing == CALL_MALLOC && status != STATUS_MEMORY)
        way_wrong("%s says %s where there is no memory", step, status_name(status));
}

static void look_at_lock(int dir, const char *name)
{
    int fd = hook_real_open(dir, name, O_RDWR);

    if (fd < 0)
        return;
    if (hook_real_trylock(fd) != 0)
        way_wrong("%s is left locked", name);
    hook_real_close(fd);
}

void way_locks(const struct stage *stage)
{
    if (stage->journal == NULL)
        return;
    look_at_lock(stage->spool.dir, SPOOL_APPEND_LOCK);
    look_at_lock(stage->spool.dir, SPOOL_COMMIT);
    look_at_lock(stage->spool.dir, SPOOL_REBUILD_LOCK);
    look_at_lock(stage->spool.dir, SPOOL_COMMANDS_LOCK);
    look_at_lock(stage->spool.refused, SPOOL_BOX_COUNTS);
    look_at_lock(stage->spool.quarantine, SPOOL_BOX_COUNTS);
}

/* ---- steps */

static void deed(struct stage *stage, unsigned number)
{
    way_status("an append", stage_append(stage, number, NULL, NULL));
    way_locks(stage);
}

static void deeds(struct stage *stage, unsigned from, unsigned to)
{
    for (unsigned n = from; n < to; n++)
        deed(stage, n);
}

/* As a gateway does, which leaves the index to another process that is at it. */
static bool keep_house(struct stage *stage)
{
    bool ok = stage->journal != NULL && stage_keep_house(stage);

    if (!ok && stage->journal != NULL)
        way_status("housekeeping", stage->err.status);
    way_locks(stage);
    return ok;
}

/* As the command line does, which waits for others. */
static bool all_indexed(struct stage *stage)
{
    enum status status;

    err_clear(&stage->err);
    status = journal_rebuild(stage->journal, clock_mono_ns() + DEADLINE_NS, &stage->err);
    way_status("waiting for the index", status);
    way_locks(stage);
    return status == STATUS_OK;
}

/* ---- the journal */

static void prepare_empty(struct stage *stage)
{
    (void)stage_make(stage);
}

static void prepare_used(struct stage *stage)
{
    (void)stage_make(stage);
    deeds(stage, 0, 4);
}

static void go_create(struct stage *stage)
{
    if (stage_make(stage))
        deed(stage, 0);
    else
        way_status("making the spool", stage->err.status);
}

static void go_first(struct stage *stage)
{
    deeds(stage, 0, 2);
}

static void go_used(struct stage *stage)
{
    deeds(stage, 4, 6);
    deed(stage, 4);
}

/* What the disk cannot read may pass for new (store/journal/lookup.c). */
static void find(struct stage *stage, unsigned number, bool there)
{
    struct err err = ERR_INIT;
    char key[EVENT_KEY_MAX];
    bool known = !there;
    enum status status;

    if (stage->journal == NULL)
        return;
    deed_key(number, key);
    status = journal_find(stage->journal, str_of(key), stage->now_ns, clock_mono_ns() + DEADLINE_NS,
                          &known, &err);
    way_status("a look for a key", status);
    if (status == STATUS_OK && known != there && (known || failing != CALL_PREAD))
        way_wrong("deed %u is %sfound", number, there ? "not " : "");
    way_locks(stage);
}

static void go_duplicate(struct stage *stage)
{
    deed(stage, 1);
    find(stage, 2, true);
    find(stage, 20, false);
    deed(stage, 3);
}

static void go_reboot(struct stage *stage)
{
    deed(stage, 4);
    deed(stage, 2);
    (void)keep_house(stage);
    deed(stage, 5);
}

static void go_rotate(struct stage *stage)
{
    deeds(stage, 4, 14);
}

static void go_group(struct stage *stage)
{
    way_status("making a group", journal_group_make(&stage->group, &stage->err));
    if (stage->group == NULL)
        return;
    deeds(stage, 3, 6);
    stage_close(stage);
    journal_group_free(stage->group);
    stage->group = NULL;
}

static void prepare_crowded(struct stage *stage)
{
    (void)stage_make(stage);
    deed(stage, 0);
    stage_fill_page(stage);
}

static void go_grow(struct stage *stage)
{
    deeds(stage, 1, 8);
}

/* The index is gone, and with it all hints. */
static void prepare_rebuild(struct stage *stage)
{
    (void)stage_make(stage);
    for (unsigned n = 0; n < 10; n++) {
        deed(stage, n);
        stage->now_ns += STAGE_HOUR_NS;
    }
    hook_real_unlink(stage->spool.idx, "00.idx", 0);
    hook_real_unlink(stage->spool.idx, SPOOL_REACH, 0);
    hook_real_unlink(stage->spool.dir, SPOOL_STATE, 0);
}

static void go_rebuild(struct stage *stage)
{
    stage->now_ns += 11 * STAGE_HOUR_NS;
    deed(stage, 10);
    if (keep_house(stage) && all_indexed(stage))
        deed(stage, 3);
}

static void prepare_old(struct stage *stage)
{
    (void)stage_make(stage);
    for (unsigned n = 0; n < 10; n++) {
        deed(stage, n);
        stage->now_ns += 9 * STAGE_HOUR_NS;
    }
}

static void retain(const struct stage *stage)
{
    struct retention_report report;
    struct err err = ERR_INIT;

    if (stage->journal == NULL)
        return;
    way_status("retention", retention_run(&stage->spool, &stage->options, false, stage->now_ns,
                                          clock_mono_ns() + DEADLINE_NS, &report, &err));
    way_locks(stage);
}

static void go_prune(struct stage *stage)
{
    stage->now_ns += 10 * 9 * STAGE_HOUR_NS;
    deed(stage, 10);
    (void)keep_house(stage);
    stage->now_ns += 25 * STAGE_HOUR_NS;
    deed(stage, 11);
    (void)keep_house(stage);
    retain(stage);
}

/* ---- the boxes */

static void box(struct stage *stage, unsigned number)
{
    if (!stage_box(stage, number))
        way_status("quarantine", stage->err.status);
    way_locks(stage);
}

static void prepare_boxes(struct stage *stage)
{
    prepare_used(stage);
    box(stage, 1);
}

static void go_quarantine(struct stage *stage)
{
    box(stage, 0);
    box(stage, 1);
    box(stage, 2);
    quarantine_tidy(&stage->spool, DAY_S, clock_wall_ns());
    way_locks(stage);
}

static enum status refuse(const struct stage *stage, bool published, struct err *err)
{
    const struct box_limits limits = {.bytes_max = 1 << 20, .reserve = {1, 1}};
    const struct box_entry entry = {.reason = STATUS_UNAUTHORIZED,
                                    .detail = "a test",
                                    .endpoint = "faults",
                                    .published = published,
                                    .kept_max = BODY_MAX,
                                    .received_ns = stage->now_ns};
    enum status status;
    struct box *box;

    status = box_begin(&box, &stage->spool, BOX_REFUSED, &entry, &limits, err);
    if (status != STATUS_OK)
        return status;
    status = box_add(box, REFUSED, sizeof REFUSED - 1, err);
    if (status == STATUS_OK)
        return box_end(box, true, NULL, err);
    box_abandon(box);
    return status;
}

/* What cannot be read is told of too, with the reason. */
static void tell(void *context, enum box_kind kind, const char *name, const char *why)
{
    (void)context;
    (void)kind;
    if (found == NULL || !found->struck || strstr(why, strerror(expected)) == NULL)
        way_wrong("%s is taken for damaged: %s", name, why);
}

/* What was said to be kept is there. */
static void look_at_refused(const struct stage *stage, size_t entries)
{
    struct rejected_refs refs = {.count = 0};

    if (rejected_scan(&refs, &stage->spool, 1U << BOX_REFUSED, tell, NULL, NULL) != STATUS_OK ||
        refs.count < entries)
        way_wrong("%zu refused entries where %zu were kept", refs.count, entries);
    rejected_refs_free(&refs);
}

static void go_refuse(struct stage *stage)
{
    size_t kept = 0;

    if (!stage_open(stage)) {
        way_status("opening", stage->err.status);
        return;
    }
    for (unsigned i = 0; i < 2; i++) {
        struct err err = ERR_INIT;
        enum status status = refuse(stage, i == 1, &err);
        char closing[LOG_BUDGET_CLOSING_MAX];

        kept += status == STATUS_OK;
        way_status("refusing", status);
        (void)log_budget_take(&stage->spool, LOG_OF_STRANGERS, status, stage->now_ns, closing);
        way_locks(stage);
    }
    hook_disarm();
    look_at_refused(stage, kept);
}

/* As on a file system on which each file has a name. */
static void go_quarantine_named(struct stage *stage)
{
    hook_no_tmpfile(true);
    go_quarantine(stage);
}

static void go_refuse_named(struct stage *stage)
{
    hook_no_tmpfile(true);
    go_refuse(stage);
}

/* ---- an entry of the quarantine becomes an event */

static bool read_entry(const struct stage *stage, const struct rejected_ref *ref, struct err *err)
{
    struct rejected entry;
    struct buf body;
    enum status status;

    status = rejected_read(&entry, &stage->spool, ref, err);
    if (status != STATUS_OK) {
        way_status("reading an entry", status);
        return false;
    }
    buf_init(&body, 1 << 20);
    status = rejected_body(&entry, &stage->spool, &body, err);
    buf_free(&body);
    rejected_free(&entry);
    way_status("reading a body", status);
    return status == STATUS_OK;
}

static void accept(struct stage *stage, const struct rejected_ref *ref)
{
    struct err err = ERR_INIT;
    enum status status;

    if (!read_entry(stage, ref, &err) || stage_append(stage, 20, NULL, NULL) != STATUS_OK)
        return;
    hook_mark(MARK_UNBOXED, 1, NULL, 0);
    status = rejected_remove(ref, &stage->spool, &err);
    way_status("removing an entry", status);
    if (status == STATUS_OK)
        way_status("syncing a box", rejected_sync(&stage->spool, &err));
}

static void go_accept(struct stage *stage)
{
    struct rejected_refs refs = {.count = 0};
    struct err err = ERR_INIT;

    if (!stage_open(stage)) {
        way_status("opening", stage->err.status);
        return;
    }
    way_status("looking into the boxes",
               rejected_scan(&refs, &stage->spool, 1U << BOX_QUARANTINED, tell, NULL, &err));
    for (size_t i = 0; i < refs.count; i++)
        accept(stage, &refs.list[i]);
    rejected_refs_free(&refs);
    way_locks(stage);
}

/* ---- intake: from the event on */

/* To an endpoint that anybody can deliver to, so that the budget is changed too. */
static enum status prove_nothing(struct stage *stage, struct principal **out, struct err *err)
{
    static char name[] = "calls";
    static const struct config_endpoint endpoint = {
        .name = name, .scheme = AUTH_NONE, .daily_events_max = 10};
    static const struct request request = {.method = METHOD_POST};

    return auth_check(&endpoint, NULL, &request, STR_NONE, stage->now_ns, out, err);
}

static void take_in(struct stage *stage, unsigned number)
{
    char body[DEED_BODY_MAX];
    const struct receipt *receipt;
    struct principal *principal = NULL;
    struct err err = ERR_INIT;
    struct event event;
    enum status status = prove_nothing(stage, &principal, &err);

    event = (struct event){.principal = principal};
    deed_event(&event.facts, number, body);
    hook_mark(MARK_TRIED, number, &stage->now_ns, sizeof stage->now_ns);
    if (status == STATUS_OK)
        status = intake_append(stage->journal, principal, &event, stage->now_ns,
                               clock_mono_ns() + DEADLINE_NS, &receipt, &err);
    if (status == STATUS_OK)
        hook_mark(MARK_ACKED, number, receipt_id(receipt), strlen(receipt_id(receipt)) + 1);
    principal_free(principal);
    way_status("intake", status);
    way_locks(stage);
}

static void go_intake(struct stage *stage)
{
    if (!stage_open(stage)) {
        way_status("opening", stage->err.status);
        return;
    }
    take_in(stage, 4);
    take_in(stage, 2);
}

#define TWO_DAYS_S ((uint64_t)2 * DAY_S)

const struct way ways[] = {
    {.name = "create", .go = go_create},
    {.name = "first", .prepare = prepare_empty, .go = go_first, .outages = true},
    {.name = "used", .prepare = prepare_used, .go = go_used},
    {.name = "duplicate", .prepare = prepare_used, .go = go_duplicate},
    {.name = "reboot", .prepare = prepare_used, .go = go_reboot, .reboot = true, .outages = true},
    {.name = "rotate", .prepare = prepare_used, .go = go_rotate, .outages = true},
    {.name = "again", .prepare = prepare_used, .go = outage_go_again, .outages = true},
    {.name = "late", .prepare = prepare_used, .go = outage_go_late, .outages = true},
    {.name = "batch", .prepare = prepare_used, .go = outage_go_batch, .outages = true},
    {.name = "group", .prepare = prepare_used, .go = go_group},
    {.name = "grow", .prepare = prepare_crowded, .go = go_grow, .crowded = true},
    {.name = "rebuild", .prepare = prepare_rebuild, .go = go_rebuild},
    {.name = "prune",
     .prepare = prepare_old,
     .go = go_prune,
     .keep_s = TWO_DAYS_S,
     .outages = true},
    {.name = "quarantine", .prepare = prepare_boxes, .go = go_quarantine},
    {.name = "refuse", .prepare = prepare_boxes, .go = go_refuse},
    {.name = "quarantine-named",
     .prepare = prepare_boxes,
     .go = go_quarantine_named,
     .named = true},
    {.name = "refuse-named", .prepare = prepare_boxes, .go = go_refuse_named, .named = true},
    {.name = "accept", .prepare = prepare_boxes, .go = go_accept},
    {.name = "intake", .prepare = prepare_used, .go = go_intake},
    {.name = "queue", .prepare = prepare_used, .go = queue_go_first, .queue = true},
    {.name = "queue-used", .prepare = queue_prepare_used, .go = queue_go_used, .queue = true},
    {.name = "queue-killed", .prepare = queue_prepare_killed, .go = queue_go_used, .queue = true},
    {.name = "commands",
     .prepare = queue_prepare_used,
     .go = queue_go_commands,
     .queue = true,
     .outages = true},
    {.name = "suspended", .prepare = queue_prepare_suspended, .go = queue_go_used, .queue = true},
    {.name = "ledger", .prepare = queue_prepare_full, .go = queue_go_full, .queue = true},
    {.name = "resume", .prepare = resume_prepare, .go = resume_go, .paused = true},
    {.name = "hooks", .prepare = queue_prepare_told, .go = readers_go_hooks},
    {.name = "forgotten", .prepare = readers_prepare_forgotten, .go = readers_go_forgotten},
    {.name = "damaged",
     .prepare = readers_prepare_journal,
     .go = readers_go_journal,
     .rotten = true},
    {.name = "booted",
     .prepare = readers_prepare_journal,
     .go = readers_go_booted,
     .rotten = true,
     .reboot = true},
    {.name = "expire", .prepare = prepare_empty, .go = readers_go_expire},
    {.name = "repair",
     .prepare = queue_prepare_told,
     .go = readers_go_repair,
     .queue = true,
     .mends = true},
    {.name = NULL},
};
