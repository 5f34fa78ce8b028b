/* SPDX-License-Identifier: MIT
 * ledger - the log of results and what else the runner reads. By the first byte: 'R' the line of a
 * result, 'C' of an order, 'S' of a slot, 'W' a file of results as it is; else such a file whose
 * lines each get a right checksum, behind a header.
 */
#include "store/queue/ledger.h"

#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "core/result.h"
#include "core/scan.h"
#include "kit.h"
#include "store/queue/orders.h"
#include "store/queue/slot.h"

/* ---- lines */

static void check_result(struct str line)
{
    struct result result, again;
    struct buf text, out, again_text;
    enum status status;

    buf_init(&text, FUZZ_BUF_MAX);
    buf_init(&again_text, FUZZ_BUF_MAX);
    buf_init(&out, FUZZ_BUF_MAX);
    status = result_parse(&result, &text, line, NULL);
    FUZZ_REQUIRE(status == STATUS_OK || status == STATUS_CORRUPT);
    if (status == STATUS_OK) {
        FUZZ_REQUIRE(result_state_name(result.state) != NULL && result.code >= 0);
        FUZZ_REQUIRE(result_end_name(result.end) != NULL);
        result_print(&out, &result);
        buf_add_char(&out, '}');
        FUZZ_REQUIRE(scan_json(buf_str(&out), NULL, NULL).utf8_ok);
        FUZZ_REQUIRE(result_parse(&again, &again_text, buf_str(&out), NULL) == STATUS_OK);
        FUZZ_REQUIRE(again.state == result.state && again.end == result.end);
        FUZZ_REQUIRE(again.code == result.code && again.attempt == result.attempt);
        FUZZ_REQUIRE(!fuzz_utf8(result.id) || str_eq(again.id, result.id));
        FUZZ_REQUIRE(again.took_ms == result.took_ms);
    }
    buf_free(&out);
    buf_free(&again_text);
    buf_free(&text);
}

/* A line of ours fits, whatever a hook has said. */
static void check_tails(struct str tail)
{
    struct result result = {.id = STR("1:103"),
                            .endpoint = STR("calls"),
                            .attempt = (uint32_t)tail.len,
                            .state = tail.len % 2 == 0 ? RESULT_AGAIN : RESULT_DEAD,
                            .out_tail = tail,
                            .err_tail = tail};
    struct result again;
    struct buf out, text, lossy;

    buf_init(&out, RESULT_LINE_MAX);
    buf_init(&text, FUZZ_BUF_MAX);
    buf_init(&lossy, FUZZ_BUF_MAX);
    result_print(&out, &result);
    buf_add_char(&out, '}');
    FUZZ_REQUIRE(out.failed == STATUS_OK && memchr(out.ptr, '\n', out.len) == NULL);
    FUZZ_REQUIRE(result_parse(&again, &text, buf_str(&out), NULL) == STATUS_OK);
    if (tail.len > RESULT_TAIL_MAX)
        tail = (struct str){tail.ptr + tail.len - RESULT_TAIL_MAX, RESULT_TAIL_MAX};
    text_utf8_lossy(&lossy, tail);
    FUZZ_REQUIRE(str_eq(again.out_tail, buf_str(&lossy)));
    FUZZ_REQUIRE(str_eq(again.err_tail, buf_str(&lossy)));
    buf_free(&lossy);
    buf_free(&text);
    buf_free(&out);
}

static void check_command(struct str line)
{
    enum order_kind kind;
    char id[RECORD_ID_MAX];
    enum status status = orders_parse(line, &kind, id, NULL);
    uint32_t segment;
    uint64_t offset;

    FUZZ_REQUIRE(status == STATUS_OK || status == STATUS_CORRUPT);
    if (status != STATUS_OK)
        return;
    FUZZ_REQUIRE(kind == ORDER_AGAIN || kind == ORDER_DROP);
    FUZZ_REQUIRE(record_id_parse(str_of(id), &segment, &offset));
}

static void check_slot(struct str rest)
{
    char line[SLOT_LINE_LEN + 1];
    struct slot_attempt attempt, again;

    (void)slot_parse(rest, &attempt);
    memset(line, ' ', SLOT_LINE_LEN);
    memcpy(line, rest.ptr, rest.len < SLOT_LINE_LEN ? rest.len : SLOT_LINE_LEN);
    line[SLOT_LINE_LEN - 1] = '\n';
    if (!slot_parse((struct str){line, SLOT_LINE_LEN}, &attempt))
        return;
    FUZZ_REQUIRE(attempt.pid >= 0 && attempt.started_ns >= 0);
    slot_print(line, &attempt);
    FUZZ_REQUIRE(strlen(line) == SLOT_LINE_LEN);
    FUZZ_REQUIRE(slot_parse((struct str){line, SLOT_LINE_LEN}, &again));
    FUZZ_REQUIRE(again.pid == attempt.pid && again.start == attempt.start &&
                 again.number == attempt.number);
    FUZZ_REQUIRE(strcmp(again.id, attempt.id) == 0 && again.timeout_s == attempt.timeout_s);
}

/* ---- a file */

struct walk {
    struct place last, middle;
    size_t lines, behind_middle;
};

static enum status each(void *context, struct place place, struct str line, struct err *err)
{
    struct walk *w = context;

    (void)err;
    FUZZ_REQUIRE(place_pack(place) > place_pack(w->last) || w->lines == 0);
    FUZZ_REQUIRE(fuzz_crc_right(line) && memchr(line.ptr, '\n', line.len) == NULL);
    w->last = place;
    w->lines++;
    if (w->lines == 2)
        w->middle = place;
    w->behind_middle += w->lines >= 2;
    return STATUS_OK;
}

static void check_walk(const struct spool *spool, uint64_t size)
{
    struct walk all = {.lines = 0}, rest = {.lines = 0}, none = {.lines = 0};
    struct place end = {0, 0}, again = {0, 0};
    uint64_t rotten = 0;

    FUZZ_REQUIRE(ledger_walk(spool, LEDGER_RESULTS, (struct place){0, 0}, each, &all, &end, &rotten,
                             NULL) == STATUS_OK);
    FUZZ_REQUIRE(end.segment == 1 && end.offset <= size);
    FUZZ_REQUIRE(all.lines == 0 || place_pack(end) > place_pack(all.last));
    /* Each walk takes the memory of a large block, so not all inputs are walked again. */
    if (size % 4 != 0)
        return;
    FUZZ_REQUIRE(ledger_walk(spool, LEDGER_RESULTS, end, each, &none, &again, NULL, NULL) ==
                 STATUS_OK);
    FUZZ_REQUIRE(none.lines == 0 && place_pack(again) == place_pack(end));
    if (all.lines < 2)
        return;
    FUZZ_REQUIRE(ledger_walk(spool, LEDGER_RESULTS, all.middle, each, &rest, &again, NULL, NULL) ==
                 STATUS_OK);
    FUZZ_REQUIRE(rest.lines == all.behind_middle && place_pack(again) == place_pack(end));
}

static void check_file(struct str rest, bool seal)
{
    struct record_header header = {.segment = 1, .created_ns = INT64_C(1790000000) * 1000000000};
    const struct spool *spool = fuzz_spool();
    struct buf file;
    int dir = file_open(spool->dir, SPOOL_RESULTS, O_RDONLY | O_DIRECTORY, 0);

    buf_init(&file, FUZZ_BUF_MAX);
    if (seal)
        record_header_print(&file, &header);
    else
        buf_add_str(&file, rest);
    while (seal && rest.ptr != NULL) {
        fuzz_seal(&file, fuzz_field(&rest, '\n'));
        buf_add_char(&file, '\n');
    }
    fuzz_put(dir, "00000001.jsonl", buf_str(&file));
    check_walk(spool, file.len);
    file_close(&dir);
    buf_free(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str rest = fuzz_str(data, size);
    uint8_t what = fuzz_byte(&rest);

    switch (what) {
    case 'R':
        check_result(rest);
        check_tails(rest);
        break;
    case 'C':
        check_command(rest);
        break;
    case 'S':
        check_slot(rest);
        break;
    default:
        check_file(rest, what != 'W');
    }
    return 0;
}
