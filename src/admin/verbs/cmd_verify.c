/* SPDX-License-Identifier: MIT
 * cmd_verify - stenohook verify
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>

#include "admin/verbs/verbs.h"
#include "base/clock.h"
#include "cli/print.h"
#include "cli/progress.h"
#include "store/intake.h"
#include "store/journal/verify.h"
#include "store/repair.h"

enum { OPT_REPAIR = OPTIONS_LONG };

const struct options_row cmd_verify_options[] = {
    {OPT_REPAIR, "repair", NULL, NULL,
     "then rebuild the index and the state of the hooks from the journal and the\n"
     "results log"},
    {0},
};

#define LINE_BYTES 256

struct verify_call {
    enum status status;
    struct err *err;
};

static const char *found_name(enum reader_found found)
{
    switch (found) {
    case READER_TORN:
        return "torn";
    case READER_VOID:
        return "void";
    case READER_ROTTEN:
        return "rotten";
    case READER_RECORD:
    case READER_HEADER:
        break;
    }
    return "sound";
}

static void print_finding(void *context, const struct reader_item *item,
                          const struct verify_report *so_far)
{
    struct verify_call *l = context;
    char line[LINE_BYTES];

    if (item == NULL) {
        progress_show("%" PRIu64 " MiB, %" PRIu64 " records", so_far->bytes / (1024 * 1024),
                      so_far->records);
        return;
    }
    if (l->status != STATUS_OK)
        return;
    snprintf(line, sizeof line, "%s %u:%" PRIu64 " %" PRIu64 " byte%s%s%s\n",
             found_name(item->found), (unsigned)item->place.segment, item->place.offset, item->len,
             print_plural(item->len), item->why == NULL ? "" : ": ",
             item->why == NULL ? "" : item->why);
    l->status = print_text(line, l->err);
}

static enum status print_summary(const struct verify_report *r, struct err *err)
{
    enum status status;
    struct buf b;

    buf_init(&b, 1024);
    buf_printf(&b,
               "%" PRIu64 " segment%s, %" PRIu64 " record%s, %" PRIu64 " byte%s: %" PRIu64
               " torn, %" PRIu64 " void, %" PRIu64 " rotten, %" PRIu64 " repeated%s\n",
               r->segments, print_plural(r->segments), r->records, print_plural(r->records),
               r->bytes, print_plural(r->bytes), r->torn, r->voided, r->rotten, r->repeated,
               r->all_compared ? "" : " (among the first records only)");
    status = print_buf(&b, "the summary", err);
    buf_free(&b);
    return status;
}

static void show_left(void *context, uint32_t left)
{
    (void)context;
    progress_show("index: %" PRIu32 " segment%s left", left, print_plural(left));
}

static enum status repair_spool(const struct session *session, struct err *err)
{
    const struct journal_options options = intake_options(session->settings->config);
    enum status status =
        repair_run(&session->spool, &options, clock_wall_ns(), show_left, NULL, err);

    if (status == STATUS_OK)
        status = print_text("repaired: the index and the state of the hooks were rebuilt\n", err);
    return status;
}

static enum status verify_journal(const struct session *session, bool repairs, struct err *err)
{
    struct verify_call call = {.err = err};
    const struct spool *spool = &session->spool;
    struct verify_report report;
    enum status status;

    status = verify_run(spool, &report, print_finding, &call, err);
    if (status == STATUS_OK)
        status = call.status;
    if (status == STATUS_OK)
        status = print_summary(&report, err);
    if (status == STATUS_OK && repairs)
        status = repair_spool(session, err);
    if (status == STATUS_OK && report.rotten > 0)
        status = err_set(err, STATUS_CORRUPT,
                         "the journal of %s is damaged: restore the rotten records from a backup",
                         spool->path);
    return status;
}

enum status cmd_verify(int argc, char **argv, const char *config_path, struct err *err)
{
    struct session session;
    enum status status;
    bool repairs = false;

    options_begin();
    while (options_take(cmd_verify_options, argc, argv, &status, err) != -1) {
        if (status != STATUS_OK)
            return status;
        repairs = true;
    }
    status = options_operands(argc, argv, 0, 0, err);
    if (status != STATUS_OK)
        return status;
    status = session_open(&session, config_path, err);
    if (status != STATUS_OK)
        return status;
    status = verify_journal(&session, repairs, err);
    session_close(&session);
    return status;
}
