/* SPDX-License-Identifier: MIT
 * rejection_view - stenohook rejected list, and show
 */
#include "admin/rejection.h"
#include "admin/rejection_text.h"
#include "cli/print.h"

/* An entry's line is at most BOX_QUARANTINED_HEAD_MAX long; each byte takes at most six in JSON. */
#define LINE_MAX_TEXT (8 * BOX_QUARANTINED_HEAD_MAX)
/* A body as text: escaped, four characters a byte. */
#define SHOWN_MAX (LINE_MAX_TEXT + 8 * (REJECTION_LOOK_MAX + 1))

struct box_view {
    const struct spool *spool;
    const struct rejection *r;
    struct buf body, text;
    size_t printed;
};

typedef enum status (*print_entry)(struct box_view *v, const struct rejected *entry,
                                   struct err *err);

static enum status print_each(struct box_view *v, const struct rejection_choice *choice,
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

static enum status print_chosen(const struct rejection *r, const struct session *session,
                                print_entry print, struct rejection_choice *choice, struct err *err)
{
    struct box_view v = {.spool = &session->spool, .r = r};
    enum status status;

    buf_init(&v.body, REJECTION_LOOK_MAX);
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

    (void)rejection_look(&about, &v->body, entry, v->spool);
    if (v->r->format == EVENT_FORMAT_JSON)
        rejection_json_line(&v->text, entry, &about);
    else
        rejection_text_line(&v->text, entry, &about);
    return print_buf(&v->text, "a line of the list", err);
}

enum status rejection_list(const struct rejection *r, const struct session *session,
                           struct err *err)
{
    struct rejection_choice choice;
    enum status status = rejection_choose(&choice, r, &session->spool, err);

    if (status != STATUS_OK)
        return status;
    status = print_chosen(r, session, print_line, &choice, err);
    if (status == STATUS_OK && choice.refs.damaged > 0)
        status =
            err_set(err, STATUS_CORRUPT, "%zu file%s in the boxes %s damaged", choice.refs.damaged,
                    print_plural(choice.refs.damaged), choice.refs.damaged == 1 ? "is" : "are");
    rejection_choice_free(&choice);
    return status;
}

/* ---- show */

static enum status print_whole(struct box_view *v, const struct rejected *entry, struct err *err)
{
    struct payload about;
    enum status status;

    (void)rejection_look(&about, &v->body, entry, v->spool);
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
    rejection_text_head(&v->text, entry, &about);
    buf_add_char(&v->text, '\n');
    event_text_body(&v->text, buf_str(&v->body), "");
    return print_buf(&v->text, "the entry", err);
}

enum status rejection_show(const struct rejection *r, const struct session *session,
                           struct err *err)
{
    struct rejection_choice choice;
    enum status status = rejection_choose(&choice, r, &session->spool, err);

    if (status != STATUS_OK)
        return status;
    /* Their bodies would run into one another. */
    if (r->raw && choice.count > 1)
        status = err_set(err, STATUS_MISSING,
                         "'%s' matches %zu entries: name one of them with its box, as refused/NAME",
                         r->names[0], choice.count);
    else
        status = print_chosen(r, session, print_whole, &choice, err);
    rejection_choice_free(&choice);
    return status;
}
