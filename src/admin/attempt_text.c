/* SPDX-License-Identifier: MIT
 * attempt_text - how a run of a hook looks.
 */
#include "admin/attempt_text.h"

#include <inttypes.h>

#include "admin/event_text.h"
#include "base/clock.h"
#include "base/print.h"

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

void attempt_text_full(struct buf *out, const struct result *r)
{
    char at[CLOCK_ISO_MAX];

    clock_iso(r->started_ns, at);
    buf_printf(out, "attempt %-6u %s  ", r->attempt, at);
    event_text_end(out, r->end, r->code);
    if (r->end != RESULT_NOT_RUN) {
        buf_add_text(out, "  ");
        add_took(out, r);
    }
    buf_printf(out, "  %s", result_state_name(r->state));
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
    buf_printf(out, "  %-7s %u  [", result_state_name(r->state), r->attempt);
    print_column(out, r->id, 0);
    buf_add_text(out, "]  ");
    add_took(out, r);
    buf_add_char(out, '\n');
    buf_free(&end);
}

void attempt_json_line(struct buf *out, const struct result *r)
{
    result_print(out, r);
    buf_add_text(out, "}\n");
}
