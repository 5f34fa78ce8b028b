/* SPDX-License-Identifier: MIT
 * judge - whether a spool keeps what was promised, and goes on.
 *
 * What is on record is found by a scanner of its own, which shares nothing with the journal but the
 * bytes of a record.
 */
#include "judge.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/record.h"
#include "hook.h"
#include "store/journal/reader.h"
#include "store/journal/verify.h"
#include "store/queue/standing.h"

#define SEGMENTS_MAX 64
#define RETRIED_FOR_NS (INT64_C(15) * 60 * 1000000000)

struct segment {
    uint32_t number;
    char *bytes;
    size_t len, valid;
};

struct found {
    unsigned times[DEEDS_MAX];
    char id[DEEDS_MAX][RECORD_ID_MAX];
    unsigned records, repeats;
};

bool judge_wrong(struct verdict_on *out, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(out->text, sizeof out->text, format, args);
    va_end(args);
    out->ok = false;
    return false;
}

/* ---- what is on record */

static char *slurp(int dir, const char *name, size_t *len)
{
    int fd = hook_real_open(dir, name, O_RDONLY);
    struct stat sb;
    char *bytes;
    ssize_t got = -1;

    if (fd < 0 || fstat(fd, &sb) != 0)
        return NULL;
    bytes = malloc((size_t)sb.st_size + 1);
    if (bytes != NULL)
        got = hook_real_pread(fd, bytes, (size_t)sb.st_size, 0);
    hook_real_close(fd);
    if (got < 0) {
        free(bytes);
        return NULL;
    }
    bytes[got] = '\0';
    *len = (size_t)got;
    return bytes;
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = ((const struct segment *)a)->number, y = ((const struct segment *)b)->number;

    return (x > y) - (x < y);
}

static size_t read_segments(const struct stage *stage, struct segment *segments)
{
    int fd = hook_real_open(stage->spool.log, ".", O_RDONLY | O_DIRECTORY);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *entry;
    size_t count = 0;

    while (dir != NULL && (entry = hook_real_readdir(dir)) != NULL && count < SEGMENTS_MAX) {
        struct segment *s = &segments[count];

        if (sscanf(entry->d_name, "%8" SCNu32 ".jsonl", &s->number) != 1 || s->number == 0)
            continue;
        s->bytes = slurp(fd, entry->d_name, &s->len);
        s->valid = s->len;
        count += s->bytes != NULL;
    }
    if (dir != NULL)
        closedir(dir);
    qsort(segments, count, sizeof *segments, by_number);
    return count;
}

/* Each header says how much of the segment before it counts. */
static void set_valid(struct segment *segments, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *said = strstr(segments[i].bytes, "\"prev\":");
        uint32_t previous;
        size_t valid;

        if (said == NULL ||
            sscanf(said, "\"prev\":%" SCNu32 ",\"prev_valid\":%zu", &previous, &valid) != 2)
            continue;
        for (size_t k = 0; k < count; k++)
            if (segments[k].number == previous && valid < segments[k].valid)
                segments[k].valid = valid;
    }
}

/* A record of deed `number` at that place has exactly these bytes. */
static bool is_whole(unsigned number, uint32_t segment, size_t offset, struct str line)
{
    struct record_line made;
    struct str sealed;
    bool same;

    if (!deed_line(&made, number))
        return false;
    sealed = record_seal(&made, segment, offset, false);
    same = sealed.len == line.len + 1 && memcmp(sealed.ptr, line.ptr, line.len) == 0;
    record_line_free(&made);
    return same;
}

static void find_in(const struct segment *s, struct found *found)
{
    size_t begin = 0;

    while (begin < s->valid) {
        const char *stop = memchr(s->bytes + begin, '\n', s->valid - begin);
        struct str line = {s->bytes + begin, 0};
        unsigned number;

        if (stop == NULL)
            break;
        line.len = (size_t)(stop - line.ptr);
        if (sscanf(line.ptr, "{\"key\":\"faults transcript deed-%u completed\"", &number) == 1 &&
            number < DEEDS_MAX && is_whole(number, s->number, begin, line)) {
            found->repeats += found->times[number]++ > 0;
            found->records++;
            record_id_print(found->id[number], s->number, begin);
        }
        begin += line.len + 1;
    }
}

static void find(const struct stage *stage, struct found *found)
{
    struct segment segments[SEGMENTS_MAX];
    size_t count = read_segments(stage, segments);

    memset(found, 0, sizeof *found);
    set_valid(segments, count);
    for (size_t i = 0; i < count; i++) {
        find_in(&segments[i], found);
        free(segments[i].bytes);
    }
}

/* ---- the parts of the judgement */

static bool retried(const struct promises *p, unsigned number)
{
    return p->tried_ns[number] + RETRIED_FOR_NS > p->now_ns;
}

static bool new_one(struct stage *stage, const struct promises *p, unsigned further,
                    struct verdict_on *out)
{
    unsigned number = JUDGE_DEED + further;
    bool duplicate = false;
    enum status status;

    /* A judge before us whose work was cut off. */
    while (p->tried[number])
        number += 2;
    status = stage_append(stage, number, NULL, &duplicate);
    if (status != STATUS_OK)
        return judge_wrong(out, "a new event is refused (%s): %s", status_name(status),
                           stage->err.text);
    return duplicate ? judge_wrong(out, "a new event is said to be a duplicate") : true;
}

static bool retry(struct stage *stage, const struct promises *p, unsigned number,
                  struct verdict_on *out)
{
    char id[RECORD_ID_MAX] = "";
    bool duplicate = false;
    enum status status = stage_append(stage, number, id, &duplicate);

    if (status != STATUS_OK)
        return judge_wrong(out, "a retry of deed %u is refused (%s): %s", number,
                           status_name(status), stage->err.text);
    if (!p->acked[number] || p->renewed[number] || promise_outlived(p, number))
        return true;
    if (!duplicate)
        return judge_wrong(out, "deed %u, acknowledged as %s, is recorded again as %s", number,
                           p->id[number], id);
    if (strcmp(id, p->id[number]) != 0)
        return judge_wrong(out, "deed %u, acknowledged as %s, is now %s", number, p->id[number],
                           id);
    return true;
}

static bool retry_all(struct stage *stage, const struct promises *p, bool recent_only,
                      struct verdict_on *out)
{
    for (unsigned n = 0; n < DEEDS_MAX; n++)
        if (p->tried[n] && (!recent_only || retried(p, n)) && !retry(stage, p, n, out))
            return false;
    return true;
}

static bool all_there(const struct stage *stage, const struct promises *p, bool also_tried,
                      struct verdict_on *out)
{
    struct found found;

    find(stage, &found);
    for (unsigned n = 0; n < DEEDS_MAX; n++) {
        /* A segment that was removed may be back after a power cut. */
        if (p->renewed[n])
            continue;
        if (found.times[n] > 1)
            return judge_wrong(out, "deed %u is on record %u times", n, found.times[n]);
        if (!p->tried[n] || promise_outlived(p, n))
            continue;
        if ((p->acked[n] || also_tried) && found.times[n] == 0)
            return judge_wrong(out, "deed %u, %s%s, is not on record whole", n,
                               p->acked[n] ? "acknowledged as " : "retried", p->id[n]);
        if (p->acked[n] && strcmp(found.id[n], p->id[n]) != 0)
            return judge_wrong(out, "deed %u, acknowledged as %s, stands at %s", n, p->id[n],
                               found.id[n]);
    }
    for (unsigned n = 0; n < BOXES_MAX; n++)
        if (p->boxed[n] && !stage_boxed(stage, n))
            return judge_wrong(out, "quarantine entry %u is not there whole", n);
    /* A retry of it would be acknowledged because of its name. */
    return stage_boxes_whole(stage) ? true : judge_wrong(out, "a quarantine entry is not whole");
}

/* Our own reader and verifier see the same. */
static bool read_back(const struct stage *stage, const struct promises *p, bool tidy,
                      struct verdict_on *out)
{
    struct verify_report report;
    struct err err = ERR_INIT;
    struct found found;

    if (verify_run(&stage->spool, &report, NULL, NULL, &err) != STATUS_OK)
        return judge_wrong(out, "verify fails: %s", err.text);
    find(stage, &found);
    if (report.repeated != found.repeats || report.records != found.records)
        return judge_wrong(
            out, "verify finds %" PRIu64 " records and %" PRIu64 " repeats, and %u are there",
            report.records, report.repeated, found.records);
    if (tidy && report.rotten != 0)
        return judge_wrong(out, "verify takes %" PRIu64 " lines for damage", report.rotten);
    for (unsigned n = 0; n < DEEDS_MAX; n++) {
        struct place place;
        struct buf line;
        enum status status;

        if (!p->acked[n] || promise_outlived(p, n))
            continue;
        buf_init(&line, 1 << 20);
        record_id_parse(str_of(p->id[n]), &place.segment, &place.offset);
        status = reader_get(&stage->spool, place, &line, &err);
        buf_free(&line);
        if (status != STATUS_OK)
            return judge_wrong(out, "the reader does not find deed %u at %s: %s", n, p->id[n],
                               err.text);
    }
    return true;
}

/* Else nobody knew which hooks have run. */
static bool has_state(const struct stage *stage, const struct promises *p, struct verdict_on *out)
{
    struct err err = ERR_INIT;

    if (p->may_pause || standing_check(&stage->spool, NULL, &err) != STATUS_PAUSED)
        return true;
    return judge_wrong(out, "hooks are paused: %s", err.text);
}

static bool go_on(struct stage *stage, const struct promises *p, bool tidy, struct verdict_on *out)
{
    if (!stage_open(stage))
        return judge_wrong(out, "the spool does not open: %s", stage->err.text);
    if (!has_state(stage, p, out) || !all_there(stage, p, false, out) ||
        !new_one(stage, p, 0, out) || !all_there(stage, p, false, out) ||
        !retry_all(stage, p, true, out))
        return false;
    if (!stage_keep_house(stage))
        return judge_wrong(out, "housekeeping fails: %s", stage->err.text);
    if (!retry_all(stage, p, false, out) || !new_one(stage, p, 1, out))
        return false;
    stage_close(stage);
    if (!stage_open(stage))
        return judge_wrong(out, "the spool does not open again: %s", stage->err.text);
    return retry_all(stage, p, false, out) && all_there(stage, p, true, out) &&
           read_back(stage, p, tidy, out);
}

void judge(struct stage *stage, const struct promises *promises, bool tidy, struct verdict_on *out)
{
    *out = (struct verdict_on){.ok = true};
    if (promises->now_ns > stage->now_ns)
        stage->now_ns = promises->now_ns;
    if (promises->broken > 0) {
        (void)judge_wrong(out, "%u deeds were acknowledged under one id, then under another",
                          promises->broken);
        return;
    }
    /* A making that was cut off is simply done again. */
    if (!promises->spool && !stage_make(stage))
        (void)judge_wrong(out, "the spool cannot be made: %s", stage->err.text);
    if (out->ok)
        (void)go_on(stage, promises, tidy, out);
    stage_close(stage);
}
