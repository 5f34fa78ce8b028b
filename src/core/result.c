/* SPDX-License-Identifier: MIT
 * result - how one run of a hook ended, as a line of the results log.
 */
#include "core/result.h"

#include <limits.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/text.h"
#include "core/scan.h"

static const char *const states[] = {[RESULT_DONE] = "done",
                                     [RESULT_AGAIN] = "again",
                                     [RESULT_DEAD] = "dead",
                                     [RESULT_DROPPED] = "dropped"};
static const char *const ends[] = {[RESULT_EXIT] = "exit",
                                   [RESULT_SIGNAL] = "signal",
                                   [RESULT_TIMEOUT] = "timeout",
                                   [RESULT_LOST] = "lost",
                                   [RESULT_NOT_RUN] = "not-run"};

const char *result_state_name(enum result_state state)
{
    return states[state];
}

const char *result_end_name(enum result_end end)
{
    return ends[end];
}

/* ---- print */

static void add_time(struct buf *out, const char *name, int64_t ns)
{
    char iso[CLOCK_ISO_MAX];

    clock_iso(ns, iso);
    buf_printf(out, ",\"%s\":\"%s\"", name, iso);
}

/* Of what a hook said last, the end tells most. */
static void add_tail(struct buf *out, const char *name, struct str tail)
{
    if (tail.ptr == NULL)
        return;
    if (tail.len > RESULT_TAIL_MAX)
        tail = (struct str){tail.ptr + tail.len - RESULT_TAIL_MAX, RESULT_TAIL_MAX};
    buf_printf(out, ",\"%s\":", name);
    text_json_lossy(out, tail);
}

void result_print(struct buf *out, const struct result *result)
{
    buf_add_text(out, "{\"id\":");
    text_json_lossy(out, result->id);
    buf_add_text(out, ",\"endpoint\":");
    text_json_lossy(out, result->endpoint);
    buf_add_text(out, ",\"try\":");
    buf_add_u64(out, result->attempt);
    buf_printf(out, ",\"state\":\"%s\",\"end\":\"%s\",\"code\":", states[result->state],
               ends[result->end]);
    buf_add_u64(out, result->code < 0 ? 0 : (uint64_t)result->code);
    add_time(out, "started_at", result->started_ns);
    buf_add_text(out, ",\"ms\":");
    buf_add_u64(out, result->took_ms);
    if (result->state == RESULT_AGAIN)
        add_time(out, "next_at", result->next_ns);
    add_tail(out, "stdout", result->out_tail);
    add_tail(out, "stderr", result->err_tail);
}

/* ---- parse */

enum { M_ID, M_ENDPOINT, M_STATE, M_END, M_STARTED, M_NEXT, M_OUT, M_ERR, M_TRY, M_CODE, M_MS };
#define M_COUNT (M_MS + 1)
#define M_NUMBERS M_TRY /* strings stand before it */

static const char *const names[M_COUNT] = {"id",         "endpoint", "state",  "end",
                                           "started_at", "next_at",  "stdout", "stderr",
                                           "try",        "code",     "ms"};

struct found {
    struct str values[M_COUNT]; /* raw; of strings what stands between the quotes */
    bool wrong;                 /* a member twice, or of another type */
};

static void collect(void *context, const struct scan_member *member)
{
    struct found *found = context;

    for (size_t i = 0; i < M_COUNT; i++) {
        if (!str_is(member->name, names[i]))
            continue;
        if (found->values[i].ptr != NULL ||
            member->type != (i < M_NUMBERS ? SCAN_STRING : SCAN_NUMBER))
            found->wrong = true;
        else if (i < M_NUMBERS)
            found->values[i] = (struct str){member->value.ptr + 1, member->value.len - 2};
        else
            found->values[i] = member->value;
    }
}

static bool name_parse(struct str s, const char *const *table, size_t count, unsigned *out)
{
    for (size_t i = 0; i < count; i++)
        if (str_is(s, table[i])) {
            *out = (unsigned)i;
            return true;
        }
    return false;
}

static bool take_values(struct result *r, const struct found *found)
{
    unsigned state, end;
    uint64_t attempt, code;

    if (!name_parse(found->values[M_STATE], states, sizeof states / sizeof *states, &state) ||
        !name_parse(found->values[M_END], ends, sizeof ends / sizeof *ends, &end) ||
        !num_u64(found->values[M_TRY], &attempt) || attempt > UINT32_MAX ||
        !num_u64(found->values[M_CODE], &code) || code > INT_MAX ||
        !num_u64(found->values[M_MS], &r->took_ms) ||
        !clock_iso_parse(found->values[M_STARTED], &r->started_ns))
        return false;
    r->state = (enum result_state)state;
    r->end = (enum result_end)end;
    r->attempt = (uint32_t)attempt;
    r->code = (int)code;
    return r->state != RESULT_AGAIN || clock_iso_parse(found->values[M_NEXT], &r->next_ns);
}

static bool take_text(struct buf *text, struct str raw, struct str *out)
{
    size_t at = text->len;

    if (raw.ptr == NULL)
        return true;
    if (!text_json_decode(text, raw) || text->failed != STATUS_OK)
        return false;
    *out = (struct str){text->ptr + at, text->len - at};
    return true;
}

enum status result_parse(struct result *out, struct buf *text, struct str line, struct err *err)
{
    struct result r = {.id = STR_NONE, .endpoint = STR_NONE};
    struct found found = {.wrong = false};

    if (scan_json(line, collect, &found).verdict != SCAN_OK || found.wrong ||
        found.values[M_ID].ptr == NULL || found.values[M_ENDPOINT].ptr == NULL ||
        !take_values(&r, &found))
        return err_set(err, STATUS_CORRUPT, "this is no result of a hook");
    /* Decoding never lengthens, so the text does not move while it is filled. */
    buf_reset(text, text->max);
    if (buf_room(text, line.len) == NULL)
        return buf_status(text, "a result", err);
    if (!take_text(text, found.values[M_ID], &r.id) ||
        !take_text(text, found.values[M_ENDPOINT], &r.endpoint) ||
        !take_text(text, found.values[M_OUT], &r.out_tail) ||
        !take_text(text, found.values[M_ERR], &r.err_tail))
        return err_set(err, STATUS_CORRUPT, "a text of a result cannot be read");
    *out = r;
    return STATUS_OK;
}
