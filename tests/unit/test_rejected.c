/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "store/boxes/box_counts.h"
#include "store/boxes/rejected.h"
#include "unit.h"

#define NOW_NS INT64_C(1795420218966000000)
#define BOTH (1U << BOX_QUARANTINED | 1U << BOX_REFUSED)
#define NAME "0123456789abcdef0123456789abcdef01234567"
/* The digest is that of "abc". */
#define HEAD_WITH(bytes, kept, complete)                                                           \
    "{\"box\":1,\"sha256\":\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\","  \
    "\"bytes\":" bytes ",\"kept\":" kept ",\"complete\":" complete ",\"reason\":\"unauthorized\"," \
    "\"endpoint\":\"calls\",\"received_at\":\"2026-11-23T07:50:18.966Z\",\"published\":false}\n"

static struct spool spool;
static const struct box_limits wide = {.bytes_max = 1 << 30};

static int open_folder(int parent, const char *name)
{
    if (mkdirat(parent, name, 0700) < 0)
        return -1;
    return file_open(parent, name, O_RDONLY | O_DIRECTORY, 0);
}

static bool make_spool(void)
{
    memset(&spool, 0, sizeof spool);
    spool.log = spool.idx = -1;
    spool.dir = file_open(AT_FDCWD, unit_folder(), O_RDONLY | O_DIRECTORY, 0);
    spool.quarantine = open_folder(spool.dir, "quarantine");
    spool.refused = open_folder(spool.dir, "refused");
    return spool.dir >= 0 && spool.quarantine >= 0 && spool.refused >= 0;
}

static void drop_spool(void)
{
    file_close(&spool.refused);
    file_close(&spool.quarantine);
    file_close(&spool.dir);
}

/* An entry as the gateway makes it. */
static bool put(enum box_kind kind, const char *query, const char *body, int64_t received_ns)
{
    struct box_entry entry = {
        .reason = STATUS_UNAUTHORIZED,
        .detail = "another \"value\"",
        .endpoint = "calls",
        .query = str_of(query),
        .remote_addr = STR("192.0.2.7"),
        .kept_max = 1 << 20,
        .received_ns = received_ns,
    };
    struct box *box;

    if (box_begin(&box, &spool, kind, &entry, &wide, NULL) != STATUS_OK)
        return false;
    if (box_add(box, body, strlen(body), NULL) != STATUS_OK) {
        box_abandon(box);
        return false;
    }
    return box_end(box, true, NULL, NULL) == STATUS_OK;
}

static void put_file(const char *name, const void *bytes, size_t len)
{
    int fd = file_open(spool.refused, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    UNIT_INT(0, file_write(fd, bytes, len));
    file_close(&fd);
}

struct told {
    unsigned count;
    char why[ERR_TEXT_MAX];
};

static void tell(void *context, enum box_kind box, const char *name, const char *why)
{
    struct told *told = context;

    (void)box;
    (void)name;
    told->count++;
    snprintf(told->why, sizeof told->why, "%s", why);
}

/* Why a file of these bytes is no entry; "" where it is one. */
static const char *verdict(const char *bytes, size_t len)
{
    static struct told told;
    struct rejected_refs refs;
    struct err err = ERR_INIT;

    memset(&told, 0, sizeof told);
    put_file(NAME ".box", bytes, len);
    UNIT_STATUS(STATUS_OK, rejected_scan(&refs, &spool, BOTH, tell, &told, &err), &err);
    UNIT_INT(told.count, refs.damaged);
    UNIT_INT(1, refs.count + refs.damaged);
    rejected_refs_free(&refs);
    return told.why;
}

UNIT_TEST(what_the_gateway_put_in_is_read_back)
{
    struct told told = {0, ""};
    struct rejected_refs refs;
    struct rejected entry;
    struct err err = ERR_INIT;
    struct buf body;

    UNIT_REQUIRE(make_spool() && put(BOX_QUARANTINED, "a=\"1\"", "{\"a\":1}\n", NOW_NS));
    UNIT_STATUS(STATUS_OK, rejected_scan(&refs, &spool, BOTH, tell, &told, &err), &err);
    UNIT_REQUIRE(refs.count == 1 && told.count == 0);
    UNIT_STATUS(STATUS_OK, rejected_read(&entry, &spool, &refs.list[0], &err), &err);
    UNIT_STR("unauthorized", entry.reason);
    UNIT_STR("another \"value\"", entry.detail);
    UNIT_STR("calls", entry.endpoint);
    UNIT_STR("a=\"1\"", entry.query);
    UNIT_STR("192.0.2.7", entry.remote_addr);
    UNIT_TRUE(entry.user_agent.ptr == NULL);
    UNIT_TRUE(entry.complete);
    UNIT_FALSE(entry.published);
    UNIT_INT(NOW_NS, entry.ref.received_ns);
    buf_init(&body, 8);
    UNIT_STATUS(STATUS_OK, rejected_body(&entry, &spool, &body, &err), &err);
    UNIT_STR("{\"a\":1}\n", buf_str(&body));
    buf_free(&body);
    buf_init(&body, 7);
    UNIT_STATUS(STATUS_LIMIT, rejected_body(&entry, &spool, &body, NULL), NULL);
    buf_free(&body);
    rejected_free(&entry);
    rejected_refs_free(&refs);
    drop_spool();
}

UNIT_TEST(the_oldest_entry_of_the_boxes_that_were_asked_for_comes_first)
{
    struct told told = {0, ""};
    struct rejected_refs refs;
    struct err err = ERR_INIT;

    UNIT_REQUIRE(make_spool());
    UNIT_TRUE(put(BOX_REFUSED, "n=3", "x", NOW_NS + 2 * NS_PER_S));
    UNIT_TRUE(put(BOX_QUARANTINED, "n=2", "x", NOW_NS + NS_PER_S));
    UNIT_TRUE(put(BOX_REFUSED, "n=1", "x", NOW_NS));
    UNIT_STATUS(STATUS_OK, rejected_scan(&refs, &spool, BOTH, tell, &told, &err), &err);
    UNIT_REQUIRE(refs.count == 3);
    for (int i = 0; i < 3; i++)
        UNIT_INT(NOW_NS + i * NS_PER_S, refs.list[i].received_ns);
    rejected_refs_free(&refs);
    UNIT_STATUS(STATUS_OK, rejected_scan(&refs, &spool, 1U << BOX_QUARANTINED, tell, &told, &err),
                &err);
    UNIT_REQUIRE(refs.count == 1);
    UNIT_INT(BOX_QUARANTINED, refs.list[0].box);
    rejected_refs_free(&refs);
    drop_spool();
}

UNIT_TEST(a_line_that_does_not_fit_its_file_is_told)
{
    static const char good[] = HEAD_WITH("3", "3", "true") "abc";
    static const char cut[] = HEAD_WITH("9", "3", "false") "abc";
    static const char longer[] = HEAD_WITH("3", "3", "true") "abcd";
    static const char more[] = HEAD_WITH("2", "3", "false") "abc";
    static const char whole[] = HEAD_WITH("9", "3", "true") "abc";
    static const char huge[] = HEAD_WITH("99999999999999999999999", "3", "false") "abc";
    static const char negative[] = HEAD_WITH("-3", "3", "true") "abc";

    UNIT_REQUIRE(make_spool());
    UNIT_TEXT("", verdict(good, sizeof good - 1));
    UNIT_TEXT("", verdict(cut, sizeof cut - 1));
    UNIT_TRUE(verdict(good, sizeof good - 2)[0] != '\0');
    UNIT_TRUE(verdict(longer, sizeof longer - 1)[0] != '\0');
    UNIT_TRUE(verdict(more, sizeof more - 1)[0] != '\0');
    UNIT_TRUE(verdict(whole, sizeof whole - 1)[0] != '\0');
    UNIT_TRUE(verdict(huge, sizeof huge - 1)[0] != '\0');
    UNIT_TRUE(verdict(negative, sizeof negative - 1)[0] != '\0');
    drop_spool();
}

UNIT_TEST(no_beginning_of_an_entry_is_one)
{
    static const char good[] = HEAD_WITH("3", "3", "true") "abc";

    UNIT_REQUIRE(make_spool());
    for (size_t len = 0; len < sizeof good - 1; len++)
        UNIT_TRUE(verdict(good, len)[0] != '\0');
    drop_spool();
}

UNIT_TEST(a_line_without_an_end_is_read_up_to_its_limit)
{
    static char line[BOX_QUARANTINED_HEAD_MAX + 65536];

    memset(line, 'x', sizeof line);
    UNIT_REQUIRE(make_spool());
    UNIT_TEXT("its first line has no end", verdict(line, sizeof line));
    drop_spool();
}

UNIT_TEST(an_altered_body_is_not_given_out_but_one_that_was_cut_off_is)
{
    static const char altered[] = HEAD_WITH("3", "3", "true") "abX";
    static const char cut[] = HEAD_WITH("9", "3", "false") "xyz";
    struct rejected_ref ref = {.box = BOX_REFUSED, .name = NAME ".box"};
    struct err err = ERR_INIT;
    struct rejected entry;
    struct buf body;

    UNIT_REQUIRE(make_spool());
    buf_init(&body, 100);
    put_file(ref.name, altered, sizeof altered - 1);
    UNIT_STATUS(STATUS_OK, rejected_read(&entry, &spool, &ref, &err), &err);
    UNIT_STATUS(STATUS_CORRUPT, rejected_body(&entry, &spool, &body, NULL), NULL);
    UNIT_INT(0, body.len);
    rejected_free(&entry);
    put_file(ref.name, cut, sizeof cut - 1);
    UNIT_STATUS(STATUS_OK, rejected_read(&entry, &spool, &ref, &err), &err);
    UNIT_STATUS(STATUS_OK, rejected_body(&entry, &spool, &body, &err), &err);
    UNIT_STR("xyz", buf_str(&body));
    rejected_free(&entry);
    buf_free(&body);
    drop_spool();
}

UNIT_TEST(a_body_that_became_shorter_after_its_line_was_read_is_told)
{
    static const char good[] = HEAD_WITH("3", "3", "true") "abc";
    struct rejected_ref ref = {.box = BOX_REFUSED, .name = NAME ".box"};
    struct err err = ERR_INIT;
    struct rejected entry;
    struct buf body;

    UNIT_REQUIRE(make_spool());
    put_file(ref.name, good, sizeof good - 1);
    UNIT_STATUS(STATUS_OK, rejected_read(&entry, &spool, &ref, &err), &err);
    put_file(ref.name, good, sizeof good - 2);
    buf_init(&body, 100);
    UNIT_STATUS(STATUS_CORRUPT, rejected_body(&entry, &spool, &body, NULL), NULL);
    UNIT_INT(0, unlinkat(spool.refused, ref.name, 0));
    UNIT_STATUS(STATUS_MISSING, rejected_body(&entry, &spool, &body, NULL), NULL);
    rejected_free(&entry);
    buf_free(&body);
    drop_spool();
}

UNIT_TEST(what_is_no_regular_file_or_has_another_name_is_told_and_never_waited_for)
{
    static const char good[] = HEAD_WITH("3", "3", "true") "abc";
    struct told told = {0, ""};
    struct rejected_refs refs;
    struct err err = ERR_INIT;

    UNIT_REQUIRE(make_spool());
    put_file("elsewhere", good, sizeof good - 1);
    UNIT_INT(0, renameat(spool.refused, "elsewhere", spool.dir, "elsewhere"));
    UNIT_INT(0, mkfifoat(spool.refused, NAME ".box", 0600));
    UNIT_INT(0, symlinkat("../elsewhere", spool.refused, NAME ".published.box"));
    UNIT_INT(0, mkdirat(spool.quarantine, NAME ".box", 0700));
    put_file("notes", "x", 1);
    put_file(NAME "8.box", "x", 1);
    put_file(SPOOL_BOX_COUNTS, "x", 1);
    put_file(SPOOL_BOX_TMP_PREFIX "1-1", "x", 1);
    UNIT_STATUS(STATUS_OK, rejected_scan(&refs, &spool, BOTH, tell, &told, &err), &err);
    UNIT_INT(0, refs.count);
    UNIT_INT(5, refs.damaged);
    UNIT_INT(5, told.count);
    UNIT_INT(1, refs.unfinished);
    rejected_refs_free(&refs);
    drop_spool();
}

UNIT_TEST(an_entry_is_taken_out_and_one_that_is_gone_is_no_failure)
{
    struct told told = {0, ""};
    struct rejected_refs refs;
    struct rejected entry;
    struct err err = ERR_INIT;

    UNIT_REQUIRE(make_spool() && put(BOX_REFUSED, "", "x", NOW_NS));
    UNIT_STATUS(STATUS_OK, rejected_scan(&refs, &spool, BOTH, tell, &told, &err), &err);
    UNIT_REQUIRE(refs.count == 1);
    for (int i = 0; i < 2; i++)
        UNIT_STATUS(STATUS_OK, rejected_remove(&refs.list[0], &spool, &err), &err);
    UNIT_STATUS(STATUS_OK, rejected_sync(&spool, &err), &err);
    UNIT_STATUS(STATUS_MISSING, rejected_read(&entry, &spool, &refs.list[0], NULL), NULL);
    rejected_refs_free(&refs);
    drop_spool();
}
