/* SPDX-License-Identifier: MIT
 * account - see run/account.h.
 */
#include "run/account.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/crc32c.h"
#include "base/id.h"
#include "core/retry.h"

#define HOW_MAX 64

void account_init(struct account *account, struct queue *queue, const struct log *log)
{
    *account = (struct account){.queue = queue, .log = log};
}

/* ---- words */

static void print_end(char out[HOW_MAX], const struct result *result)
{
    switch (result->end) {
    case RESULT_EXIT:
        (void)snprintf(out, HOW_MAX, "exit %d", result->code);
        return;
    case RESULT_SIGNAL:
        (void)snprintf(out, HOW_MAX, "killed by signal %d", result->code);
        return;
    case RESULT_TIMEOUT:
        (void)snprintf(out, HOW_MAX, "stopped at its timeout");
        return;
    case RESULT_LOST:
        (void)snprintf(out, HOW_MAX, "its end was not seen");
        return;
    case RESULT_NOT_RUN:
        break;
    }
    (void)snprintf(out, HOW_MAX, "not run");
}

static void log_end(const struct account *account, const struct result *result)
{
    char how[HOW_MAX], when[CLOCK_ISO_MAX];

    print_end(how, result);
    switch (result->state) {
    case RESULT_DONE:
        return;
    case RESULT_AGAIN:
        clock_iso(result->next_ns, when);
        log_line(account->log, LOG_LEVEL_WARNING,
                 "hook of endpoint \"%s\", event %s, attempt %" PRIu32 ": %s; retrying at %s",
                 result->endpoint.ptr, result->id.ptr, result->attempt, how, when);
        return;
    case RESULT_DEAD:
        log_line(account->log, LOG_LEVEL_ERROR,
                 "hook of endpoint \"%s\", event %s, attempt %" PRIu32
                 ": %s; not retried any more (dead)",
                 result->endpoint.ptr, result->id.ptr, result->attempt, how);
        return;
    case RESULT_DROPPED:
        break;
    }
    log_line(account->log, LOG_LEVEL_WARNING,
             "hook of endpoint \"%s\", event %s: %s, its record is gone", result->endpoint.ptr,
             result->id.ptr, how);
}

/* ---- deciding */

/* Only spreads retries: without randomness they come together. */
static uint64_t draw_number(void)
{
    uint64_t number = 0;

    if (id_random(&number, sizeof number, NULL) != STATUS_OK)
        number = 0;
    return number;
}

enum status account_settle(struct account *account, struct claim *claim, struct result *result,
                           int64_t wall_ns)
{
    char id[RECORD_ID_MAX];
    struct err err = ERR_INIT;
    enum status status;
    uint32_t lost = claim_lost(claim);

    (void)snprintf(id, sizeof id, "%s", claim_id(claim));
    result->id = str_of(id);
    if (result->end != RESULT_NOT_RUN) {
        bool clean = result->end == RESULT_EXIT && result->code == 0;

        result->attempt = claim_attempt(claim);
        retry_decide(result, result->end == RESULT_LOST ? lost + 1 : 0, clean ? 0 : draw_number(),
                     wall_ns);
    }
    log_end(account, result);
    status = queue_settle(account->queue, claim, result, wall_ns, &err);
    if (status != STATUS_OK)
        log_line(account->log, status_level(status),
                 "how the hook of event %s ended could not be written, so it runs again: %s", id,
                 err.text);
    return status;
}

void account_warn(struct account *account, const char *text)
{
    uint32_t what = crc32c(0, text, strlen(text));
    uint32_t *warned = &account->warned[what % ACCOUNT_TOLD];

    if (*warned != what)
        log_line(account->log, LOG_LEVEL_WARNING, "the way to a hook: %s", text);
    *warned = what;
}

void account_suspend(struct account *account, struct claim *claim, const char *why, int64_t wall_ns)
{
    const char *name = claim_endpoint(claim)->name;
    uint32_t who = crc32c(0, name, strlen(name));
    uint64_t what = (uint64_t)who << 32 | crc32c(who, why, strlen(why));
    uint64_t *told = &account->told[who % ACCOUNT_TOLD];

    if (*told != what)
        log_line(account->log, LOG_LEVEL_ERROR,
                 "endpoint \"%s\" is suspended, its hooks wait without using up attempts: %s", name,
                 why);
    *told = what;
    queue_suspend(account->queue, claim, why, wall_ns);
}
