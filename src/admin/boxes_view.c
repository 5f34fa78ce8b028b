/* SPDX-License-Identifier: MIT
 * boxes_view - stenohook rejected list, and show
 */
#include "admin/boxes.h"
#include "admin/boxes_text.h"
#include "cli/print.h"

/* An entry's line is at most BOX_QUARANTINED_HEAD_MAX long; each byte takes at most six in JSON. */
#define LINE_MAX_TEXT (8 * BOX_QUARANTINED_HEAD_MAX)
/* A body as text: escaped, four characters a byte. */
#define SHOWN_MAX (LINE_MAX_TEXT + 8 * (BOXES_LOOK_MAX + 1))

struct box_view {
    const struct spool *spool;
    const struct boxes_request *r;
    struct buf body, text;
    size_t printed;
};

typedef enum status (*print_entry)(struct box_view *v, const struct rejected *entry,
                                   struct err *err);

static enum status print_each(struct box_view *v, const struct boxes_choice *choice,
                              print_entry print, struct err *err)
{
    enum status status = STATUS_OK;

    for (size_t i = 0; status == STATUS_OK && i < choice->refs.count; i++) {
        struct rejected entry;

        if (!choice->chosen[i])
            continue;
        status = rejected_read(&entry, v->spool, &choice->refs.list[i], err);
        if (status == STATUS_MISSING && v->r->name_count == 0) {
            err_clear(err);
            status = STATUS_OK;
            continue;
        }
        if (status != STATUS_OK)
            return status;
        status = print(v, &entry, err);
        rejected_free(&entry);
        v->printed++;
    }
    return status;
}

static enum status print_chosen(const struct boxes_request *r, const struct session *session,
                                print_entry print, struct boxes_choice *choice, struct err *err)
{
    struct box_view v = {.spool = &session->spool, .r = r};
    enum status status;

    buf_init(&v.body, BOXES_LOOK_MAX);
    buf_init(&v.text, SHOWN_MAX);
    status = print_each(&v, choice, print, err);
    buf_free(&v.body);
    buf_free(&v.text);
    return status;
}

/* ---- list */

static enum status print_line(struct box_view *v, const struct rejected *entry, struct err *err)
{
    struct payload about;

    (void)boxes_look(&about, &v->body, entry, v->spool);
    if (v->r->format == EVENT_FORMAT_JSON)
        boxes_json_line(&v->text, entry, &about);
    else
        boxes_text_line(&v->text, entry, &about);
    return event_format_print(v->r->format, &v->text, "a line of the list", err);
}

enum status boxes_list(const struct boxes_request *r, const struct session *session,
                       struct err *err)
{
    struct boxes_choice choice;
    enum status status = boxes_choose(&choice, r, &session->spool, err);

    if (status != STATUS_OK)
        return status;
    status = print_chosen(r, session, print_line, &choice, err);
    if (status == STATUS_OK && choice.refs.damaged > 0)
        status =
            err_set(err, STATUS_CORRUPT, "%zu file%s in the boxes %s damaged", choice.refs.damaged,
                    print_plural(choice.refs.damaged), choice.refs.damaged == 1 ? "is" : "are");
    boxes_choice_free(&choice);
    return status;
}

/* ---- show */

static enum status print_whole(struct box_view *v, const struct rejected *entry, struct err *err)
{
    struct payload about;
    enum status status;

    (void)boxes_look(&about, &v->body, entry, v->spool);
    buf_free(&v->body);
    buf_init(&v->body, (size_t)entry->kept);
    status = rejected_body(entry, v->spool, &v->body, err);
    if (status != STATUS_OK)
        return status;
    if (v->r->raw)
        return print_buf(&v->body, "the body", err);
    buf_free(&v->text);
    buf_init(&v->text, LINE_MAX_TEXT + 8 * ((size_t)entry->kept + 1));
    if (v->printed > 0)
        buf_add_char(&v->text, '\n');
    boxes_text_head(&v->text, entry, &about);
    buf_add_char(&v->text, '\n');
    event_text_body(&v->text, buf_str(&v->body), "");
    return print_buf(&v->text, "the entry", err);
}

enum status boxes_show(const struct boxes_request *r, const struct session *session,
                       struct err *err)
{
    struct boxes_choice choice;
    enum status status = boxes_choose(&choice, r, &session->spool, err);

    if (status != STATUS_OK)
        return status;
    /* Their bodies would run into one another. */
    if (r->raw && choice.count > 1)
        status = err_set(err, STATUS_MISSING,
                         "'%s' matches %zu entries: name one of them with its box, as refused/NAME",
                         r->names[0], choice.count);
    else
        status = print_chosen(r, session, print_whole, &choice, err);
    boxes_choice_free(&choice);
    return status;
}
