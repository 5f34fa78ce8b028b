/* SPDX-License-Identifier: MIT
 * listing - events one a line, as a filter lets them through: what list, tail and a dry run print.
 */
#ifndef ADMIN_LISTING_H
#define ADMIN_LISTING_H

#include <stdbool.h>
#include <stdint.h>

#include "admin/event_text.h"
#include "admin/filter.h"
#include "admin/select.h"
#include "base/err.h"
#include "cli/session.h"
#include "store/queue/hookview.h"

#define LISTING_LAST_MAX 10000000

struct listing {
    struct filter filter;
    enum event_format format;
    uint64_t last; /* 0: all */
    uint64_t printed;
    struct place latest; /* of those that were printed */
    bool colours;
    struct buf line;
    struct hookview *view;
};

void listing_init(struct listing *l);
void listing_free(struct listing *l);

/* Makes known what became of the hooks of events received at or after since_ns. */
enum status listing_view(struct listing *l, const struct session *session, int64_t since_ns,
                         struct err *err) STATUS_CHECKED;

/* Prints one event: a select_each whose context is the listing, which has its view. */
enum status listing_print(void *context, const struct record *record,
                          const struct reader_item *item, struct err *err) STATUS_CHECKED;

/* Prints the events on record. STATUS_CORRUPT, after the list: there is damage. */
enum status listing_run(struct listing *l, const struct session *session,
                        struct err *err) STATUS_CHECKED;

#endif
