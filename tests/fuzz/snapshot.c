/* SPDX-License-Identifier: MIT
 * snapshot - the runner's snapshot of its queue: the text of the file, as it is and with a right
 * checksum in its last line.
 */
#include "store/queue/snapshot.h"

#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "kit.h"

#define NOW_NS (INT64_C(1790000000) * 1000000000)

static void slurp(const struct spool *spool, struct buf *out)
{
    buf_init(out, FUZZ_BUF_MAX);
    FUZZ_REQUIRE(file_slurp(spool->dir, SPOOL_SNAPSHOT, out) == 0);
}

static void check_place(struct place place)
{
    FUZZ_REQUIRE(place.segment <= PLACE_SEGMENT_MAX && place.offset <= PLACE_OFFSET_MAX);
}

static void check_lane(const struct snapshot *s, struct snapshot_lane *lane)
{
    FUZZ_REQUIRE(lane->name[0] != '\0' && snapshot_find(s, str_of(lane->name)) == lane);
    FUZZ_REQUIRE(memchr(lane->why, '\0', sizeof lane->why) != NULL);
    FUZZ_REQUIRE(lane->settled_count <= SNAPSHOT_SETTLED_MAX);
    check_place(lane->cursor);
    for (size_t i = 0; i < lane->retry_count; i++) {
        check_place(lane->retries[i].place);
        FUZZ_REQUIRE(snapshot_retry(lane, lane->retries[i].place) != NULL);
        FUZZ_REQUIRE(!lane->retries[i].claimed && !lane->retries[i].held);
    }
    for (size_t i = 0; i < lane->settled_count; i++)
        FUZZ_REQUIRE(snapshot_settled(lane, place_unpack(lane->settled[i])));
}

/* Written, read and written again it says the same. */
static void check_again(const struct spool *spool, struct snapshot *snapshot)
{
    struct snapshot again;
    struct buf first, second;

    FUZZ_REQUIRE(snapshot_write(spool, snapshot, NOW_NS, NULL) == STATUS_OK);
    slurp(spool, &first);
    FUZZ_REQUIRE(fuzz_utf8(buf_str(&first)));
    FUZZ_REQUIRE(snapshot_read(spool, &again, NULL) == STATUS_OK);
    FUZZ_REQUIRE(again.count == snapshot->count);
    FUZZ_REQUIRE(snapshot_write(spool, &again, NOW_NS, NULL) == STATUS_OK);
    slurp(spool, &second);
    FUZZ_REQUIRE(str_eq(buf_str(&first), buf_str(&second)));
    buf_free(&second);
    buf_free(&first);
    snapshot_free(&again);
}

static void check(const struct spool *spool, int run, struct str text)
{
    struct snapshot snapshot;
    enum status status;

    fuzz_put(run, SPOOL_SNAPSHOT_NAME, text);
    if (snapshot_head(spool, &snapshot))
        check_place(snapshot.read);
    status = snapshot_read(spool, &snapshot, NULL);
    FUZZ_REQUIRE(status == STATUS_OK || status == STATUS_CORRUPT || status == STATUS_LIMIT);
    FUZZ_REQUIRE((snapshot_hold(spool) == 0) >= (status != STATUS_OK));
    if (status != STATUS_OK)
        return;
    text.len--;
    FUZZ_REQUIRE(fuzz_crc_right(text));
    check_place(snapshot.results);
    check_place(snapshot.orders);
    for (size_t i = 0; i < snapshot.count; i++)
        check_lane(&snapshot, snapshot.lanes[i]);
    check_again(spool, &snapshot);
    snapshot_free(&snapshot);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct spool *spool = fuzz_spool();
    struct str text = fuzz_str(data, size);
    struct buf sealed;
    static int run = -1;

    if (run < 0)
        run = file_open(spool->dir, SPOOL_RUN, O_RDONLY | O_DIRECTORY, 0);
    if (size % 8 == 0)
        check(spool, run, text);
    if (str_ends(text, "\n"))
        text.len--;
    buf_init(&sealed, FUZZ_BUF_MAX);
    fuzz_seal(&sealed, text);
    buf_add_char(&sealed, '\n');
    check(spool, run, buf_str(&sealed));
    buf_free(&sealed);
    return 0;
}
