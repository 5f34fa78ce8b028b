/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "journal_kit.h"
#include "store/ledger.h"
#include "store/queue.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SECOND_NS INT64_C(1000000000)

static char name[] = "calls", hook_path[] = "/bin/true";
static char *hook[] = {hook_path, NULL};
static struct config_endpoint endpoint = {.name = name, .hook = hook};
static const struct config config = {.endpoints = &endpoint, .endpoint_count = 1};

static bool opened(struct queue **queue, const struct kit *kit)
{
    struct err err = ERR_INIT;

    UNIT_STATUS(STATUS_OK, queue_open(queue, &kit->spool, kit->now_ns, &err), &err);
    if (err.status != STATUS_OK)
        return false;
    queue_configure(*queue, &config);
    UNIT_STATUS(STATUS_OK, queue_fill(*queue, kit->now_ns, &err), &err);
    return err.status == STATUS_OK;
}

static int files(const struct kit *kit, const char *folder)
{
    int fd = openat(kit->spool.dir, folder, O_RDONLY | O_DIRECTORY);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *entry;
    int count = 0;

    while (dir != NULL && (entry = readdir(dir)) != NULL)
        count += entry->d_name[0] != '.';
    if (dir != NULL)
        closedir(dir);
    return count;
}

/* Runs of the one event that fail and talk much, a second apart, until there are two files. */
static uint32_t fail_until_second_file(struct kit *kit, struct queue *queue)
{
    char said[RESULT_TAIL_MAX];
    struct result result = {.state = RESULT_AGAIN,
                            .end = RESULT_EXIT,
                            .code = 1,
                            .out_tail = {said, sizeof said},
                            .err_tail = {said, sizeof said}};

    memset(said, 'x', sizeof said);
    while (files(kit, SPOOL_RESULTS) < 2 && result.attempt < LEDGER_SEGMENT_MAX / sizeof said) {
        struct claim *claim = NULL;

        kit->now_ns += SECOND_NS;
        UNIT_STATUS(STATUS_OK, queue_claim(queue, kit->now_ns, &claim, NULL), NULL);
        if (claim == NULL)
            return 0;
        result.attempt = claim_attempt(claim);
        result.started_ns = result.next_ns = kit->now_ns;
        UNIT_STATUS(STATUS_OK, queue_settle(queue, claim, &result, kit->now_ns, NULL), NULL);
    }
    return result.attempt;
}

UNIT_TEST(results_are_removed_a_file_at_a_time_and_only_when_all_of_it_is_too_old)
{
    struct queue *queue = NULL;
    struct claim *claim = NULL;
    uint32_t attempts;
    struct kit kit;
    int64_t second;

    UNIT_REQUIRE(kit_open(&kit));
    UNIT_STATUS(STATUS_OK, kit_append(&kit, "calls transcript a completed"), &kit.err);
    UNIT_REQUIRE(opened(&queue, &kit));
    attempts = fail_until_second_file(&kit, queue);
    UNIT_INT(2, files(&kit, SPOOL_RESULTS));
    second = kit.now_ns;
    UNIT_STATUS(STATUS_OK, queue_prune(queue, second - SECOND_NS, second, NULL), NULL);
    UNIT_INT(2, files(&kit, SPOOL_RESULTS));
    UNIT_STATUS(STATUS_OK, queue_prune(queue, second + SECOND_NS, second + SECOND_NS, NULL), NULL);
    UNIT_INT(1, files(&kit, SPOOL_RESULTS));
    queue_close(queue);
    /* What was known of the event is in the snapshot. */
    UNIT_REQUIRE(opened(&queue, &kit));
    UNIT_STATUS(STATUS_OK, queue_claim(queue, kit.now_ns, &claim, NULL), NULL);
    UNIT_REQUIRE(claim != NULL);
    UNIT_INT(attempts + 1, claim_attempt(claim));
    queue_close(queue);
    kit_close(&kit);
}

static const struct unit_case cases[] = {
    UNIT_CASE(results_are_removed_a_file_at_a_time_and_only_when_all_of_it_is_too_old),
    UNIT_END,
};

const struct unit_suite suite_retention = {"retention", cases};
