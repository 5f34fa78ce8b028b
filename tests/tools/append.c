/* SPDX-License-Identifier: MIT
 * append - records one event a key, as one request does: `append SPOOL KEY ...`. For each prints
 * "ID new" or "ID duplicate" and the milliseconds that it took, or what it was refused for. Exit
 * status 1 where one was refused.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "core/event_parts.h"
#include "core/record.h"
#include "store/intake.h"
#include "store/journal/journal.h"
#include "store/spool/spool.h"

#define DEADLINE_NS UINT64_C(6000000000) /* that of a request */

static enum status append(struct journal *journal, const char *key, struct err *err)
{
    static const char *const hooks[] = {CONFIG_HOOK_DEFAULT};
    struct event_facts event = {.about.kind = EVENT_TRANSCRIPT,
                                .received_ns = clock_wall_ns(),
                                .endpoint = "calls",
                                .remote_addr = STR("127.0.0.1"),
                                .query = STR(""),
                                .body = STR("{\"transcript_id\":\"x\",\"status\":\"completed\"}"),
                                .hooks = hooks,
                                .hook_count = 1,
                                .about.utf8 = true};
    uint64_t began = clock_mono_ns();
    const struct receipt *receipt;
    struct record_line line;
    enum status status;

    snprintf(event.key, sizeof event.key, "%s", key);
    status = record_print(&line, &(struct event){.facts = event}, 8192, err);
    if (status != STATUS_OK)
        return status;
    status = journal_append(journal, str_of(key), &line, event.received_ns, began + DEADLINE_NS,
                            &receipt, err);
    if (status == STATUS_OK)
        printf("%s %s %.3f ms\n", receipt_id(receipt),
               receipt_duplicate(receipt) ? "duplicate" : "new",
               (double)(clock_mono_ns() - began) / 1e6);
    record_line_free(&line);
    return status;
}

int main(int argc, char **argv)
{
    const struct journal_options options = {.segment_max = 16 * 1024 * 1024, .begin = intake_begin};
    struct journal *journal = NULL;
    struct err err = ERR_INIT;
    struct spool spool;
    bool refused = false;

    if (argc < 3) {
        fprintf(stderr, "usage: append SPOOL KEY ...\n");
        return 2;
    }
    if (spool_open(&spool, argv[1], &err) != STATUS_OK ||
        journal_open(&journal, &spool, NULL, &options, &err) != STATUS_OK) {
        fprintf(stderr, "append: %s\n", err.text);
        return 1;
    }
    for (int i = 2; i < argc; i++) {
        err_clear(&err);
        if (append(journal, argv[i], &err) != STATUS_OK) {
            printf("refused %s: %s\n", status_name(err.status), err.text);
            refused = true;
        }
    }
    journal_close(journal);
    spool_close(&spool);
    return refused ? 1 : 0;
}
