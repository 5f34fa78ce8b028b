/* SPDX-License-Identifier: MIT
 * settle - `settle CONFIG`: settles every event as if its hook had been run, by the queue itself,
 * without running anything.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "settings/settings.h"
#include "store/queue/queue.h"
#include "store/spool/spool.h"

#define FLUSH_EVERY 10000

static enum status settle_all(struct queue *queue, uint64_t *count, struct err *err)
{
    for (;;) {
        int64_t now_ns = clock_wall_ns();
        struct result result = {.end = RESULT_EXIT, .state = RESULT_DONE, .started_ns = now_ns};
        struct claim *claim = NULL;
        enum status status = queue_claim(queue, now_ns, &claim, err);

        if (status == STATUS_OK && claim == NULL) {
            status = queue_fill(queue, now_ns, err);
            if (status == STATUS_OK)
                status = queue_claim(queue, now_ns, &claim, err);
        }
        if (status != STATUS_OK)
            return status;
        if (claim == NULL && queue_next_ns(queue) > now_ns)
            return STATUS_OK;
        if (claim == NULL)
            continue;
        result.attempt = claim_attempt(claim);
        status = queue_settle(queue, claim, &result, now_ns, err);
        if (status == STATUS_OK && ++*count % FLUSH_EVERY == 0)
            status = queue_flush(queue, true, now_ns, err);
        if (status != STATUS_OK)
            return status;
    }
}

int main(int argc, char **argv)
{
    const struct settings *settings = NULL;
    struct queue *queue = NULL;
    struct err err = ERR_INIT;
    struct spool spool;
    uint64_t count = 0;
    enum status status;

    if (argc != 2) {
        fputs("usage: settle CONFIG\n", stderr);
        return 2;
    }
    status = settings_load(&settings, argv[1], NULL, NULL, &err);
    if (status == STATUS_OK)
        status = spool_open(&spool, settings->config->spool, &err);
    if (status == STATUS_OK) {
        status = queue_open(&queue, &spool, clock_wall_ns(), &err);
        if (status == STATUS_OK) {
            queue_configure(queue, settings->config);
            status = settle_all(queue, &count, &err);
            if (status == STATUS_OK)
                status = queue_flush(queue, true, clock_wall_ns(), &err);
        }
        queue_close(queue);
        spool_close(&spool);
    }
    settings_release(settings);
    if (status != STATUS_OK)
        fprintf(stderr, "settle: %s\n", err.text);
    printf("%" PRIu64 " settled\n", count);
    return status == STATUS_OK ? 0 : 1;
}
