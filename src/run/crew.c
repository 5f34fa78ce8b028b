/* SPDX-License-Identifier: MIT
 * crew - see run/crew.h.
 */
#include "run/crew.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "core/hookenv.h"
#include "run/account.h"

enum job_kind { JOB_NONE, JOB_HOOK, JOB_ORPHAN };

/* One for each slot. */
struct crew_job {
    enum job_kind kind;
    struct slot slot;
    struct claim *claim; /* NULL: an orphan whose event is not in our journal */
    /* Kept, as the configuration may lose the endpoint while its hook runs. */
    char endpoint[CONFIG_NAME_MAX + 1];
    int64_t started_ns;
    struct child child;   /* JOB_HOOK */
    struct orphan orphan; /* JOB_ORPHAN */
};

struct crew {
    struct crew_setup setup;
    struct account account;
    unsigned running;
    uint64_t pause_ns; /* monotonic: until then none is begun */
    uint64_t next_look_ns;
    struct crew_job jobs[SLOT_COUNT];
};

enum status crew_make(struct crew **out, const struct crew_setup *setup, struct queue *queue,
                      struct err *err)
{
    struct crew *crew = calloc(1, sizeof *crew);

    if (crew == NULL)
        return err_set(err, STATUS_MEMORY, "no memory for the hooks");
    crew->setup = *setup;
    account_init(&crew->account, queue, setup->log);
    for (unsigned i = 0; i < SLOT_COUNT; i++)
        crew->jobs[i].slot = (struct slot){.number = i, .fd = -1};
    *out = crew;
    return STATUS_OK;
}

void crew_free(struct crew *crew)
{
    if (crew == NULL)
        return;
    for (unsigned i = 0; i < SLOT_COUNT; i++) {
        struct crew_job *job = &crew->jobs[i];

        if (job->kind == JOB_HOOK)
            child_leave(&job->child);
        if (job->kind != JOB_NONE && job->claim != NULL)
            queue_unclaim(crew->account.queue, job->claim);
        slot_close(&job->slot);
    }
    free(crew);
}

unsigned crew_running(const struct crew *crew)
{
    return crew->running;
}

uint64_t crew_ready_ns(const struct crew *crew)
{
    return crew->running < SLOT_COUNT ? crew->pause_ns : UINT64_MAX;
}

static void take_claim(struct crew_job *job, struct claim *claim)
{
    job->claim = claim;
    job->endpoint[0] = '\0';
    if (claim != NULL && claim_endpoint(claim) != NULL)
        (void)snprintf(job->endpoint, sizeof job->endpoint, "%s", claim_endpoint(claim)->name);
}

static void pause_crew(struct crew *crew, uint64_t mono_ns)
{
    crew->pause_ns = mono_ns + CREW_PAUSE_NS;
}

static void report_trouble(struct crew *crew, const struct err *err, uint64_t mono_ns)
{
    log_line(crew->setup.log, status_level(err->status), "%s", err->text);
    pause_crew(crew, mono_ns);
}

static void settle_claim(struct crew *crew, struct claim *claim, struct result *result,
                         uint64_t mono_ns, int64_t wall_ns)
{
    if (account_settle(&crew->account, claim, result, wall_ns) != STATUS_OK)
        pause_crew(crew, mono_ns);
}

/* ---- begin */

/* A slot that is locked and free, or NULL. */
static struct crew_job *find_free_job(struct crew *crew, struct err *err)
{
    for (unsigned i = 0; i < SLOT_COUNT; i++) {
        struct crew_job *job = &crew->jobs[i];
        enum slot_state state = SLOT_FREE;

        if (job->kind != JOB_NONE)
            continue;
        if (job->slot.fd < 0 &&
            slot_open(&job->slot, crew->setup.spool, i, true, &state, err) != STATUS_OK)
            return NULL;
        if (state != SLOT_BUSY)
            return job;
        slot_close(&job->slot);
    }
    (void)err_set(err, STATUS_LIMIT, "there is no free slot for a hook");
    return NULL;
}

static void warn_of_hook(void *context, const char *text)
{
    account_warn(context, text);
}

static enum status start_hook(struct crew *crew, struct crew_job *job, const struct claim *claim,
                              const struct record *record, uint64_t mono_ns, int64_t wall_ns,
                              struct err *err)
{
    const struct config_endpoint *endpoint = claim_endpoint(claim);
    struct slot_attempt attempt = {.number = claim_attempt(claim),
                                   .started_ns = wall_ns,
                                   .timeout_s = endpoint->hook_timeout_s};
    struct child_plan plan = {.argv = endpoint->hook,
                              .foreign = warn_of_hook,
                              .context = &crew->account,
                              .home = crew->setup.home,
                              .body = record->body,
                              .memory_max = endpoint->hook_memory_max,
                              .file_max = endpoint->hook_file_max,
                              .processes_max = endpoint->hook_processes_max,
                              .timeout_s = endpoint->hook_timeout_s,
                              .files = crew->setup.files,
                              .spool = crew->setup.spool,
                              .slot = &job->slot};
    struct hookenv env;
    enum status status;

    status = hookenv_make(&env, endpoint, record, attempt.number, crew->setup.home,
                          crew->setup.lang, err);
    if (status != STATUS_OK)
        return status;
    (void)snprintf(attempt.id, sizeof attempt.id, "%s", claim_id(claim));
    plan.envp = env.envp;
    status = slot_begin(&job->slot, &attempt, err);
    if (status == STATUS_OK) {
        status = child_start(&job->child, &plan, mono_ns, err);
        if (status != STATUS_OK)
            slot_clear(&job->slot);
    }
    hookenv_free(&env);
    return status;
}

/* The hook did not start: what becomes of the claim. */
static void settle_unbegun(struct crew *crew, struct claim *claim, const struct err *err,
                           uint64_t mono_ns, int64_t wall_ns)
{
    struct result result = {.endpoint = str_of(claim_endpoint(claim)->name),
                            .end = RESULT_NOT_RUN,
                            .state = RESULT_DEAD,
                            .started_ns = wall_ns};

    switch ((int)err->status) {
    case STATUS_CONFIG:
    case STATUS_UNTRUSTED:
        account_suspend(&crew->account, claim, err->text, wall_ns);
        break;
    case STATUS_MISSING: /* the record was pruned */
        result.state = RESULT_DROPPED;
        settle_claim(crew, claim, &result, mono_ns, wall_ns);
        break;
    case STATUS_CORRUPT:
    case STATUS_LIMIT:
        log_line(crew->setup.log, LOG_LEVEL_ERROR, "%s", err->text);
        settle_claim(crew, claim, &result, mono_ns, wall_ns);
        break;
    default:
        report_trouble(crew, err, mono_ns);
        queue_unclaim(crew->account.queue, claim);
        break;
    }
}

void crew_begin(struct crew *crew, struct claim *claim, uint64_t mono_ns, int64_t wall_ns)
{
    struct err err = ERR_INIT;
    struct crew_job *job = find_free_job(crew, &err);
    struct record record;
    enum status status;

    if (job == NULL) {
        report_trouble(crew, &err, mono_ns);
        queue_unclaim(crew->account.queue, claim);
        return;
    }
    status = claim_record(crew->account.queue, claim, &record, &err);
    if (status == STATUS_IO) {
        report_trouble(crew, &err, mono_ns);
        queue_put_off(crew->account.queue, claim, wall_ns);
        return;
    }
    if (status == STATUS_OK) {
        status = start_hook(crew, job, claim, &record, mono_ns, wall_ns, &err);
        record_free(&record);
    }
    if (status != STATUS_OK) {
        settle_unbegun(crew, claim, &err, mono_ns, wall_ns);
        return;
    }
    job->kind = JOB_HOOK;
    take_claim(job, claim);
    job->started_ns = wall_ns;
    crew->running++;
}

/* ---- orphans */

static void settle_lost(struct crew *crew, const struct crew_job *job, enum result_end end,
                        uint64_t mono_ns, int64_t wall_ns)
{
    int64_t started_ns = job->slot.attempt.started_ns;
    struct result result = {
        .endpoint = str_of(job->endpoint), .end = end, .started_ns = started_ns};

    if (wall_ns > started_ns)
        result.took_ms = (uint64_t)(wall_ns - started_ns) / NS_PER_MS;
    settle_claim(crew, job->claim, &result, mono_ns, wall_ns);
}

static enum status adopt_slot(struct crew *crew, struct crew_job *job, uint64_t mono_ns,
                              int64_t wall_ns, struct err *err)
{
    const struct slot_attempt *attempt = &job->slot.attempt;
    struct claim *claim = NULL;
    enum slot_state state;
    enum status status =
        slot_open(&job->slot, crew->setup.spool, job->slot.number, false, &state, err);

    if (status != STATUS_OK || (state != SLOT_BUSY && state != SLOT_ENDED))
        return status;
    status = queue_adopt(crew->account.queue, str_of(attempt->id), attempt->number, &claim, err);
    if (status != STATUS_OK)
        return status;
    take_claim(job, claim);
    if (state == SLOT_BUSY) {
        orphan_meet(&job->orphan, &job->slot, mono_ns, wall_ns);
        job->kind = JOB_ORPHAN;
        crew->running++;
        return STATUS_OK;
    }
    if (job->claim != NULL)
        settle_lost(crew, job, RESULT_LOST, mono_ns, wall_ns);
    job->claim = NULL;
    slot_clear(&job->slot);
    return STATUS_OK;
}

enum status crew_adopt(struct crew *crew, uint64_t mono_ns, int64_t wall_ns, struct err *err)
{
    enum status status = STATUS_OK;

    for (unsigned i = 0; status == STATUS_OK && i < SLOT_COUNT; i++)
        status = adopt_slot(crew, &crew->jobs[i], mono_ns, wall_ns, err);
    crew->next_look_ns = mono_ns;
    return status;
}

/* Its slot is locked by others: it gets a new file when it is used again. */
static void end_orphan(struct crew *crew, struct crew_job *job, uint64_t mono_ns, int64_t wall_ns)
{
    enum result_end end = job->orphan.stopped ? RESULT_TIMEOUT : RESULT_LOST;
    enum slot_state state;
    struct err err = ERR_INIT;

    if (job->claim != NULL)
        settle_lost(crew, job, end, mono_ns, wall_ns);
    slot_close(&job->slot);
    if (slot_open(&job->slot, crew->setup.spool, job->slot.number, true, &state, &err) != STATUS_OK)
        report_trouble(crew, &err, mono_ns);
    else if (state == SLOT_BUSY)
        slot_close(&job->slot);
    else
        slot_clear(&job->slot);
}

/* ---- watching */

static void end_hook(struct crew *crew, struct crew_job *job, uint64_t mono_ns, int64_t wall_ns)
{
    struct result result = {.endpoint = str_of(job->endpoint), .started_ns = job->started_ns};

    child_outcome(&job->child, &result);
    settle_claim(crew, job->claim, &result, mono_ns, wall_ns);
    /* Not before its outcome is written: a kill in between would have it run again unseen. */
    slot_clear(&job->slot);
}

bool crew_step(struct crew *crew, bool look, uint64_t mono_ns, int64_t wall_ns)
{
    bool look_at_orphans = mono_ns >= crew->next_look_ns;
    bool settled = false;

    for (unsigned i = 0, left = crew->running; left > 0 && i < SLOT_COUNT; i++) {
        struct crew_job *job = &crew->jobs[i];

        if (job->kind == JOB_NONE)
            continue;
        left--;
        if (job->kind == JOB_HOOK) {
            if (!child_step(&job->child, look, mono_ns))
                continue;
            end_hook(crew, job, mono_ns, wall_ns);
        } else {
            if (!look_at_orphans || !orphan_step(&job->orphan, &job->slot, mono_ns))
                continue;
            end_orphan(crew, job, mono_ns, wall_ns);
        }
        job->kind = JOB_NONE;
        job->claim = NULL;
        crew->running--;
        settled = true;
    }
    if (look_at_orphans)
        crew->next_look_ns = mono_ns + ORPHAN_LOOK_NS;
    return settled;
}

nfds_t crew_wants(const struct crew *crew, struct pollfd *polled)
{
    nfds_t n = 0;

    for (unsigned i = 0; i < SLOT_COUNT; i++)
        if (crew->jobs[i].kind == JOB_HOOK)
            n += child_wants(&crew->jobs[i].child, polled + n);
    return n;
}

uint64_t crew_next_ns(const struct crew *crew)
{
    uint64_t next = UINT64_MAX;

    for (unsigned i = 0; i < SLOT_COUNT; i++) {
        const struct crew_job *job = &crew->jobs[i];
        uint64_t ns = UINT64_MAX;

        if (job->kind == JOB_HOOK)
            ns = job->child.next_ns;
        else if (job->kind == JOB_ORPHAN)
            ns = crew->next_look_ns;
        if (ns < next)
            next = ns;
    }
    return next;
}
