/* SPDX-License-Identifier: MIT
 * attempt_text - how a run of a hook looks.
 */
#include "admin/attempt_text.h"

#include <inttypes.h>

#include "admin/event_text.h"
#include "base/clock.h"
#include "base/text.h"
#include "cli/print.h"

enum { WIDTH_TIME = 24, WIDTH_WHAT = 14, WIDTH_END = 20 };

static void add_took(struct buf *out, const struct result *r)
{
    buf_printf(out, "%" PRIu64 ".%03u s", r->took_ms / 1000, (unsigned)(r->took_ms % 1000));
}

static void add_tail(struct buf *out, const char *name, struct str tail)
{
    if (tail.len == 0)
        return;
    buf_printf(out, "  %s%s:\n", name, tail.len >= RESULT_TAIL_MAX ? " (the end of it)" : "");
    event_text_body(out, tail, "    ");
}

static const char *state_word(enum result_state state)
{
    return state == RESULT_AGAIN ? event_hook_word(HOOK_AGAIN) : result_state_name(state);
}

bool attempt_asked_for(const struct result *before, const struct result *next)
{
    if (next->end == RESULT_NOT_RUN)
        return false;
    /* An attempt whose end is unknown is made again under its number. */
    return before->state != RESULT_AGAIN ||
           (before->end != RESULT_LOST && next->attempt <= before->attempt);
}

void attempt_text_full(struct buf *out, const struct result *r)
{
    char at[CLOCK_ISO_MAX];

    clock_iso(r->started_ns, at);
    if (r->end == RESULT_NOT_RUN) {
        buf_printf(out, "%-14s %s  ", "not run", at);
    } else {
        buf_printf(out, "attempt %-6u %s  ", r->attempt, at);
        event_text_end(out, r->end, r->code);
        buf_add_text(out, "  ");
        add_took(out, r);
        buf_add_text(out, "  ");
    }
    buf_add_text(out, state_word(r->state));
    if (r->state == RESULT_AGAIN) {
        clock_iso(r->next_ns, at);
        buf_printf(out, " at %s", at);
    }
    buf_add_char(out, '\n');
    add_tail(out, "stdout", r->out_tail);
    add_tail(out, "stderr", r->err_tail);
}

void attempt_text_line(struct buf *out, const struct result *r)
{
    struct buf end;
    char at[CLOCK_ISO_MAX];

    clock_iso(r->started_ns, at);
    buf_init(&end, 64);
    event_text_end(&end, r->end, r->code);
    print_column(out, str_of(at), WIDTH_TIME);
    buf_add_text(out, "  ");
    print_column(out, STR("hook"), WIDTH_WHAT);
    buf_add_text(out, "  ");
    print_column(out, buf_str(&end), WIDTH_END);
    buf_printf(out, "  %-8s %u  [", state_word(r->state), r->attempt);
    print_column(out, r->id, 0);
    buf_add_text(out, "]  ");
    add_took(out, r);
    buf_add_char(out, '\n');
    buf_free(&end);
}

static void add_output(struct buf *out, const char *name, struct str tail)
{
    if (tail.ptr == NULL)
        return;
    buf_printf(out, ",\"%s\":", name);
    text_json_lossy(out, tail);
}

void attempt_json_line(struct buf *out, const struct result *r)
{
    char at[CLOCK_ISO_MAX];

    buf_add_text(out, "{\"type\":\"attempt\",\"id\":");
    text_json_lossy(out, r->id);
    buf_add_text(out, ",\"endpoint\":");
    text_json_lossy(out, r->endpoint);
    clock_iso(r->started_ns, at);
    buf_printf(out,
               ",\"hook\":\"%s\",\"attempt\":%u,\"end\":\"%s\",\"code\":%d,\"started_at\":\"%s\","
               "\"ms\":%" PRIu64,
               state_word(r->state), r->attempt, result_end_name(r->end), r->code, at, r->took_ms);
    if (r->state == RESULT_AGAIN) {
        clock_iso(r->next_ns, at);
        buf_printf(out, ",\"next_at\":\"%s\"", at);
    }
    add_output(out, "stdout", r->out_tail);
    add_output(out, "stderr", r->err_tail);
    buf_add_text(out, "}\n");
}
