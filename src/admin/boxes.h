/* SPDX-License-Identifier: MIT
 * boxes - what the verbs of the boxes have in common: their options, and which entries are
 * meant by a name or by a filter.
 */
#ifndef ADMIN_BOXES_H
#define ADMIN_BOXES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "admin/event_text.h"
#include "admin/filter.h"
#include "base/buf.h"
#include "base/err.h"
#include "cli/session.h"
#include "core/payload.h"
#include "store/boxes/rejected.h"

/* Bodies up to this are looked into for what they are about: the default of body-max. */
#define BOXES_LOOK_MAX ((size_t)16 << 20)
/* Entries of an ambiguous name that are listed. */
#define BOXES_LISTED_MAX 50
/* Digits of a name that lists show. */
#define BOXES_SHORT 12

struct boxes_request {
    unsigned boxes; /* bits of 1 << BOX_...; 0: both */
    bool has_since, has_until, all, dry_run, yes, raw;
    int64_t since_ns, until_ns;
    struct filter_list reasons, endpoints;
    const char *as; /* the endpoint that entries are accepted for, or NULL */
    enum event_format format;
    char *const *names; /* operands */
    size_t name_count;
};

/* The entries of the boxes and which of them are meant. */
struct boxes_choice {
    struct rejected_refs refs;
    bool *chosen;
    size_t count; /* of the chosen */
};

/* Returns whether a filter was given. */
bool boxes_filtered(const struct boxes_request *r);

/* Scans the boxes, warning of damage, and chooses by names or, if there are none, by the filter.
 * STATUS_MISSING: a name is that of no entry, or of several that differ in more than their box,
 * which are then listed on stderr. */
enum status boxes_choose(struct boxes_choice *out, const struct boxes_request *r,
                         const struct spool *spool, struct err *err) STATUS_CHECKED;
void boxes_choice_free(struct boxes_choice *choice);

/* What a body is about. false: it is not whole, no JSON, or beyond BOXES_LOOK_MAX; *about is
 * then of kind unknown and empty. */
bool boxes_look(struct payload *about, struct buf *body, const struct rejected *entry,
                const struct spool *spool);

enum status boxes_list(const struct boxes_request *r, const struct session *session,
                       struct err *err) STATUS_CHECKED;
enum status boxes_show(const struct boxes_request *r, const struct session *session,
                       struct err *err) STATUS_CHECKED;
enum status boxes_accept(const struct boxes_request *r, const struct session *session,
                         struct err *err) STATUS_CHECKED;

#endif
