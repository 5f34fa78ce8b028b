/* SPDX-License-Identifier: MIT
 * cmd_prune - stenohook prune
 */
#include <getopt.h>
#include <inttypes.h>

#include "admin/verbs/verbs.h"
#include "base/clock.h"
#include "cli/print.h"
#include "store/intake.h"
#include "store/retention.h"

/* How long it waits for a gateway that is at work on the index. */
#define WAIT_NS (30 * NS_PER_S)

enum { OPT_DRY_RUN = OPTIONS_LONG };

const struct options_row cmd_prune_options[] = {
    {OPT_DRY_RUN, "dry-run", NULL, NULL, "print what would be removed, and do nothing"},
    {0},
};

static void print_kind(struct buf *out, const char *kind, const struct spool_amount *amount)
{
    buf_printf(out, "%-10s %" PRIu64 " file%s, %" PRIu64 " byte%s\n", kind, amount->files,
               print_plural(amount->files), amount->bytes, print_plural(amount->bytes));
}

static enum status print_report(const struct retention_report *r, struct err *err)
{
    enum status status;
    struct buf out;

    buf_init(&out, 1024);
    print_kind(&out, "journal", &r->journal);
    print_kind(&out, "results", &r->results);
    print_kind(&out, "commands", &r->commands);
    print_kind(&out, "quarantine", &r->quarantine);
    print_kind(&out, "refused", &r->refused);
    status = print_buf(&out, "what is removed", err);
    buf_free(&out);
    if (r->held.files > 0)
        print_warning("%" PRIu64 " file%s of the journal (%" PRIu64
                      " bytes) would be old enough, but hooks have still to run: see "
                      "'stenohook list --hook waiting,running,retrying'",
                      r->held.files, print_plural(r->held.files), r->held.bytes);
    return status;
}

static enum status prune_spool(const struct session *session, bool dry, struct err *err)
{
    const struct journal_options options = intake_options(session->settings->config);
    struct retention_report report;
    enum status status = retention_run(&session->spool, &options, dry, clock_wall_ns(),
                                       clock_mono_ns() + WAIT_NS, &report, err);

    return status == STATUS_OK ? print_report(&report, err) : status;
}

enum status cmd_prune(int argc, char **argv, const char *config_path, struct err *err)
{
    struct session session;
    enum status status;
    bool dry = false;

    options_begin();
    while (options_take(cmd_prune_options, argc, argv, &status, err) != -1) {
        if (status != STATUS_OK)
            return status;
        dry = true;
    }
    status = options_operands(argc, argv, 0, 0, err);
    if (status == STATUS_OK)
        status = session_open(&session, config_path, err);
    if (status != STATUS_OK)
        return status;
    status = prune_spool(&session, dry, err);
    session_close(&session);
    return status;
}
