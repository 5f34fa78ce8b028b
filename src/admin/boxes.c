/* SPDX-License-Identifier: MIT
 * boxes - see admin/boxes.h.
 */
#include "admin/boxes.h"

#include <stdlib.h>
#include <string.h>

#include "cli/print.h"

struct chooser {
    const struct boxes_request *r;
    const struct spool *spool;
    struct boxes_choice *choice;
    struct buf body;
};

bool boxes_filtered(const struct boxes_request *r)
{
    return r->boxes != 0 || r->has_since || r->has_until || r->reasons.count > 0 ||
           r->endpoints.count > 0;
}

bool boxes_look(struct payload *about, struct buf *body, const struct rejected *entry,
                const struct spool *spool)
{
    *about = (struct payload){.kind = EVENT_UNKNOWN};
    buf_reset(body, BOXES_LOOK_MAX);
    return entry->complete && rejected_body(entry, spool, body, NULL) == STATUS_OK &&
           payload_parse(about, buf_str(body), NULL) == STATUS_OK;
}

static void warn_damaged(void *context, enum box_kind box, const char *name, const char *why)
{
    (void)context;
    print_warning("%s/%s is damaged: %s", box_kind_name(box), name, why);
}

static bool filter_fits(const struct boxes_request *r, const struct rejected *entry)
{
    if (r->has_since && entry->ref.received_ns < r->since_ns)
        return false;
    if (r->has_until && entry->ref.received_ns >= r->until_ns)
        return false;
    return filter_list_has(&r->reasons, entry->reason) &&
           filter_list_has(&r->endpoints, entry->endpoint);
}

static void choose_one(struct boxes_choice *choice, size_t i)
{
    if (!choice->chosen[i])
        choice->count++;
    choice->chosen[i] = true;
}

static enum status choose_filtered(struct chooser *c, struct err *err)
{
    for (size_t i = 0; i < c->choice->refs.count; i++) {
        struct rejected entry;
        enum status status = rejected_read(&entry, c->spool, &c->choice->refs.list[i], err);

        if (status == STATUS_MISSING || status == STATUS_CORRUPT) {
            /* It went, or was written over, since the folder was read. */
            err_clear(err);
            continue;
        }
        if (status != STATUS_OK)
            return status;
        if (filter_fits(c->r, &entry))
            choose_one(c->choice, i);
        rejected_free(&entry);
    }
    return STATUS_OK;
}

/* ---- by name */

/* "refused/0123" and "0123": the latter in either box. */
static bool name_fits(const struct rejected_ref *ref, const char *wanted)
{
    const char *box = box_kind_name(ref->box);
    size_t len = strlen(box);

    if (strncmp(wanted, box, len) == 0 && wanted[len] == '/')
        wanted += len + 1;
    return wanted[0] != '\0' && strncmp(ref->name, wanted, strlen(wanted)) == 0;
}

static bool subject_fits(struct chooser *c, const struct rejected_ref *ref, const char *wanted)
{
    struct rejected entry;
    struct payload about;
    bool fits;

    if (rejected_read(&entry, c->spool, ref, NULL) != STATUS_OK)
        return false;
    (void)boxes_look(&about, &c->body, &entry, c->spool);
    fits = strcmp(about.subject, wanted) == 0;
    rejected_free(&entry);
    return fits;
}

struct matches {
    size_t list[BOXES_LISTED_MAX];
    size_t count;
};

static void add_match(struct matches *m, size_t i)
{
    if (m->count < BOXES_LISTED_MAX)
        m->list[m->count] = i;
    m->count++;
}

/* A name means one delivery, also if it lies in both boxes. */
static bool one_delivery(const struct rejected_refs *refs, const struct matches *m)
{
    for (size_t i = 1; i < m->count && i < BOXES_LISTED_MAX; i++)
        if (memcmp(refs->list[m->list[0]].name, refs->list[m->list[i]].name, SPOOL_BOX_DIGITS) != 0)
            return false;
    return m->count <= BOXES_LISTED_MAX;
}

static enum status refuse_ambiguous(const struct rejected_refs *refs, const struct matches *m,
                                    const char *wanted, struct err *err)
{
    for (size_t i = 0; i < m->count && i < BOXES_LISTED_MAX; i++) {
        const struct rejected_ref *ref = &refs->list[m->list[i]];

        print_hint("%s/%s", box_kind_name(ref->box), ref->name);
    }
    if (m->count > BOXES_LISTED_MAX)
        print_hint("and %zu more", m->count - BOXES_LISTED_MAX);
    return err_set(err, STATUS_MISSING, "'%s' matches %zu entries: give more of one of these names",
                   wanted, m->count);
}

static enum status choose_name(struct chooser *c, const char *wanted, struct err *err)
{
    const struct rejected_refs *refs = &c->choice->refs;
    struct matches m = {.count = 0};
    bool by_name;

    for (size_t i = 0; i < refs->count; i++)
        if (name_fits(&refs->list[i], wanted))
            add_match(&m, i);
    by_name = m.count > 0;
    for (size_t i = 0; !by_name && i < refs->count; i++)
        if (subject_fits(c, &refs->list[i], wanted))
            add_match(&m, i);
    if (m.count == 0)
        return err_set(
            err, STATUS_MISSING,
            "no rejected delivery has the name '%s': 'stenohook rejected list' shows them", wanted);
    if (by_name ? !one_delivery(refs, &m) : m.count > BOXES_LISTED_MAX)
        return refuse_ambiguous(refs, &m, wanted, err);
    for (size_t i = 0; i < m.count; i++)
        choose_one(c->choice, m.list[i]);
    return STATUS_OK;
}

enum status boxes_choose(struct boxes_choice *out, const struct boxes_request *r,
                         const struct spool *spool, struct err *err)
{
    unsigned both = 1U << BOX_QUARANTINED | 1U << BOX_REFUSED;
    struct boxes_choice choice = {.count = 0};
    struct chooser c = {.r = r, .spool = spool, .choice = &choice};
    enum status status = rejected_scan(&choice.refs, spool, r->boxes == 0 ? both : r->boxes,
                                       warn_damaged, NULL, err);

    if (status != STATUS_OK)
        return status;
    if (choice.refs.more)
        print_warning("more than %d entries: the others are ignored", REJECTED_ENTRIES_MAX);
    buf_init(&c.body, BOXES_LOOK_MAX);
    choice.chosen = calloc(choice.refs.count + 1, sizeof *choice.chosen);
    if (choice.chosen == NULL)
        status = err_set(err, STATUS_MEMORY, "no memory for the list of rejected deliveries");
    else if (r->name_count == 0)
        status = choose_filtered(&c, err);
    for (size_t i = 0; status == STATUS_OK && i < r->name_count; i++)
        status = choose_name(&c, r->names[i], err);
    buf_free(&c.body);
    if (status != STATUS_OK) {
        boxes_choice_free(&choice);
        return status;
    }
    *out = choice;
    return STATUS_OK;
}

void boxes_choice_free(struct boxes_choice *choice)
{
    rejected_refs_free(&choice->refs);
    free(choice->chosen);
    choice->chosen = NULL;
}
