/* SPDX-License-Identifier: MIT
 * event_text - how a record looks to a person, and to a program.
 */
#include "admin/event_text.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/print.h"
#include "core/scan.h"

enum { WIDTH_TIME = 24, WIDTH_KIND = 14, WIDTH_STATUS = 20, WIDTH_HOOK = 10, WIDTH_SUBJECT = 36 };

#define COLOUR_BAD "\x1b[31m"
#define COLOUR_DOUBT "\x1b[33m"
#define COLOUR_END "\x1b[0m"

enum event_format event_format_named(const char *text)
{
    return strcmp(text, "json") == 0 ? EVENT_FORMAT_JSON : EVENT_FORMAT_TEXT;
}

enum status event_format_print(enum event_format format, struct buf *b, const char *what,
                               struct err *err)
{
    return format == EVENT_FORMAT_JSON ? print_json(b, what, err) : print_buf(b, what, err);
}

const char *event_hook_word(enum hook_state state)
{
    return state == HOOK_AGAIN ? "retrying" : hook_state_name(state);
}

static const char *colour_of(enum hook_state state)
{
    if (state == HOOK_DEAD)
        return COLOUR_BAD;
    return state == HOOK_AGAIN ? COLOUR_DOUBT : NULL;
}

static void add_hook(struct buf *out, const struct hook_info *hook, bool colours)
{
    const char *colour = colours ? colour_of(hook->state) : NULL;
    char text[32];

    /* The number of attempts matters if the first did not succeed. */
    if (hook->attempts > 1 || hook->state == HOOK_AGAIN)
        snprintf(text, sizeof text, "%s %u", event_hook_word(hook->state), hook->attempts);
    else
        snprintf(text, sizeof text, "%s",
                 hook->state == HOOK_NONE ? "" : event_hook_word(hook->state));
    if (colour != NULL)
        buf_add_text(out, colour);
    print_column(out, str_of(text), WIDTH_HOOK);
    if (colour != NULL)
        buf_add_text(out, COLOUR_END);
}

void event_text_line(struct buf *out, const struct record *record, const struct hook_info *hook,
                     bool colours)
{
    print_column(out, record->received_at, WIDTH_TIME);
    buf_add_text(out, "  ");
    print_column(out, record->kind, WIDTH_KIND);
    buf_add_text(out, "  ");
    print_column(out, record->status, WIDTH_STATUS);
    buf_add_text(out, "  ");
    add_hook(out, hook, colours);
    buf_add_text(out, "  ");
    print_column(out, record->subject, WIDTH_SUBJECT);
    buf_add_text(out, "  [");
    print_column(out, record->id, 0);
    buf_printf(out, "]  %zu B", record->body.len);
    if (record->via.len > 0) {
        buf_add_text(out, "  via ");
        text_log(out, record->via, PRINT_FIELD_MAX);
    }
    buf_add_char(out, '\n');
}

struct shown_members {
    struct buf *out;
    bool body;
};

static void add_member(void *context, const struct scan_member *member)
{
    const struct shown_members *m = context;
    struct buf *out = m->out;

    if (str_is(member->name, "crc") ||
        (!m->body && (str_is(member->name, "body") || str_is(member->name, "body_base64"))))
        return;
    buf_add_char(out, '"');
    buf_add_str(out, member->name);
    buf_add_text(out, "\":");
    buf_add_str(out, member->value);
    buf_add_char(out, ',');
}

/* Whether the last of its attempts has come to an end. */
static bool has_ended(const struct hook_info *hook)
{
    return hook->attempts > 0 && hook->end != RESULT_NOT_RUN && hook->state != HOOK_RUNNING;
}

static void add_time(struct buf *out, const char *name, int64_t ns)
{
    char at[CLOCK_ISO_MAX];

    clock_iso(ns, at);
    buf_printf(out, ",\"%s\":\"%s\"", name, at);
}

void event_json_line(struct buf *out, struct str line, const struct record *record,
                     const struct hook_info *hook, bool body)
{
    struct shown_members m = {out, body};

    buf_add_text(out, "{\"type\":\"event\",");
    (void)scan_json(line, add_member, &m);
    buf_printf(out, "\"bytes\":%zu,\"hook\":\"%s\",\"attempts\":%u", record->body.len,
               event_hook_word(hook->state), hook->attempts);
    if (hook->state == HOOK_AGAIN)
        add_time(out, "next_at", hook->next_ns);
    if (hook->state == HOOK_RUNNING)
        add_time(out, "started_at", hook->started_ns);
    if (hook->state == HOOK_RUNNING && hook->pid > 0)
        buf_printf(out, ",\"pid\":%ld", (long)hook->pid);
    if (has_ended(hook))
        buf_printf(out, ",\"end\":\"%s\",\"code\":%d", result_end_name(hook->end), hook->code);
    buf_add_text(out, "}\n");
}

void event_text_end(struct buf *out, enum result_end end, int code)
{
    buf_add_text(out, result_end_name(end));
    if (end == RESULT_EXIT || end == RESULT_SIGNAL)
        buf_printf(out, " %d", code);
}

/* Control characters could command the terminal, and marks of direction could disguise a line. */
static bool has_control(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.ptr[i];

        if ((c < 0x20 && c != '\t') || text_unshown((struct str){s.ptr + i, s.len - i}) > 0)
            return true;
    }
    return false;
}

void event_text_body(struct buf *out, struct str body, const char *indent)
{
    bool more = body.len > 0;

    while (more) {
        struct str part;

        more = str_cut(body, '\n', &part, &body) && body.len > 0;
        buf_add_text(out, indent);
        if (text_utf8_ok(part) && !has_control(part))
            buf_add_str(out, part);
        else
            text_log(out, part, out->max);
        buf_add_char(out, '\n');
    }
}

static void add_running(struct buf *out, const struct hook_info *hook)
{
    char at[CLOCK_ISO_MAX];

    clock_iso(hook->started_ns, at);
    buf_printf(out, ", attempt %u since %s", hook->attempts, at);
    if (hook->pid > 0)
        buf_printf(out, ", process %ld", (long)hook->pid);
}

static void add_hook_fields(struct buf *out, const struct hook_info *hook)
{
    char next_at[CLOCK_ISO_MAX];

    if (hook->state == HOOK_NONE)
        return;
    buf_printf(out, "%-14s %s", "hook", event_hook_word(hook->state));
    if (hook->state == HOOK_RUNNING)
        add_running(out, hook);
    if (has_ended(hook))
        buf_printf(out, ", attempt %u: ", hook->attempts);
    if (has_ended(hook))
        event_text_end(out, hook->end, hook->code);
    buf_add_char(out, '\n');
    if (hook->state == HOOK_AGAIN) {
        clock_iso(hook->next_ns, next_at);
        print_field(out, "next_at", str_of(next_at));
    }
}

void event_text_head(struct buf *out, const struct record *record, const struct hook_info *hook)
{
    print_field(out, "id", record->id);
    print_field(out, "received_at", record->received_at);
    print_field(out, "endpoint", record->endpoint);
    print_field(out, "kind", record->kind);
    if (record->subject_name != NULL)
        print_field(out, record->subject_name, record->subject);
    print_field(out, "status", record->status);
    print_field(out, "remote_addr", record->remote_addr);
    print_field(out, "query", record->query);
    print_field(out, "content_type", record->content_type);
    print_field(out, "user_agent", record->user_agent);
    print_field(out, "via", record->via);
    buf_printf(out, "%-14s %zu\n", "bytes", record->body.len);
    add_hook_fields(out, hook);
}
