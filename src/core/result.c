/* SPDX-License-Identifier: MIT
 * result - how one run of a hook ended, as a line of the results log.
 */
#include "core/result.h"

#include <limits.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/text.h"
#include "core/pick.h"

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

/* The end of what a hook printed says most. */
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

enum {
    M_ID,
    M_ENDPOINT,
    M_STATE,
    M_END,
    M_STARTED,
    M_NEXT,
    M_OUT,
    M_ERR,
    M_TRY,
    M_CODE,
    M_MS,
    M_COUNT
};

static const struct pick_wish wishes[M_COUNT] = {
    [M_ID] = PICK("id", PICK_STRING, true),
    [M_ENDPOINT] = PICK("endpoint", PICK_STRING, true),
    [M_STATE] = PICK("state", PICK_STRING, true),
    [M_END] = PICK("end", PICK_STRING, true),
    [M_STARTED] = PICK("started_at", PICK_STRING, true),
    [M_NEXT] = PICK("next_at", PICK_STRING, false),
    [M_OUT] = PICK("stdout", PICK_STRING, false),
    [M_ERR] = PICK("stderr", PICK_STRING, false),
    [M_TRY] = PICK("try", PICK_NUMBER, true),
    [M_CODE] = PICK("code", PICK_NUMBER, true),
    [M_MS] = PICK("ms", PICK_NUMBER, true),
};

static bool parse_name(struct str s, const char *const *table, size_t count, unsigned *out)
{
    for (size_t i = 0; i < count; i++)
        if (str_is(s, table[i])) {
            *out = (unsigned)i;
            return true;
        }
    return false;
}

static bool take_values(struct result *r, const struct picked *found)
{
    unsigned state, end;
    uint64_t attempt, code;

    if (!parse_name(found[M_STATE].value, states, sizeof states / sizeof *states, &state) ||
        !parse_name(found[M_END].value, ends, sizeof ends / sizeof *ends, &end) ||
        !num_u64(found[M_TRY].value, &attempt) || attempt > UINT32_MAX ||
        !num_u64(found[M_CODE].value, &code) || code > INT_MAX ||
        !num_u64(found[M_MS].value, &r->took_ms) ||
        !clock_iso_parse(found[M_STARTED].value, &r->started_ns))
        return false;
    r->state = (enum result_state)state;
    r->end = (enum result_end)end;
    r->attempt = (uint32_t)attempt;
    r->code = (int)code;
    return r->state != RESULT_AGAIN || clock_iso_parse(found[M_NEXT].value, &r->next_ns);
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
    struct picked found[M_COUNT];

    if (!pick_members(line, wishes, M_COUNT, found) || !take_values(&r, found))
        return err_set(err, STATUS_CORRUPT, "this is no result of a hook");
    /* Decoding never lengthens, so the text does not move while it is filled. */
    buf_reset(text, text->max);
    if (buf_room(text, line.len) == NULL)
        return buf_status(text, "a result", err);
    if (!take_text(text, found[M_ID].value, &r.id) ||
        !take_text(text, found[M_ENDPOINT].value, &r.endpoint) ||
        !take_text(text, found[M_OUT].value, &r.out_tail) ||
        !take_text(text, found[M_ERR].value, &r.err_tail))
        return err_set(err, STATUS_CORRUPT, "a text of a result cannot be read");
    *out = r;
    return STATUS_OK;
}
