/* SPDX-License-Identifier: MIT
 * hookview_attempts - all attempts of one event.
 */
#include <string.h>

#include "store/queue/hookview.h"
#include "store/queue/ledger.h"

struct view_attempts {
    struct str id;
    hookview_each each;
    void *context;
    struct buf text;
};

static enum status offer_attempt(void *context, struct place at, struct str line, struct err *err)
{
    struct view_attempts *a = context;
    struct result result;
    enum status status;

    (void)at;
    /* Most lines are another event's: a look for the bytes spares parsing them. */
    if (memmem(line.ptr, line.len, a->id.ptr, a->id.len) == NULL)
        return STATUS_OK;
    status = result_parse(&result, &a->text, line, err);
    if (status == STATUS_OK && str_eq(result.id, a->id))
        return a->each(a->context, &result, err);
    return err_ignore(err, status, STATUS_CORRUPT);
}

enum status hookview_attempts(const struct spool *spool, struct str id, int64_t received_ns,
                              hookview_each each, void *context, struct err *err)
{
    struct view_attempts a = {.id = id, .each = each, .context = context};
    struct place from;
    enum status status = ledger_since(spool, LEDGER_RESULTS, received_ns, &from, err);

    if (status != STATUS_OK)
        return status;
    buf_init(&a.text, LEDGER_LINE_MAX);
    status = ledger_walk(spool, LEDGER_RESULTS, from, offer_attempt, &a, NULL, NULL, err);
    buf_free(&a.text);
    return status;
}
