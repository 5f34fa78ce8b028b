/* SPDX-License-Identifier: MIT
 * usage - the counts of the refused box and of the log: any bytes, and then rows of any content
 * with a right checksum. Whatever they say, an entry finds its place or does not, the table stays
 * within its bounds, and an unknown kind replaces no known one.
 */
#include <string.h>

#include "base/clock.h"
#include "kit.h"
#include "store/boxes/box_counts.h"
#include "store/spool/log_budget.h"

#define NOW_NS (INT64_C(1790000000) * NS_PER_S)

static const struct box_room room = {BOX_COUNT_MAX, 1 << 20};

static uint64_t known_rows(const struct box_table *table)
{
    uint64_t known = 0;

    for (size_t i = 0; i < table->count; i++)
        known += table->rows[i].class == BOX_STRANGER && table->rows[i].known != 0;
    return known;
}

/* Our own file, with what the input says in its rows. */
static void put_rows(const struct spool *spool, struct str bytes)
{
    struct box_counts_file file;
    size_t rows = bytes.len / sizeof *file.table->rows;

    FUZZ_REQUIRE(box_counts_open(&file, spool, NOW_NS, 0, NULL) == STATUS_OK);
    if (rows > sizeof file.table->rows / sizeof *file.table->rows)
        rows = sizeof file.table->rows / sizeof *file.table->rows;
    if (rows > 0)
        memcpy(file.table->rows, bytes.ptr, rows * sizeof *file.table->rows);
    file.table->count = file.to = rows;
    file.from = 0;
    box_counts_close(&file);
}

static void add_entry(const struct spool *spool, bool known)
{
    struct box_row row = {.known = known, .network = 3, .bytes = 1000, .digest = {0xff, known}};
    struct box_counts_file file;
    uint64_t before;

    FUZZ_REQUIRE(box_counts_open(&file, spool, NOW_NS, 0, NULL) == STATUS_OK);
    before = known_rows(file.table);
    if (box_counts_add(&file, spool, &row, &room, NULL) == STATUS_OK)
        FUZZ_REQUIRE(memcmp(&file.table->rows[file.table->count - 1], &row, sizeof row) == 0);
    FUZZ_REQUIRE(file.table->count <= sizeof file.table->rows / sizeof *file.table->rows);
    FUZZ_REQUIRE(known || known_rows(file.table) == before);
    box_counts_close(&file);
}

static void check(const struct spool *spool)
{
    char closing[LOG_BUDGET_CLOSING_MAX];

    add_entry(spool, false);
    add_entry(spool, true);
    (void)log_budget_take(spool, LOG_OF_STRANGERS, STATUS_UNAUTHORIZED, NOW_NS, closing);
    FUZZ_REQUIRE(memchr(closing, '\0', sizeof closing) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct spool *spool = fuzz_spool();
    struct str bytes = fuzz_str(data, size);

    fuzz_put(spool->refused, SPOOL_BOX_COUNTS, bytes);
    fuzz_put(spool->dir, SPOOL_LOG_BUDGET, bytes);
    check(spool);
    put_rows(spool, bytes);
    check(spool);
    return 0;
}
