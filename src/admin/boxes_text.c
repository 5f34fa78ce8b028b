/* SPDX-License-Identifier: MIT
 * boxes_text - see admin/boxes_text.h.
 */
#include "admin/boxes_text.h"

#include <inttypes.h>

#include "admin/boxes.h"
#include "base/text.h"
#include "cli/print.h"

enum { WIDTH_TIME = 24, WIDTH_BOX = 10, WIDTH_REASON = 16, WIDTH_ENDPOINT = 12, WIDTH_KIND = 14 };
enum { WIDTH_STATUS = 10, WIDTH_SUBJECT = 36 };

static void add_column(struct buf *out, struct str value, size_t width)
{
    print_column(out, value, width);
    buf_add_text(out, "  ");
}

void boxes_text_line(struct buf *out, const struct rejected *entry, const struct payload *about)
{
    add_column(out, entry->received_at, WIDTH_TIME);
    add_column(out, str_of(box_kind_name(entry->ref.box)), WIDTH_BOX);
    add_column(out, entry->reason, WIDTH_REASON);
    add_column(out, entry->endpoint, WIDTH_ENDPOINT);
    add_column(out, str_of(event_kind_name(about->kind)), WIDTH_KIND);
    add_column(out, str_of(about->status), WIDTH_STATUS);
    add_column(out, str_of(about->subject), WIDTH_SUBJECT);
    buf_printf(out, "[%.*s]  %" PRIu64 " B%s\n", BOXES_SHORT, entry->ref.name, entry->bytes,
               entry->complete ? "" : ", incomplete");
}

static void add_member(struct buf *out, const char *name, struct str value)
{
    if (value.ptr == NULL)
        return;
    buf_printf(out, ",\"%s\":", name);
    text_json_lossy(out, value);
}

void boxes_json_line(struct buf *out, const struct rejected *entry, const struct payload *about)
{
    buf_printf(out, "{\"name\":\"%s\",\"box\":\"%s\"", entry->ref.name,
               box_kind_name(entry->ref.box));
    add_member(out, "reason", entry->reason);
    add_member(out, "detail", entry->detail);
    add_member(out, "endpoint", entry->endpoint);
    add_member(out, "received_at", entry->received_at);
    add_member(out, "remote_addr", entry->remote_addr);
    buf_printf(out, ",\"published\":%s", entry->published ? "true" : "false");
    add_member(out, "query", entry->query);
    add_member(out, "content_type", entry->content_type);
    add_member(out, "user_agent", entry->user_agent);
    add_member(out, "kind", str_of(event_kind_name(about->kind)));
    if (about->subject_name != NULL)
        add_member(out, about->subject_name, str_of(about->subject));
    if (about->status[0] != '\0')
        add_member(out, "status", str_of(about->status));
    add_member(out, "sha256", entry->sha256);
    buf_printf(out, ",\"bytes\":%" PRIu64 ",\"kept\":%" PRIu64 ",\"complete\":%s}\n", entry->bytes,
               entry->kept, entry->complete ? "true" : "false");
}

void boxes_text_head(struct buf *out, const struct rejected *entry, const struct payload *about)
{
    buf_printf(out, "%-14s %s/%s\n", "name", box_kind_name(entry->ref.box), entry->ref.name);
    print_field(out, "received_at", entry->received_at);
    print_field(out, "reason", entry->reason);
    print_field(out, "detail", entry->detail);
    print_field(out, "endpoint", entry->endpoint);
    print_field(out, "kind", str_of(event_kind_name(about->kind)));
    if (about->subject_name != NULL)
        print_field(out, about->subject_name, str_of(about->subject));
    print_field(out, "status", str_of(about->status));
    print_field(out, "remote_addr", entry->remote_addr);
    print_field(out, "published", str_of(entry->published ? "yes" : "no"));
    print_field(out, "query", entry->query);
    print_field(out, "content_type", entry->content_type);
    print_field(out, "user_agent", entry->user_agent);
    buf_printf(out, "%-14s %" PRIu64, "bytes", entry->bytes);
    if (!entry->complete)
        buf_printf(out, ", incomplete; %" PRIu64 " kept", entry->kept);
    buf_add_char(out, '\n');
}
