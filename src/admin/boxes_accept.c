/* SPDX-License-Identifier: MIT
 * boxes_accept - stenohook rejected accept: entries become events.
 *
 * The operator decides who may deliver, never what an event is: its body is whole and valid JSON
 * whichever way it came in, since hooks and readers of the journal go by that. So what the gateway
 * would record from a sender with the right secret is recorded, under the same key, and nothing
 * else.
 *
 * An entry is removed only after the receipt, and after the runner was woken. Killed anywhere, it
 * is run again: what is on record already is not recorded twice, but wakes the runner all the same,
 * since that may be what the run before was killed ahead of.
 */
#include <inttypes.h>

#include "admin/boxes.h"
#include "cli/print.h"
#include "cli/progress.h"
#include "core/auth/auth.h"
#include "store/intake.h"
#include "store/journal/journal.h"
#include "store/queue/wake.h"

#define LINE_MAX_TEXT 4096
/* Entries that one wake-up is for. While they wait for it their bodies are on disk twice. */
#define SETTLED_AT_ONCE 64

struct acceptance {
    const struct boxes_request *r;
    const struct session *session;
    struct journal *journal; /* NULL: a dry run */
    struct buf body, query, line;
    size_t recorded, known, unfit;
    struct rejected_ref settle[SETTLED_AT_ONCE]; /* on record, and still in their box */
    size_t settle_count;
    bool warned; /* that no runner can be started */
    bool wake;   /* the endpoint of one of these has a hook */
};

/* ---- one entry */

static enum status find_endpoint(const struct config_endpoint **out, const struct acceptance *a,
                                 const struct rejected *entry, struct err *err)
{
    const struct config *config = a->session->settings->config;
    const struct config_endpoint *found =
        config_endpoint_named(config, a->r->as != NULL ? str_of(a->r->as) : entry->endpoint);

    if (found == NULL)
        return err_set(
            err, STATUS_UNKNOWN_ENDPOINT,
            "the endpoint \"%.*s\" is not configured: choose another one with --as",
            (int)(entry->endpoint.len < CONFIG_NAME_MAX ? entry->endpoint.len : CONFIG_NAME_MAX),
            entry->endpoint.ptr);
    *out = found;
    return STATUS_OK;
}

static enum status read_body(struct acceptance *a, const struct config_endpoint *endpoint,
                             const struct rejected *entry, struct err *err)
{
    if (entry->kept < entry->bytes)
        return err_set(err, STATUS_TOO_LARGE,
                       "only the first %" PRIu64 " of the %" PRIu64 " bytes of its body were kept",
                       entry->kept, entry->bytes);
    if (!entry->complete)
        return err_set(err, STATUS_TRUNCATED, "its body was cut off on the way");
    if (entry->kept > endpoint->body_max)
        return err_set(err, STATUS_TOO_LARGE,
                       "its %" PRIu64 " bytes are more than body-max of the endpoint \"%s\": raise "
                       "that first",
                       entry->kept, endpoint->name);
    buf_free(&a->body);
    buf_init(&a->body, (size_t)endpoint->body_max);
    return rejected_body(entry, &a->session->spool, &a->body, err);
}

/* The event borrows from entry, body and query. */
static enum status make_event(struct acceptance *a, const struct config_endpoint *endpoint,
                              const struct principal *principal, const struct rejected *entry,
                              struct event **event, struct err *err)
{
    struct request request = {
        .method = METHOD_POST,
        .remote_addr = entry->remote_addr.ptr == NULL ? STR("") : entry->remote_addr,
        .content_type = entry->content_type,
        .user_agent = entry->user_agent,
    };
    enum status status;

    buf_free(&a->query);
    buf_init(&a->query, BOX_QUARANTINED_HEAD_MAX);
    /* When the entry was kept, this parameter may not have been known for the token. */
    auth_query_kept(&a->query, endpoint, 1, entry->query);
    status = buf_status(&a->query, "the query", err);
    if (status != STATUS_OK)
        return status;
    return event_make(event, principal, &request, buf_str(&a->query), buf_str(&a->body),
                      entry->ref.received_ns, err);
}

static enum status print_outcome(struct acceptance *a, const char *outcome, const char *id,
                                 const struct event_facts *event, const struct rejected_ref *ref,
                                 struct err *err)
{
    struct buf *b = &a->line;

    buf_printf(b, "%-12s %-10s  %s  %s  %s  %s  [%s/%.*s]\n", outcome, id, event->endpoint,
               event_kind_name(event->about.kind),
               event->about.status[0] == '\0' ? "-" : event->about.status,
               event->about.subject[0] == '\0' ? "-" : event->about.subject,
               box_kind_name(ref->box), BOXES_SHORT, ref->name);
    return print_buf(b, "what was accepted", err);
}

static void wake_hooks(struct acceptance *a)
{
    const struct settings *settings = a->session->settings;
    struct err err = ERR_INIT;

    if (a->wake && !a->warned &&
        wake_runner(&a->session->spool, settings->config, settings->path, &err) != STATUS_OK) {
        print_warning("%s", err.text);
        a->warned = true;
    }
    a->wake = false;
}

/* The wake-up comes first: a kill before it leaves the entries, so that it can be repeated. */
static enum status settle_entries(struct acceptance *a, struct err *err)
{
    enum status status = STATUS_OK;

    wake_hooks(a);
    for (size_t i = 0; status == STATUS_OK && i < a->settle_count; i++)
        status = rejected_remove(&a->settle[i], &a->session->spool, err);
    a->settle_count = 0;
    return status;
}

/* Failures from here on are ours, and end the whole run. */
static enum status record_entry(struct acceptance *a, const struct principal *principal,
                                const struct event *event, const struct rejected_ref *ref,
                                struct err *err)
{
    const struct event_facts *facts = event_facts(event);
    const struct receipt *receipt;
    enum status status;
    bool known;

    if (a->journal == NULL) {
        a->recorded++;
        return print_outcome(a, "would accept", "-", facts, ref, err);
    }
    status = intake_late_append(a->journal, principal, event, &receipt, err);
    if (status != STATUS_OK)
        return status;
    known = receipt_duplicate(receipt);
    if (known)
        a->known++;
    else
        a->recorded++;
    a->wake = a->wake || principal_endpoint(principal)->hook != NULL;
    a->settle[a->settle_count++] = *ref;
    if (a->settle_count == SETTLED_AT_ONCE)
        status = settle_entries(a, err);
    if (status != STATUS_OK)
        return status;
    return print_outcome(a, known ? "on record" : "recorded", receipt_id(receipt), facts, ref, err);
}

/* Whether the failure is one entry's: the others may still be good. */
static bool is_unfit(enum status status)
{
    return status == STATUS_MISSING || status == STATUS_CORRUPT || status == STATUS_TOO_LARGE ||
           status == STATUS_TRUNCATED || status == STATUS_MALFORMED || status == STATUS_LIMIT ||
           status == STATUS_UNKNOWN_ENDPOINT;
}

static enum status skip_unfit(struct acceptance *a, const struct rejected_ref *ref,
                              enum status status, const struct err *why, struct err *err)
{
    if (!is_unfit(status))
        return err_pass(err, status, why);
    a->unfit++;
    print_warning("%s/%.*s is not accepted: %s", box_kind_name(ref->box), BOXES_SHORT, ref->name,
                  why->text);
    return STATUS_OK;
}

static enum status accept_entry(struct acceptance *a, const struct rejected *entry, struct err *err)
{
    const struct config_endpoint *endpoint = NULL;
    struct principal *principal = NULL;
    struct err why = ERR_INIT;
    struct event *event = NULL;
    enum status status = find_endpoint(&endpoint, a, entry, &why);

    if (status == STATUS_OK)
        status = read_body(a, endpoint, entry, &why);
    if (status == STATUS_OK)
        status = auth_by_operator(endpoint, &principal, &why);
    if (status == STATUS_OK)
        status = make_event(a, endpoint, principal, entry, &event, &why);
    if (status == STATUS_OK)
        status = record_entry(a, principal, event, &entry->ref, err);
    else
        status = skip_unfit(a, &entry->ref, status, &why, err);
    event_free(event);
    principal_free(principal);
    return status;
}

/* ---- all of them */

static enum status accept_all(struct acceptance *a, const struct boxes_choice *choice,
                              struct err *err)
{
    enum status status = STATUS_OK;

    for (size_t i = 0; status == STATUS_OK && i < choice->refs.count; i++) {
        const struct rejected_ref *ref = &choice->refs.list[i];
        struct err why = ERR_INIT;
        struct rejected entry;

        if (!choice->chosen[i])
            continue;
        status = rejected_read(&entry, &a->session->spool, ref, &why);
        if (status != STATUS_OK) {
            status = skip_unfit(a, ref, status, &why, err);
            continue;
        }
        status = accept_entry(a, &entry, err);
        rejected_free(&entry);
        progress_show("%zu of %zu", a->recorded + a->known + a->unfit, choice->count);
    }
    return status;
}

static enum status accept_into(struct acceptance *a, const struct boxes_choice *choice,
                               struct err *err)
{
    enum status status =
        intake_late_open(&a->journal, &a->session->spool, a->session->settings->config, err);
    enum status settled;

    if (status != STATUS_OK)
        return status;
    status = accept_all(a, choice, err);
    /* Also if it ended early: what was recorded is recorded. */
    settled = settle_entries(a, status == STATUS_OK ? err : NULL);
    status = status == STATUS_OK ? settled : status;
    settled = rejected_sync(&a->session->spool, status == STATUS_OK ? err : NULL);
    journal_close(a->journal);
    return status == STATUS_OK ? settled : status;
}

static enum status print_conclusion(const struct acceptance *a, size_t damaged, struct err *err)
{
    if (a->r->dry_run)
        print_hint("%zu would be accepted, %zu cannot be", a->recorded, a->unfit + damaged);
    else
        print_hint("%zu recorded, %zu on record before, %zu not accepted", a->recorded, a->known,
                   a->unfit + damaged);
    if (a->unfit + damaged > 0)
        return err_set(err, STATUS_CORRUPT, "%zu rejected deliver%s not accepted",
                       a->unfit + damaged, a->unfit + damaged == 1 ? "y was" : "ies were");
    return STATUS_OK;
}

static enum status check_order(const struct boxes_request *r, const struct session *session,
                               const struct boxes_choice *choice, struct err *err)
{
    if (r->as != NULL && config_endpoint_named(session->settings->config, str_of(r->as)) == NULL)
        return err_set(err, STATUS_USAGE, "--as: there is no endpoint \"%s\" in %s", r->as,
                       session->settings->path);
    if (choice->count > 1 && !r->yes && !r->dry_run)
        return err_set(err, STATUS_USAGE,
                       "%zu deliveries match: add --yes to accept all of them, or --dry-run to see "
                       "them",
                       choice->count);
    return STATUS_OK;
}

enum status boxes_accept(const struct boxes_request *r, const struct session *session,
                         struct err *err)
{
    struct acceptance a = {.r = r, .session = session};
    struct boxes_choice choice;
    enum status status = boxes_choose(&choice, r, &session->spool, err);

    if (status != STATUS_OK)
        return status;
    buf_init(&a.body, 0);
    buf_init(&a.query, 0);
    buf_init(&a.line, LINE_MAX_TEXT);
    status = check_order(r, session, &choice, err);
    if (status == STATUS_OK)
        status = r->dry_run || choice.count == 0 ? accept_all(&a, &choice, err)
                                                 : accept_into(&a, &choice, err);
    if (status == STATUS_OK)
        status = print_conclusion(&a, r->name_count > 0 ? 0 : choice.refs.damaged, err);
    buf_free(&a.body);
    buf_free(&a.query);
    buf_free(&a.line);
    boxes_choice_free(&choice);
    return status;
}
