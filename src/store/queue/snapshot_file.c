/* SPDX-License-Identifier: MIT
 * snapshot_file - run/snapshot: lines of JSON, the last of which has the checksum of all.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/crc32c.h"
#include "base/file.h"
#include "base/num.h"
#include "base/text.h"
#include "core/pick.h"
#include "core/record.h"
#include "store/queue/snapshot.h"

#define SNAPSHOT_FORMAT 1
#define FILE_MAX ((size_t)1024 * 1024 * 1024)
#define SETTLED_A_LINE 256
#define HEAD_MAX 512
/* Of a reason, decoded: more than one of SNAPSHOT_WHY_MAX can become, each byte a U+FFFD. */
#define WHY_READ_MAX ((size_t)SNAPSHOT_WHY_MAX * 4)

/* ---- print */

static void add_place(struct buf *b, const char *name, struct place place)
{
    char id[RECORD_ID_MAX];

    record_id_print(id, place.segment, place.offset);
    buf_printf(b, "\"%s\":\"%s\"", name, id);
}

static void add_time(struct buf *b, const char *name, int64_t ns)
{
    char iso[CLOCK_ISO_MAX];

    clock_iso(ns, iso);
    buf_printf(b, ",\"%s\":\"%s\"", name, iso);
}

static void print_retry(struct buf *b, const struct snapshot_retry *retry)
{
    buf_add_char(b, '{');
    add_place(b, "retry", retry->place);
    buf_printf(b, ",\"attempts\":%" PRIu32 ",\"lost\":%" PRIu32, retry->attempts, retry->lost);
    add_time(b, "next_at", retry->next_ns);
    if (retry->again)
        buf_add_text(b, ",\"again\":true");
    if (retry->first)
        buf_add_text(b, ",\"first\":true");
    buf_add_text(b, "}\n");
}

static void print_settled(struct buf *b, const struct snapshot_lane *lane)
{
    for (size_t i = 0; i < lane->settled_count; i++) {
        struct place place = place_unpack(lane->settled[i]);
        char id[RECORD_ID_MAX];

        record_id_print(id, place.segment, place.offset);
        buf_add_text(b, i % SETTLED_A_LINE == 0 ? "{\"settled\":\"" : " ");
        buf_add_text(b, id);
        if ((i + 1) % SETTLED_A_LINE == 0 || i + 1 == lane->settled_count)
            buf_add_text(b, "\"}\n");
    }
}

static void print_lane(struct buf *b, const struct snapshot_lane *lane)
{
    buf_add_text(b, "{\"endpoint\":");
    text_json_lossy(b, str_of(lane->name));
    buf_add_char(b, ',');
    add_place(b, "cursor", lane->cursor);
    buf_printf(b,
               ",\"done\":%" PRIu64 ",\"dead\":%" PRIu64 ",\"dropped\":%" PRIu64
               ",\"failed\":%" PRIu64 ",\"lost\":%" PRIu64,
               lane->done, lane->dead, lane->dropped, lane->failed, lane->lost);
    if (lane->suspended_ns != 0) {
        add_time(b, "suspended_until", lane->suspended_ns);
        buf_add_text(b, ",\"why\":");
        text_json_lossy(b, str_of(lane->why));
    }
    buf_add_text(b, "}\n");
    for (size_t i = 0; i < lane->retry_count; i++)
        print_retry(b, &lane->retries[i]);
    print_settled(b, lane);
}

static void print_snapshot(struct buf *b, const struct snapshot *snapshot, int64_t now_ns)
{
    buf_printf(b, "{\"snapshot\":%d", SNAPSHOT_FORMAT);
    add_time(b, "written_at", now_ns);
    buf_add_char(b, ',');
    add_place(b, "results", snapshot->results);
    buf_add_char(b, ',');
    add_place(b, "commands", snapshot->orders);
    if (snapshot->read.segment != 0) {
        buf_add_char(b, ',');
        add_place(b, "read", snapshot->read);
        buf_printf(b, ",\"read_crc\":\"%s\"", snapshot->read_crc);
    }
    buf_add_text(b, "}\n");
    for (size_t i = 0; i < snapshot->count; i++)
        print_lane(b, snapshot->lanes[i]);
    buf_printf(b, "{\"endpoints\":%zu", snapshot->count);
    buf_printf(b, RECORD_CRC_OPEN "%08" PRIx32 "\"}\n", crc32c(0, b->ptr, b->len));
}

enum status snapshot_write(const struct spool *spool, struct snapshot *snapshot, int64_t now_ns,
                           struct err *err)
{
    enum status status;
    struct buf bytes;
    int dir = -1;

    for (size_t i = 0; i < snapshot->count; i++)
        snapshot_tidy(snapshot->lanes[i]);
    buf_init(&bytes, FILE_MAX);
    print_snapshot(&bytes, snapshot, now_ns);
    status = buf_status(&bytes, "the snapshot of the queue", err);
    if (status == STATUS_OK) {
        dir = file_open(spool->dir, SPOOL_RUN, O_RDONLY | O_DIRECTORY, 0);
        if (dir < 0 || file_replace(dir, SPOOL_SNAPSHOT_TMP, SPOOL_SNAPSHOT_NAME, bytes.ptr,
                                    bytes.len, 0600) != 0)
            status = err_errno(err, "cannot write %s/" SPOOL_SNAPSHOT, spool->path);
    }
    file_close(&dir);
    buf_free(&bytes);
    return status;
}

/* ---- parse */

enum {
    M_RESULTS,
    M_ORDERS,
    M_READ,
    M_READ_CRC,
    M_ENDPOINT,
    M_CURSOR,
    M_SUSPENDED,
    M_WHY,
    M_RETRY,
    M_NEXT,
    M_SETTLED,
    M_SNAPSHOT,
    M_DONE,
    M_DEAD,
    M_DROPPED,
    M_FAILED,
    M_LOST,
    M_ATTEMPTS,
    M_ENDPOINTS,
    M_AGAIN,
    M_FIRST,
    M_COUNT
};

static const struct pick_wish wishes[M_COUNT] = {
    [M_RESULTS] = PICK("results", PICK_STRING, false),
    [M_ORDERS] = PICK("commands", PICK_STRING, false),
    [M_READ] = PICK("read", PICK_STRING, false),
    [M_READ_CRC] = PICK("read_crc", PICK_STRING, false),
    [M_ENDPOINT] = PICK("endpoint", PICK_STRING, false),
    [M_CURSOR] = PICK("cursor", PICK_STRING, false),
    [M_SUSPENDED] = PICK("suspended_until", PICK_STRING, false),
    [M_WHY] = PICK("why", PICK_STRING, false),
    [M_RETRY] = PICK("retry", PICK_STRING, false),
    [M_NEXT] = PICK("next_at", PICK_STRING, false),
    [M_SETTLED] = PICK("settled", PICK_STRING, false),
    [M_SNAPSHOT] = PICK("snapshot", PICK_NUMBER, false),
    [M_DONE] = PICK("done", PICK_NUMBER, false),
    [M_DEAD] = PICK("dead", PICK_NUMBER, false),
    [M_DROPPED] = PICK("dropped", PICK_NUMBER, false),
    [M_FAILED] = PICK("failed", PICK_NUMBER, false),
    [M_LOST] = PICK("lost", PICK_NUMBER, false),
    [M_ATTEMPTS] = PICK("attempts", PICK_NUMBER, false),
    [M_ENDPOINTS] = PICK("endpoints", PICK_NUMBER, false),
    [M_AGAIN] = PICK("again", PICK_TYPE(SCAN_TRUE), false),
    [M_FIRST] = PICK("first", PICK_TYPE(SCAN_TRUE), false),
};

static bool take_place(struct str s, struct place *out)
{
    return record_id_parse(s, &out->segment, &out->offset) && out->segment <= PLACE_SEGMENT_MAX &&
           out->offset <= PLACE_OFFSET_MAX;
}

static bool take_u32(struct str s, uint32_t *out)
{
    uint64_t n;

    if (!num_u64(s, &n) || n > UINT32_MAX)
        return false;
    *out = (uint32_t)n;
    return true;
}

static enum status report_damage(struct err *err)
{
    return err_set(err, STATUS_CORRUPT, "the snapshot of the queue is damaged");
}

/* Cuts a long text between two characters: half of one would be read as others, and each writing
 * would make them more. */
static void keep_why(struct str text, char out[SNAPSHOT_WHY_MAX])
{
    size_t len = text.len < SNAPSHOT_WHY_MAX ? text.len : SNAPSHOT_WHY_MAX - 1;

    while (len > 0 && len < text.len && ((unsigned char)text.ptr[len] & 0xc0) == 0x80)
        len--;
    memcpy(out, text.ptr, len);
    out[len] = '\0';
}

/* No memory is no damage: a snapshot that passes for damaged costs the orders that wait. */
static enum status take_why(struct str raw, char out[SNAPSHOT_WHY_MAX], struct err *err)
{
    enum status status = STATUS_OK;
    struct buf text, utf8;
    bool right;

    buf_init(&text, WHY_READ_MAX);
    buf_init(&utf8, WHY_READ_MAX * 3);
    right = text_json_decode(&text, raw) && text.failed == STATUS_OK;
    if (right)
        text_utf8_lossy(&utf8, buf_str(&text));
    if (text.failed == STATUS_MEMORY || utf8.failed == STATUS_MEMORY)
        status = err_set(err, STATUS_MEMORY, "no memory for the snapshot of the queue");
    else if (!right || utf8.failed != STATUS_OK)
        status = report_damage(err);
    else
        keep_why(buf_str(&utf8), out);
    buf_free(&utf8);
    buf_free(&text);
    return status;
}

static enum status parse_lane(struct snapshot *snapshot, const struct picked *v, struct err *err)
{
    struct snapshot_lane *lane;
    enum status status;

    /* What was settled by the first would lie before the cursor of the second. */
    if (snapshot_find(snapshot, v[M_ENDPOINT].value) != NULL)
        return report_damage(err);
    status = snapshot_lane(snapshot, v[M_ENDPOINT].value, &lane, err);
    if (status != STATUS_OK)
        return status;
    if (!take_place(v[M_CURSOR].value, &lane->cursor) || !num_u64(v[M_DONE].value, &lane->done) ||
        !num_u64(v[M_DEAD].value, &lane->dead) || !num_u64(v[M_DROPPED].value, &lane->dropped) ||
        !num_u64(v[M_FAILED].value, &lane->failed) || !num_u64(v[M_LOST].value, &lane->lost))
        return report_damage(err);
    if (v[M_SUSPENDED].value.ptr == NULL)
        return STATUS_OK;
    if (!clock_iso_parse(v[M_SUSPENDED].value, &lane->suspended_ns))
        return report_damage(err);
    return take_why(v[M_WHY].value, lane->why, err);
}

static enum status parse_retry(struct snapshot_lane *lane, const struct picked *v, struct err *err)
{
    struct snapshot_retry *retry;
    enum status status;
    struct place place;

    if (!take_place(v[M_RETRY].value, &place))
        return report_damage(err);
    status = snapshot_retry_add(lane, place, &retry, err);
    if (status != STATUS_OK)
        return status;
    if (!take_u32(v[M_ATTEMPTS].value, &retry->attempts) ||
        !take_u32(v[M_LOST].value, &retry->lost) ||
        !clock_iso_parse(v[M_NEXT].value, &retry->next_ns))
        return report_damage(err);
    retry->again = v[M_AGAIN].times > 0;
    retry->first = v[M_FIRST].times > 0;
    return STATUS_OK;
}

static enum status parse_settled(struct snapshot_lane *lane, struct str ids, struct err *err)
{
    struct str id, rest = ids;

    do {
        enum status status;
        struct place place;

        str_cut(rest, ' ', &id, &rest);
        if (!take_place(id, &place))
            return report_damage(err);
        status = snapshot_settle(lane, place, err);
        if (status != STATUS_OK)
            return status;
    } while (rest.ptr != NULL);
    return STATUS_OK;
}

static bool parse_head(struct snapshot *snapshot, const struct picked *v)
{

    if (!str_is(v[M_SNAPSHOT].value, "1") || !take_place(v[M_RESULTS].value, &snapshot->results) ||
        !take_place(v[M_ORDERS].value, &snapshot->orders))
        return false;
    if (v[M_READ].value.ptr == NULL)
        return true;
    if (!take_place(v[M_READ].value, &snapshot->read) ||
        v[M_READ_CRC].value.len != RECORD_CRC_DIGITS ||
        !str_only(v[M_READ_CRC].value, "0123456789abcdef"))
        return false;
    memcpy(snapshot->read_crc, v[M_READ_CRC].value.ptr, RECORD_CRC_DIGITS);
    return true;
}

static enum status parse_line(struct snapshot *snapshot, struct str line, struct err *err)
{
    struct picked v[M_COUNT];
    struct snapshot_lane *last = snapshot->count == 0 ? NULL : snapshot->lanes[snapshot->count - 1];

    if (!pick_members(line, wishes, M_COUNT, v))
        return report_damage(err);
    if (v[M_ENDPOINT].value.ptr != NULL)
        return parse_lane(snapshot, v, err);
    if (v[M_RETRY].value.ptr != NULL && last != NULL)
        return parse_retry(last, v, err);
    if (v[M_SETTLED].value.ptr != NULL && last != NULL)
        return parse_settled(last, v[M_SETTLED].value, err);
    if (v[M_SNAPSHOT].value.ptr != NULL)
        return parse_head(snapshot, v) ? STATUS_OK : report_damage(err);
    return v[M_ENDPOINTS].value.ptr != NULL ? STATUS_OK : report_damage(err);
}

static enum status parse_snapshot(struct snapshot *snapshot, struct str text, struct err *err)
{
    enum status status = STATUS_OK;
    struct str line, rest;

    if (!str_starts(text, "{\"snapshot\":") || !str_ends(text, "\n"))
        return report_damage(err);
    rest = (struct str){text.ptr, text.len - 1};
    if (!record_crc_ok(rest))
        return report_damage(err);
    while (status == STATUS_OK && rest.ptr != NULL) {
        str_cut(rest, '\n', &line, &rest);
        status = parse_line(snapshot, line, err);
    }
    return status;
}

enum status snapshot_read(const struct spool *spool, struct snapshot *out, struct err *err)
{
    struct snapshot snapshot;
    enum status status;
    struct buf text;

    snapshot_init(&snapshot);
    buf_init(&text, FILE_MAX);
    if (file_slurp(spool->dir, SPOOL_SNAPSHOT, &text) != 0)
        status = errno == ENOENT ? err_set(err, STATUS_MISSING, "there is no snapshot of the queue")
                                 : err_errno(err, "cannot read %s/" SPOOL_SNAPSHOT, spool->path);
    else
        status = parse_snapshot(&snapshot, buf_str(&text), err);
    buf_free(&text);
    if (status == STATUS_OK)
        *out = snapshot;
    else
        snapshot_free(&snapshot);
    return status;
}

bool snapshot_head(const struct spool *spool, struct snapshot *out)
{
    struct picked v[M_COUNT];
    char head[HEAD_MAX];
    struct str line, rest;
    int fd = file_open(spool->dir, SPOOL_SNAPSHOT, O_RDONLY, 0);
    ssize_t got = fd < 0 ? -1 : file_pread(fd, head, sizeof head, 0);

    file_close(&fd);
    snapshot_init(out);
    return got > 0 && str_cut((struct str){head, (size_t)got}, '\n', &line, &rest) &&
           pick_members(line, wishes, M_COUNT, v) && parse_head(out, v);
}
