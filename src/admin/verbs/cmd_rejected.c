/* SPDX-License-Identifier: MIT
 * cmd_rejected - stenohook rejected
 */
#include <getopt.h>
#include <string.h>

#include "admin/boxes.h"
#include "admin/verbs/verbs.h"
#include "base/clock.h"
#include "cli/values.h"

enum {
    OPT_BOX = OPTIONS_LONG,
    OPT_REASON,
    OPT_RAW,
    OPT_ALL,
    OPT_AS,
    OPT_DRY_RUN,
    OPT_YES,
};

#define REASONS "unauthorized unknown-endpoint address foreign too-large malformed truncated stale"

const struct options_row cmd_rejected_options[] = {
    {OPT_BOX, "box", "B", "refused quarantine",
     "list, accept: only this box: refused or quarantine"},
    {FILTER_SINCE, "since", "T", NULL,
     "list, accept: received at T or later: 24h (ago), 2026-11-23,\n2026-11-23T07:50:18Z"},
    {FILTER_UNTIL, "until", "T", NULL, "list, accept: received before T"},
    {OPT_REASON, "reason", "R", NULL,
     "list, accept: rejected for this reason: unauthorized, unknown-endpoint,\n"
     "address, foreign, too-large, malformed, truncated, stale"},
    {FILTER_ENDPOINT, "endpoint", "E", NULL, "list, accept: what came for this endpoint"},
    EVENT_FORMAT_ROW("list: text (default), or json: one object a line"),
    {OPT_RAW, "raw", NULL, NULL, "show: the body exactly as it was received, and nothing else"},
    {OPT_ALL, "all", NULL, NULL, "accept: everything in the boxes"},
    {OPT_AS, "as", "E", NULL, "accept: record them for this endpoint instead of their own"},
    {OPT_DRY_RUN, "dry-run", NULL, NULL, "accept: print what would be accepted, and do nothing"},
    {OPT_YES, "yes", NULL, NULL, "accept: needed for more than one delivery"},
    {0},
};

struct rejected_verb {
    const char *name;
    char *whole;         /* with the verb that it is one of: what a complaint is about */
    const char *options; /* names, with blanks around each */
    int least, most;     /* operands */
    enum status (*run)(const struct boxes_request *r, const struct session *session,
                       struct err *err);
};

#define OPERANDS_MAX 1000

static char rejected_list[] = "rejected list";
static char rejected_show[] = "rejected show";
static char rejected_accept[] = "rejected accept";

static const struct rejected_verb verbs[] = {
    {"list", rejected_list, " box since until reason endpoint format ", 0, 0, boxes_list},
    {"show", rejected_show, " raw ", 1, 1, boxes_show},
    {"accept", rejected_accept, " box since until reason endpoint all as dry-run yes ", 0,
     OPERANDS_MAX, boxes_accept},
};

static const char *option_name(int id)
{
    const struct options_row *row = cmd_rejected_options;

    while (row->name != NULL && row->id != id)
        row++;
    return row->name == NULL ? "" : row->name;
}

/* The table is that of all three. */
static enum status check_option(const struct rejected_verb *verb, int id, struct err *err)
{
    const char *name = option_name(id);
    const char *at = strstr(verb->options, name);

    while (at != NULL && !(at[-1] == ' ' && at[strlen(name)] == ' '))
        at = strstr(at + 1, name);
    return at != NULL ? STATUS_OK
                      : err_set(err, STATUS_USAGE,
                                "%s: unexpected option '--%s': see 'stenohook help rejected'",
                                verb->whole, name);
}

static enum status take_reasons(struct boxes_request *r, const char *text, struct err *err)
{
    size_t before = r->reasons.count;
    enum status status = filter_add(&r->reasons, "--reason", text, err);

    for (size_t i = before; status == STATUS_OK && i < r->reasons.count; i++)
        status = value_choice("--reason", r->reasons.values[i], REASONS, err);
    return status;
}

static enum status take_option(struct boxes_request *r, int id, int64_t now_ns, struct err *err)
{
    switch (id) {
    case OPT_BOX:
        r->boxes |= 1U << (optarg[0] == 'r' ? BOX_REFUSED : BOX_QUARANTINED);
        return STATUS_OK;
    case FILTER_SINCE:
        r->has_since = true;
        return value_time(&r->since_ns, "--since", optarg, now_ns, err);
    case FILTER_UNTIL:
        r->has_until = true;
        return value_time(&r->until_ns, "--until", optarg, now_ns, err);
    case OPT_REASON:
        return take_reasons(r, optarg, err);
    case FILTER_ENDPOINT:
        return filter_add(&r->endpoints, "--endpoint", optarg, err);
    case EVENT_FORMAT_OPTION:
        r->format = event_format_named(optarg);
        return STATUS_OK;
    case OPT_AS:
        r->as = optarg;
        return STATUS_OK;
    default:
        r->raw = r->raw || id == OPT_RAW;
        r->all = r->all || id == OPT_ALL;
        r->dry_run = r->dry_run || id == OPT_DRY_RUN;
        r->yes = r->yes || id == OPT_YES;
        return STATUS_OK;
    }
}

static enum status check_choice(const struct boxes_request *r, const struct rejected_verb *verb,
                                struct err *err)
{
    bool chosen = r->all || boxes_filtered(r);

    if (verb->run != boxes_accept)
        return STATUS_OK;
    if (chosen && r->name_count > 0)
        return err_set(err, STATUS_USAGE,
                       "rejected accept: give either NAMEs or a filter, not both");
    if (!chosen && r->name_count == 0)
        return err_set(err, STATUS_USAGE,
                       "rejected accept: missing NAME, --all or a filter: see "
                       "'stenohook help rejected'");
    return STATUS_OK;
}

static enum status parse_options(struct boxes_request *r, const struct rejected_verb *verb,
                                 int argc, char **argv, struct err *err)
{
    int64_t now_ns = clock_wall_ns();
    enum status status;
    int id;

    options_begin();
    while ((id = options_take(cmd_rejected_options, argc, argv, &status, err)) != -1) {
        if (status == STATUS_OK)
            status = check_option(verb, id, err);
        if (status == STATUS_OK)
            status = take_option(r, id, now_ns, err);
        if (status != STATUS_OK)
            return status;
    }
    status = argc - optind < verb->least
                 ? options_missing(argv[0], "NAME", err)
                 : options_operands(argc, argv, verb->least, verb->most, err);
    if (status != STATUS_OK)
        return status;
    r->names = argv + optind;
    r->name_count = (size_t)(argc - optind);
    for (size_t i = 0; i < r->name_count; i++)
        if (r->names[i][0] == '\0')
            return err_set(err, STATUS_USAGE, "empty NAME: 'stenohook rejected list' shows them");
    return check_choice(r, verb, err);
}

enum status cmd_rejected(int argc, char **argv, const char *config_path, struct err *err)
{
    struct boxes_request r = {.format = EVENT_FORMAT_TEXT};
    const struct rejected_verb *verb = NULL;
    struct session session;
    enum status status;

    for (size_t i = 0; argc > 1 && i < sizeof verbs / sizeof *verbs; i++)
        if (strcmp(argv[1], verbs[i].name) == 0)
            verb = &verbs[i];
    if (verb == NULL)
        return err_set(err, STATUS_USAGE,
                       "rejected: missing list, show or accept: see 'stenohook help rejected'");
    argv[1] = verb->whole;
    status = parse_options(&r, verb, argc - 1, argv + 1, err);
    if (status != STATUS_OK)
        return status;
    status = session_open(&session, config_path, err);
    if (status != STATUS_OK)
        return status;
    status = verb->run(&r, &session, err);
    session_close(&session);
    return status;
}
