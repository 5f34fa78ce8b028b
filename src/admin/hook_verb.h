/* SPDX-License-Identifier: MIT
 * hook_verb - what replay, retry and drop share: they choose events by name or by filter, and
 * leave an order for the runner (store/queue/orders.h).
 */
#ifndef ADMIN_HOOK_VERB_H
#define ADMIN_HOOK_VERB_H

#include "admin/event_text.h"
#include "admin/filter.h"
#include "base/err.h"
#include "cli/options.h"
#include "store/queue/orders.h"

/* Events of one order: so many places are kept. */
#define HOOK_VERB_MAX 4000000

enum { HOOK_VERB_DRY_RUN = OPTIONS_SHARED + 32, HOOK_VERB_YES, HOOK_VERB_ALL };

/* clang-format off */
#define HOOK_VERB_DRY_RUN_ROW \
    {HOOK_VERB_DRY_RUN, "dry-run", NULL, NULL, \
     "print the events that it would affect, and do nothing"}
#define HOOK_VERB_YES_ROW \
    {HOOK_VERB_YES, "yes", NULL, NULL, "needed for more than one event"}
#define HOOK_VERB_FORMAT_ROW \
    EVENT_FORMAT_ROW("text (default), or json: of --dry-run, one object a line, without the body")
/* clang-format on */

struct hook_verb {
    const struct options_row *options;
    enum order_kind kind;
    unsigned states;        /* of hooks that it is for: bits of 1 << HOOK_... */
    unsigned failed_states; /* of --failed and --all, if the verb has them */
    bool needs_yes;         /* for more than one event */
    const char *done;       /* "are to be run again": follows "the hooks of 3 events" */
    const char *unfit;      /* "its hook has not run yet, or ...": why an event is none of these */
};

enum status hook_verb_run(const struct hook_verb *verb, int argc, char **argv,
                          const char *config_path, struct err *err) STATUS_CHECKED;

#endif
