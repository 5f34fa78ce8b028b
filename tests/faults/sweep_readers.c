/* SPDX-License-Identifier: MIT
 * sweep_readers - the ways of those that read the spool for people, and of those that mend it.
 *
 * Whoever reads meets faults too, and then has to say so: an answer that is given is all of it, the
 * same as without a fault.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "store/boxes/box.h"
#include "store/census.h"
#include "store/journal/reader.h"
#include "store/journal/verify.h"
#include "store/queue/hookview.h"
#include "store/queue/slot.h"
#include "store/queue/wake.h"
#include "store/repair.h"
#include "sweep.h"

#define DEADLINE_NS UINT64_C(10000000000)
#define ANSWER_MAX 4096
#define TOLD_DEEDS 6
#define PLACES_MAX 32

/* ---- questions */

/* What was told, as text. */
struct answer {
    char text[ANSWER_MAX];
    size_t len;
};

static void add(struct answer *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(struct answer *a, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    a->len += (size_t)vsnprintf(a->text + a->len, sizeof a->text - a->len, format, args);
    va_end(args);
    if (a->len >= sizeof a->text)
        abort();
}

typedef enum status (*question)(const struct stage *stage, struct answer *out, struct err *err);

static void ask(const struct stage *stage, const char *what, question asked)
{
    struct answer truth = {.len = 0}, said = {.len = 0};
    struct err err = ERR_INIT;
    enum status status;

    hook_pause(true);
    if (asked(stage, &truth, &err) != STATUS_OK)
        abort();
    hook_pause(false);
    status = asked(stage, &said, &err);
    way_status(what, status);
    if (status == STATUS_OK && strcmp(truth.text, said.text) != 0)
        way_wrong("%s tells \"%.200s\", and it is \"%.200s\"", what, said.text, truth.text);
    way_locks(stage);
}

/* What does not belong to the question does not fail. */
static void open_stage(struct stage *stage)
{
    hook_pause(true);
    if (!stage_open(stage))
        abort();
    hook_pause(false);
}

/* ---- the hooks */

static char *no_hook[] = {(char[]){"/bin/true"}, NULL};
static struct config_endpoint endpoints[] = {{.name = (char[]){"faults"}, .hook = no_hook},
                                             {.name = (char[]){"others"}, .hook = no_hook}};
static const struct config config = {.endpoints = endpoints, .endpoint_count = 2};

/* Of the deeds that were done before. */
static char ids[TOLD_DEEDS][RECORD_ID_MAX];

static void learn_ids(struct stage *stage)
{
    hook_pause(true);
    for (unsigned n = 0; n < TOLD_DEEDS; n++)
        if (stage_append(stage, n, ids[n], NULL) != STATUS_OK)
            abort();
    hook_pause(false);
}

static void add_states(const struct hookview *view, struct answer *out)
{
    for (unsigned n = 0; n < TOLD_DEEDS; n++) {
        struct hook_info info;
        struct place place;

        if (!record_id_parse(str_of(ids[n]), &place.segment, &place.offset))
            abort();
        hookview_get(view, place, STR("faults"), true, 0, &info);
        add(out, "%u %s/%" PRIu32 " %d:%d %" PRId64 ", ", n, hook_state_name(info.state),
            info.attempts, (int)info.end, info.code, info.next_ns);
    }
}

static void add_stats(const struct hookview *view, struct answer *out)
{
    for (size_t i = 0; i < hookview_endpoints(view); i++) {
        struct hook_stats s;

        hookview_stats(view, i, &s);
        add(out,
            "%s %d%d %s %" PRId64 " %" PRIx64 " %" PRIx64 " %" PRIu64 "/%" PRIu64 "/%" PRIu64
            "/%" PRIu64 "/%" PRIu64 "/%" PRIu64 ", ",
            s.endpoint, s.has_hook, s.suspended, s.why == NULL ? "" : s.why, s.probe_ns,
            place_pack(s.cursor), place_pack(s.oldest), s.retries, s.done, s.dead, s.dropped,
            s.failed, s.lost);
    }
}

static enum status ask_hooks(const struct stage *stage, struct answer *out, struct err *err)
{
    struct hookview *view;
    enum status status = hookview_open(&view, &stage->spool, &config, 0, err);

    if (status != STATUS_OK)
        return status;
    add_states(view, out);
    add_stats(view, out);
    add(out, "%" PRIu64 " dead, runner %d", hookview_dead(view), hookview_runner(view));
    hookview_close(view);
    return STATUS_OK;
}

static enum status add_run(void *context, const struct result *result, struct err *err)
{
    (void)err;
    add(context, "%" PRIu32 " %d, ", result->attempt, (int)result->state);
    return STATUS_OK;
}

static enum status ask_runs(const struct stage *stage, struct answer *out, struct err *err)
{
    return hookview_attempts(&stage->spool, str_of(ids[2]), 0, add_run, out, err);
}

static void add_amount(struct answer *out, const struct spool_amount *amount)
{
    add(out, "%" PRIu64 " %" PRIu64 ", ", amount->files, amount->bytes);
}

static enum status ask_census(const struct stage *stage, struct answer *out, struct err *err)
{
    struct census c;
    enum status status = census_take(&stage->spool, &c, err);

    if (status != STATUS_OK)
        return status;
    add_amount(out, &c.journal);
    add_amount(out, &c.index);
    add_amount(out, &c.results);
    add_amount(out, &c.commands);
    add_amount(out, &c.quarantine);
    add_amount(out, &c.refused);
    return STATUS_OK;
}

/* Two hooks that run, as far as a view can know: one is this very process, one is about to start.
 */
static void begin_runs(const struct stage *stage, struct slot slots[2])
{
    hook_pause(true);
    for (unsigned i = 0; i < 2; i++) {
        struct slot_attempt attempt = {.number = 1, .started_ns = stage->now_ns};
        enum slot_state state;

        snprintf(attempt.id, sizeof attempt.id, "%.*s", RECORD_ID_MAX - 1, ids[i]);
        if (slot_open(&slots[i], &stage->spool, i, true, &state, NULL) != STATUS_OK ||
            slot_begin(&slots[i], &attempt, NULL) != STATUS_OK ||
            (i == 0 && slot_enter(slots[i].fd, &attempt) != 0))
            abort();
    }
    hook_pause(false);
}

/* As a runner finds the slots of another one that died, and whose hooks live on. */
static void meet_runs(const struct stage *stage)
{
    for (unsigned i = 0; i < 2; i++) {
        struct err err = ERR_INIT;
        enum slot_state state;
        struct slot slot;
        enum status status = slot_open(&slot, &stage->spool, i, true, &state, &err);

        way_status("opening a slot", status);
        if (status != STATUS_OK)
            continue;
        if (state != SLOT_BUSY || !slot_busy(&slot))
            way_wrong("a hook that runs passes for one that does not");
        slot_close(&slot);
    }
}

void readers_go_hooks(struct stage *stage)
{
    struct slot slots[2];
    int wake;

    open_stage(stage);
    learn_ids(stage);
    begin_runs(stage, slots);
    hook_pause(true);
    wake = wake_listen(&stage->spool);
    hook_pause(false);
    ask(stage, "a view of the hooks", ask_hooks);
    ask(stage, "a list of runs", ask_runs);
    ask(stage, "a census", ask_census);
    meet_runs(stage);
    hook_pause(true);
    file_close(&wake);
    for (unsigned i = 0; i < 2; i++)
        slot_close(&slots[i]);
    hook_pause(false);
}

/* What is known has to be made of the results. */
void readers_prepare_forgotten(struct stage *stage)
{
    queue_prepare_told(stage);
    hook_real_unlink(stage->spool.dir, SPOOL_SNAPSHOT, 0);
}

void readers_go_forgotten(struct stage *stage)
{
    open_stage(stage);
    learn_ids(stage);
    ask(stage, "a view of the hooks", ask_hooks);
}

/* ---- the journal */

static void add_item(struct answer *out, const struct reader_item *item)
{
    add(out, "%" PRIu32 ":%" PRIu64 " %d %" PRIu64 "/%zu %s, ", item->place.segment,
        item->place.offset, (int)item->found, item->len, item->line.len,
        item->why == NULL ? "" : item->why);
}

static enum status walk(const struct stage *stage, struct place from, struct answer *out,
                        struct err *err)
{
    struct reader *reader;
    struct reader_item item;
    enum status status = reader_open(&reader, &stage->spool, from, err);
    bool more = true;

    if (status != STATUS_OK)
        return status;
    while (more) {
        status = reader_next(reader, &item, &more, err);
        if (status != STATUS_OK)
            break;
        if (more)
            add_item(out, &item);
    }
    reader_close(reader);
    return status;
}

/* In the middle of a line. */
static enum status ask_later(const struct stage *stage, struct answer *out, struct err *err)
{
    return walk(stage, (struct place){6, 300}, out, err);
}

static void add_finding(void *context, const struct reader_item *item,
                        const struct verify_report *so_far)
{
    (void)so_far;
    if (item != NULL)
        add_item(context, item);
}

static enum status ask_verify(const struct stage *stage, struct answer *out, struct err *err)
{
    struct verify_report r;
    enum status status = verify_run(&stage->spool, &r, add_finding, out, err);

    if (status != STATUS_OK)
        return status;
    add(out,
        "%" PRIu64 " segments, %" PRIu64 " records, %" PRIu64 " bytes, %" PRIu64 "/%" PRIu64
        "/%" PRIu64 ", %" PRIu64 " repeated, %d",
        r.segments, r.records, r.bytes, r.torn, r.voided, r.rotten, r.repeated, r.all_compared);
    return STATUS_OK;
}

/* Of the first record, and of all that is none. */
static struct place places[PLACES_MAX];
static size_t place_count;

static void learn_places(const struct stage *stage)
{
    struct reader *reader;
    struct reader_item item;
    bool more = true;

    hook_pause(true);
    if (reader_open(&reader, &stage->spool, (struct place){0, 0}, NULL) != STATUS_OK)
        abort();
    while (more) {
        if (reader_next(reader, &item, &more, NULL) != STATUS_OK || place_count == PLACES_MAX)
            abort();
        if (more && item.found != READER_HEADER &&
            (item.found != READER_RECORD || place_count == 0))
            places[place_count++] = item.place;
    }
    reader_close(reader);
    hook_pause(false);
}

static enum status ask_records(const struct stage *stage, struct answer *out, struct err *err)
{
    for (size_t i = 0; i < place_count; i++) {
        enum status status;
        struct buf line;

        buf_init(&line, 4 * DEED_BODY_MAX);
        status = reader_get(&stage->spool, places[i], &line, err);
        add(out, "%s %zu, ", status_name(status), line.len);
        buf_free(&line);
        if (status != STATUS_OK && status != STATUS_MISSING && status != STATUS_CORRUPT)
            return status;
    }
    return STATUS_OK;
}

/* One that nobody was promised: it may be damaged. */
static struct place stray(struct stage *stage, unsigned number)
{
    const struct receipt *receipt;
    struct record_line line;
    char key[EVENT_KEY_MAX];
    struct place place;

    deed_key(number, key);
    if (!deed_line(&line, number) ||
        journal_append(stage->journal, str_of(key), &line, stage->now_ns,
                       clock_mono_ns() + DEADLINE_NS, &receipt, NULL) != STATUS_OK ||
        !record_id_parse(str_of(receipt_id(receipt)), &place.segment, &place.offset))
        abort();
    record_line_free(&line);
    return place;
}

static int open_segment(const struct stage *stage, uint32_t segment)
{
    char name[SPOOL_NAME_MAX];
    int fd;

    spool_segment_name(name, segment);
    fd = hook_real_open(stage->spool.log, name, O_RDWR);
    if (fd < 0)
        abort();
    return fd;
}

static void spoil(const struct stage *stage, struct place place)
{
    int fd = open_segment(stage, place.segment);

    if (hook_real_pwrite(fd, "#", 1, (off_t)place.offset + 20) != 1)
        abort();
    hook_real_close(fd);
}

static void empty(const struct stage *stage, uint32_t segment)
{
    int fd = open_segment(stage, segment);

    if (hook_real_ftruncate(fd, 0) != 0)
        abort();
    hook_real_close(fd);
}

static void add_torn(const struct stage *stage, uint32_t segment)
{
    static const char torn[] = "{\"key\":\"faults";
    int fd = open_segment(stage, segment);
    off_t end = lseek(fd, 0, SEEK_END);

    if (hook_real_pwrite(fd, torn, sizeof torn - 1, end) != (ssize_t)sizeof torn - 1)
        abort();
    hook_real_close(fd);
}

static void deeds(struct stage *stage, unsigned from, unsigned to)
{
    for (unsigned n = from; n < to; n++)
        if (stage_append(stage, n, NULL, NULL) != STATUS_OK)
            abort();
}

/* All that a reader may meet: lines that are torn, void or damaged, a header that is damaged, files
 * that are empty or missing. Each stray one whose number leaves three when divided by seven fills a
 * segment. */
void readers_prepare_journal(struct stage *stage)
{
    static const struct fault unsynced = {
        .call = CALL_FDATASYNC, .nth = 1, .blow = BLOW_FAIL, .error = EIO};
    char name[SPOOL_NAME_MAX];
    struct place place;

    (void)stage_make(stage);
    deeds(stage, 0, 2);
    spoil(stage, place = stray(stage, 20));
    add_torn(stage, place.segment);
    deeds(stage, 2, 5);
    hook_arm(&unsynced);
    if (stage_append(stage, 5, NULL, NULL) == STATUS_OK)
        abort();
    hook_disarm();
    deeds(stage, 5, 6);
    place = stray(stage, 24);
    deeds(stage, 6, 7);
    spoil(stage, (struct place){place.segment, 0});
    place = stray(stage, 31);
    deeds(stage, 7, 8);
    empty(stage, place.segment);
    place = stray(stage, 38);
    deeds(stage, 8, 9);
    spool_segment_name(name, place.segment);
    hook_real_unlink(stage->spool.log, name, 0);
    add_torn(stage, place.segment + 1);
}

void readers_go_journal(struct stage *stage)
{
    open_stage(stage);
    learn_places(stage);
    ask(stage, "a verification", ask_verify);
    ask(stage, "a reader that begins later", ask_later);
    ask(stage, "a look for records", ask_records);
}

void readers_go_booted(struct stage *stage)
{
    open_stage(stage);
    ask(stage, "a reader behind a reboot", ask_later);
}

/* ---- boxes that grow old */

enum { BOX_OLD, BOX_YOUNG, BOX_ASIDE_OLD, BOX_ASIDE_YOUNG, BOX_AGAIN, BOX_ENTRIES };

#define BOXES_GONE 2
#define OLD_S 7200

static void age(int dir, const char *name)
{
    const struct timespec old = {.tv_sec = clock_wall_ns() / 1000000000 - OLD_S};

    if (utimensat(dir, name, (const struct timespec[2]){old, old}, AT_SYMLINK_NOFOLLOW) != 0)
        abort();
}

/* Makes one of each, as one finds them who is not the first: one that was just taken aside when its
 * finder died, one that was named again since, one that came again under its name. */
static void fill_box(struct stage *stage)
{
    int dir = stage->spool.quarantine;

    for (unsigned n = 0; n < BOX_ENTRIES; n++) {
        char name[BOX_FILE_MAX], aside[BOX_FILE_MAX + sizeof SPOOL_BOX_ASIDE_PREFIX];

        if (!stage_box(stage, n) || !stage_box_name(stage, n, name))
            abort();
        snprintf(aside, sizeof aside, SPOOL_BOX_ASIDE_PREFIX "%s", name);
        if (n == BOX_OLD || n == BOX_ASIDE_OLD)
            age(dir, name);
        if ((n == BOX_AGAIN && linkat(dir, name, dir, aside, 0) != 0) ||
            ((n == BOX_ASIDE_OLD || n == BOX_ASIDE_YOUNG) && renameat(dir, name, dir, aside) != 0))
            abort();
        if (n != BOX_YOUNG && n != BOX_AGAIN)
            hook_mark(MARK_UNBOXED, n, NULL, 0);
    }
}

static enum status expire(const struct stage *stage, bool dry, struct spool_amount *gone,
                          struct err *err)
{
    return box_expire(&stage->spool, BOX_QUARANTINED, clock_wall_ns() - OLD_S * INT64_C(500000000),
                      dry, gone, err);
}

static enum status ask_old(const struct stage *stage, struct answer *out, struct err *err)
{
    struct spool_amount old;
    enum status status = expire(stage, true, &old, err);

    if (status == STATUS_OK)
        add_amount(out, &old);
    return status;
}

void readers_go_expire(struct stage *stage)
{
    struct spool_amount gone;
    struct err err = ERR_INIT;
    enum status status;

    open_stage(stage);
    hook_pause(true);
    fill_box(stage);
    hook_pause(false);
    ask(stage, "a count of what is old", ask_old);
    status = expire(stage, false, &gone, &err);
    way_status("expiry", status);
    if (status == STATUS_OK && gone.files != BOXES_GONE)
        way_wrong("%" PRIu64 " entries go, and %d are old", gone.files, BOXES_GONE);
    hook_disarm();
    /* Whatever was left by the first one is for the second. */
    if (expire(stage, false, &gone, &err) != STATUS_OK)
        way_wrong("the second expiry fails: %s", err.text);
    for (unsigned n = 0; n < BOX_ENTRIES; n++)
        if (stage_boxed(stage, n) != (n != BOX_OLD && n != BOX_ASIDE_OLD))
            way_wrong("entry %u has gone, or has stayed", n);
}

/* ---- repair */

static void pass(void *context, uint32_t left)
{
    (void)context;
    (void)left;
}

/* Also where it failed, what may still be retried is known. */
void readers_go_repair(struct stage *stage)
{
    struct err err = ERR_INIT;

    open_stage(stage);
    way_status("a repair",
               repair_run(&stage->spool, &stage->options, stage->now_ns, pass, NULL, &err));
    way_locks(stage);
    way_status("an append", stage_append(stage, 1, NULL, NULL));
    way_status("an append", stage_append(stage, 10, NULL, NULL));
}
