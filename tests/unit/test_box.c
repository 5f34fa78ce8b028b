/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "store/boxes/box.h"
#include "store/boxes/box_counts.h"
#include "unit.h"

#define NOW_NS INT64_C(1795420218966000000)
#define ENTRY_SUFFIX ".box"

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
    static char path[128];

    snprintf(path, sizeof path, "%s", unit_folder());
    memset(&spool, 0, sizeof spool);
    spool.path = path;
    spool.log = spool.idx = -1;
    spool.dir = file_open(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0);
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

/* Number of entries in a folder; the last one's name in `name` (may be NULL). -1 for a file that
 * has no business there. */
static int entries(int dir, char name[256])
{
    int fd = file_open(dir, ".", O_RDONLY | O_DIRECTORY, 0);
    DIR *d = fdopendir(fd);
    const struct dirent *e;
    int n = 0;

    while ((e = readdir(d)) != NULL) {
        if (e->d_name[0] == '.' && strncmp(e->d_name, SPOOL_BOX_TMP_PREFIX, 5) != 0)
            continue;
        if (strcmp(e->d_name, SPOOL_BOX_COUNTS) == 0)
            continue;
        if (!str_ends(str_of(e->d_name), ENTRY_SUFFIX)) {
            n = -1;
            break;
        }
        if (name != NULL)
            snprintf(name, 256, "%s", e->d_name);
        n++;
    }
    closedir(d);
    return n;
}

static struct box_entry entry_of(const char *query)
{
    struct box_entry entry = {
        .reason = STATUS_UNAUTHORIZED,
        .detail = "the header X-Webhook-Secret has another value",
        .endpoint = "calls",
        .query = str_of(query),
        .content_type = STR("application/json"),
        .user_agent = STR_NONE,
        .remote_addr = STR("192.0.2.7"),
        .kept_max = 16 << 20,
        .received_ns = NOW_NS,
    };

    return entry;
}

static enum status put(enum box_kind kind, const struct box_entry *entry,
                       const struct box_limits *limits, const char *body, size_t len, bool complete,
                       bool *again)
{
    struct box *box = NULL;
    struct err err = ERR_INIT;
    enum status status = box_begin(&box, &spool, kind, entry, limits, &err);

    while (status == STATUS_OK && len > 0) {
        size_t piece = len < 1000 ? len : 1000;

        status = box_add(box, body, piece, &err);
        body += piece;
        len -= piece;
    }
    if (status == STATUS_OK)
        return box_end(box, complete, again, &err);
    box_abandon(box);
    return status;
}

static bool content(int dir, struct buf *out)
{
    char name[256];

    buf_init(out, 64 << 20);
    return entries(dir, name) == 1 && file_slurp(dir, name, out) == 0;
}

static void split(const struct buf *file, struct str *head, struct str *body)
{
    *head = *body = STR_NONE;
    (void)str_cut(buf_str(file), '\n', head, body);
}

static bool head_has(struct str head, const char *text)
{
    return memmem(head.ptr, head.len, text, strlen(text)) != NULL;
}

UNIT_TEST(an_entry_is_a_line_of_json_and_then_the_body)
{
    static const char body[] = "{\"a\":1}\n\n\0x";
    struct box_entry entry = entry_of("customer_id=7");
    struct buf file;
    struct str head, rest;
    bool again = true;

    UNIT_REQUIRE(make_spool());
    UNIT_STATUS(STATUS_OK, put(BOX_QUARANTINED, &entry, &wide, body, sizeof body, true, &again),
                NULL);
    UNIT_FALSE(again);
    UNIT_REQUIRE(content(spool.quarantine, &file));
    split(&file, &head, &rest);
    UNIT_TRUE(str_eq(rest, (struct str){body, sizeof body}));
    UNIT_TRUE(str_starts(head, "{\"box\":1,\"sha256\":\""));
    UNIT_TRUE(head_has(head, "\"bytes\":12  "));
    UNIT_TRUE(head_has(head, "\"kept\":12  "));
    UNIT_TRUE(head_has(head, "\"complete\":true "));
    UNIT_TRUE(head_has(head, "\"reason\":\"unauthorized\""));
    UNIT_TRUE(head_has(head, "\"endpoint\":\"calls\""));
    UNIT_TRUE(head_has(head, "\"query\":\"customer_id=7\""));
    UNIT_TRUE(head_has(head, "\"content_type\":\"application/json\""));
    UNIT_FALSE(head_has(head, "user_agent"));
    UNIT_TRUE(str_ends(head, "}"));
    buf_free(&file);
    drop_spool();
}

UNIT_TEST(the_line_names_the_digest_of_the_body)
{
    struct box_entry entry = entry_of("");
    struct buf file;
    struct str head, rest;

    UNIT_REQUIRE(make_spool());
    UNIT_STATUS(STATUS_OK, put(BOX_QUARANTINED, &entry, &wide, "abc", 3, true, NULL), NULL);
    UNIT_REQUIRE(content(spool.quarantine, &file));
    split(&file, &head, &rest);
    UNIT_TRUE(
        head_has(head, "\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\""));
    buf_free(&file);
    drop_spool();
}

UNIT_TEST(hostile_text_stays_on_the_one_line)
{
    struct box_entry entry = entry_of("a=\"\\\xff\n&b");
    struct buf file;
    struct str head, rest;

    UNIT_REQUIRE(make_spool());
    entry.user_agent = STR("x\r\n\x1b[31m\xfe");
    UNIT_STATUS(STATUS_OK, put(BOX_REFUSED, &entry, &wide, "body", 4, true, NULL), NULL);
    UNIT_REQUIRE(content(spool.refused, &file));
    split(&file, &head, &rest);
    UNIT_STR("body", rest);
    UNIT_TRUE(head_has(head, "\"query\":\"a=\\\"\\\\%FF%0A&b\""));
    UNIT_TRUE(head_has(head, "\"user_agent\":\"x\\u000d\\u000a\\u001b[31m\xef\xbf\xbd\"") ||
              head_has(head, "\"user_agent\":\"x\\r\\n\\u001b[31m\xef\xbf\xbd\""));
    buf_free(&file);
    drop_spool();
}

UNIT_TEST(a_retry_is_the_same_entry_and_another_query_is_not)
{
    struct box_entry one = entry_of("n=1");
    struct box_entry two = entry_of("n=2");
    bool again = false;

    UNIT_REQUIRE(make_spool());
    for (int kind = BOX_QUARANTINED; kind <= BOX_REFUSED; kind++) {
        int dir = kind == BOX_QUARANTINED ? spool.quarantine : spool.refused;

        UNIT_STATUS(STATUS_OK, put((enum box_kind)kind, &one, &wide, "x", 1, true, &again), NULL);
        UNIT_FALSE(again);
        UNIT_STATUS(STATUS_OK, put((enum box_kind)kind, &one, &wide, "x", 1, true, &again), NULL);
        UNIT_TRUE(again);
        UNIT_INT(1, entries(dir, NULL));
        UNIT_STATUS(STATUS_OK, put((enum box_kind)kind, &two, &wide, "x", 1, true, &again), NULL);
        UNIT_FALSE(again);
        UNIT_INT(2, entries(dir, NULL));
    }
    drop_spool();
}

UNIT_TEST(of_a_strangers_body_64_KiB_are_kept_and_the_rest_is_counted)
{
    static char body[BOX_STRANGER_BODY_MAX + 1];
    struct box_entry entry = entry_of("");
    struct buf file;
    struct str head, rest;

    memset(body, 'b', sizeof body);
    UNIT_REQUIRE(make_spool());
    UNIT_STATUS(STATUS_OK, put(BOX_REFUSED, &entry, &wide, body, sizeof body, true, NULL), NULL);
    UNIT_REQUIRE(content(spool.refused, &file));
    split(&file, &head, &rest);
    UNIT_INT(BOX_STRANGER_BODY_MAX, rest.len);
    UNIT_TRUE(head_has(head, "\"bytes\":65537 "));
    UNIT_TRUE(head_has(head, "\"kept\":65536 "));
    UNIT_TRUE(head_has(head, "\"complete\":false"));
    buf_free(&file);
    drop_spool();
}

UNIT_TEST(a_strangers_body_of_64_KiB_is_whole)
{
    static char body[BOX_STRANGER_BODY_MAX];
    struct box_entry entry = entry_of("");
    struct buf file;
    struct str head, rest;

    UNIT_REQUIRE(make_spool());
    UNIT_STATUS(STATUS_OK, put(BOX_REFUSED, &entry, &wide, body, sizeof body, true, NULL), NULL);
    UNIT_REQUIRE(content(spool.refused, &file));
    split(&file, &head, &rest);
    UNIT_TRUE(head_has(head, "\"complete\":true "));
    buf_free(&file);
    drop_spool();
}

UNIT_TEST(a_refused_body_from_a_published_address_is_kept_whole_under_its_own_name)
{
    static char body[BOX_STRANGER_BODY_MAX + 1];
    struct box_entry entry = entry_of("");
    char name[256] = "";
    struct buf file;
    struct str head, rest;

    entry.published = true;
    UNIT_REQUIRE(make_spool());
    UNIT_STATUS(STATUS_OK, put(BOX_REFUSED, &entry, &wide, body, sizeof body, true, NULL), NULL);
    UNIT_REQUIRE(content(spool.refused, &file));
    split(&file, &head, &rest);
    UNIT_INT(sizeof body, rest.len);
    UNIT_TRUE(head_has(head, "\"published\":true"));
    UNIT_INT(1, entries(spool.refused, name));
    UNIT_TRUE(str_ends(str_of(name), SPOOL_BOX_PUBLISHED_SUFFIX));
    buf_free(&file);
    drop_spool();
}

UNIT_TEST(of_an_entry_no_more_is_kept_than_its_own_limit)
{
    struct box_entry entry = entry_of("");
    struct buf file;
    struct str head, rest;

    entry.kept_max = 3;
    UNIT_REQUIRE(make_spool());
    UNIT_STATUS(STATUS_OK, put(BOX_QUARANTINED, &entry, &wide, "abcd", 4, true, NULL), NULL);
    UNIT_REQUIRE(content(spool.quarantine, &file));
    split(&file, &head, &rest);
    UNIT_STR("abc", rest);
    UNIT_TRUE(head_has(head, "\"complete\":false"));
    buf_free(&file);
    drop_spool();
}

UNIT_TEST(in_a_full_refused_box_a_stranger_replaces_a_stranger_and_no_published_address)
{
    struct box_limits limits = {.bytes_max = 2000};
    struct box_entry entry = entry_of("");
    char body[1500] = "";

    UNIT_REQUIRE(make_spool());
    UNIT_STATUS(STATUS_OK, put(BOX_REFUSED, &entry, &limits, body, sizeof body, true, NULL), NULL);
    entry.query = STR("n=2");
    UNIT_STATUS(STATUS_OK, put(BOX_REFUSED, &entry, &limits, body, sizeof body, true, NULL), NULL);
    UNIT_INT(1, entries(spool.refused, NULL));
    entry.published = true;
    UNIT_STATUS(STATUS_OK, put(BOX_REFUSED, &entry, &limits, body, sizeof body, true, NULL), NULL);
    UNIT_STATUS(STATUS_OK, put(BOX_QUARANTINED, &entry, &limits, body, sizeof body, true, NULL),
                NULL);
    drop_spool();
}

UNIT_TEST(a_refused_box_of_no_bytes_is_switched_off)
{
    struct box_limits limits = {.bytes_max = 0};
    struct box_entry entry = entry_of("");

    UNIT_REQUIRE(make_spool());
    UNIT_STATUS(STATUS_LIMIT, put(BOX_REFUSED, &entry, &limits, "x", 1, true, NULL), NULL);
    UNIT_INT(0, entries(spool.refused, NULL));
    drop_spool();
}

UNIT_TEST(the_refused_box_holds_a_thousand_entries_of_strangers_a_hundred_of_each_network)
{
    struct box_entry entry = entry_of("");
    char query[32];

    UNIT_REQUIRE(make_spool());
    for (unsigned i = 0; i < BOX_COUNT_MAX + 300; i++) {
        snprintf(query, sizeof query, "n=%u", i);
        entry.query = str_of(query);
        /* The last network has not more than the first, which comes twice. */
        entry.network = 1 + i / 120 % 10;
        UNIT_STATUS(STATUS_OK, put(BOX_REFUSED, &entry, &wide, "x", 1, true, NULL), NULL);
        if (i == 119)
            UNIT_INT(BOX_COUNT_MAX / BOX_SHARES, entries(spool.refused, NULL));
    }
    UNIT_INT(BOX_COUNT_MAX, entries(spool.refused, NULL));
    drop_spool();
}

UNIT_TEST(old_refused_entries_and_deserted_files_make_room)
{
    struct timespec old[2] = {{.tv_sec = NOW_NS / NS_PER_S - BOX_AGE_MAX_S - 1},
                              {.tv_sec = NOW_NS / NS_PER_S - BOX_AGE_MAX_S - 1}};
    struct box_entry entry = entry_of("n=old");
    char name[256] = "";
    int fd;

    UNIT_REQUIRE(make_spool());
    UNIT_STATUS(STATUS_OK, put(BOX_REFUSED, &entry, &wide, "x", 1, true, NULL), NULL);
    UNIT_STATUS(STATUS_OK, put(BOX_QUARANTINED, &entry, &wide, "x", 1, true, NULL), NULL);
    UNIT_INT(1, entries(spool.refused, name));
    UNIT_INT(0, utimensat(spool.refused, name, old, 0));
    UNIT_INT(1, entries(spool.quarantine, name));
    UNIT_INT(0, utimensat(spool.quarantine, name, old, 0));
    fd = file_open(spool.quarantine, SPOOL_BOX_TMP_PREFIX "1-1", O_WRONLY | O_CREAT, 0600);
    UNIT_INT(0, futimens(fd, old));
    file_close(&fd);
    entry.query = STR("n=new");
    entry.received_ns += BOX_SWEEP_S * NS_PER_S;
    UNIT_STATUS(STATUS_OK, put(BOX_REFUSED, &entry, &wide, "x", 1, true, NULL), NULL);
    UNIT_INT(1, entries(spool.refused, NULL));
    UNIT_INT(1, entries(spool.quarantine, NULL));
    UNIT_INT(-1, faccessat(spool.quarantine, SPOOL_BOX_TMP_PREFIX "1-1", F_OK, 0));
    drop_spool();
}

UNIT_TEST(below_the_reserve_nothing_is_kept_and_the_refused_box_stops_at_twice_of_it)
{
    struct box_limits limits = wide;
    struct box_entry entry = entry_of("");
    struct file_space space = {.bytes = 0};

    UNIT_REQUIRE(make_spool());
    UNIT_INT(0, file_free_space(spool.dir, &space));
    limits.reserve.bytes = space.bytes / 3 * 2;
    UNIT_STATUS(STATUS_NO_SPACE, put(BOX_REFUSED, &entry, &limits, "x", 1, true, NULL), NULL);
    UNIT_STATUS(STATUS_OK, put(BOX_QUARANTINED, &entry, &limits, "x", 1, true, NULL), NULL);
    limits.reserve.bytes = space.bytes * 2;
    UNIT_STATUS(STATUS_NO_SPACE, put(BOX_QUARANTINED, &entry, &limits, "y", 1, true, NULL), NULL);
    drop_spool();
}

UNIT_TEST(while_another_process_counts_a_stranger_is_not_kept)
{
    struct box_entry entry = entry_of("");
    struct box_counts_file held;
    struct err err = ERR_INIT;

    UNIT_REQUIRE(make_spool());
    UNIT_STATUS(STATUS_OK, box_counts_open(&held, &spool, NOW_NS, 0, &err), &err);
    UNIT_STATUS(STATUS_LIMIT, put(BOX_REFUSED, &entry, &wide, "x", 1, true, NULL), NULL);
    box_counts_close(&held);
    UNIT_STATUS(STATUS_OK, put(BOX_REFUSED, &entry, &wide, "x", 1, true, NULL), NULL);
    drop_spool();
}

UNIT_TEST(a_delivery_that_is_likely_real_waits_for_the_counts)
{
    static const char body[] = "{\"transcript_id\":\"5552493-16d8\",\"status\":\"completed\"}";
    struct box_entry entry = entry_of("");
    struct box_counts_file held;
    struct err err = ERR_INIT;
    uint64_t begun;

    UNIT_REQUIRE(make_spool());
    UNIT_STATUS(STATUS_OK, box_counts_open(&held, &spool, NOW_NS, 0, &err), &err);
    begun = clock_mono_ns();
    UNIT_STATUS(STATUS_LIMIT, put(BOX_REFUSED, &entry, &wide, body, sizeof body - 1, true, NULL),
                NULL);
    UNIT_TRUE(clock_mono_ns() - begun >= 90 * (uint64_t)NS_PER_MS);
    box_counts_close(&held);
    UNIT_STATUS(STATUS_OK, put(BOX_REFUSED, &entry, &wide, body, sizeof body - 1, true, NULL),
                NULL);
    drop_spool();
}

UNIT_TEST(broken_counts_are_taken_anew)
{
    struct box_limits limits = {.bytes_max = 2000};
    struct box_entry entry = entry_of("");
    char body[1500] = "";
    int fd;

    UNIT_REQUIRE(make_spool());
    UNIT_STATUS(STATUS_OK, put(BOX_REFUSED, &entry, &limits, body, sizeof body, true, NULL), NULL);
    fd = file_open(spool.refused, SPOOL_BOX_COUNTS, O_WRONLY, 0);
    UNIT_INT(0, file_pwrite(fd, "rubbish", 7, 20));
    file_close(&fd);
    entry.query = STR("n=2");
    UNIT_STATUS(STATUS_LIMIT, put(BOX_REFUSED, &entry, &limits, body, sizeof body, true, NULL),
                NULL);
    drop_spool();
}

UNIT_TEST(an_abandoned_entry_leaves_nothing)
{
    struct box_entry entry = entry_of("");
    struct box *box = NULL;
    struct err err = ERR_INIT;

    UNIT_REQUIRE(make_spool());
    UNIT_STATUS(STATUS_OK, box_begin(&box, &spool, BOX_QUARANTINED, &entry, &wide, &err), &err);
    UNIT_STATUS(STATUS_OK, box_add(box, "x", 1, &err), &err);
    UNIT_INT(0, entries(spool.quarantine, NULL));
    box_abandon(box);
    UNIT_INT(0, entries(spool.quarantine, NULL));
    drop_spool();
}

UNIT_TEST(a_refused_line_that_is_too_long_is_not_kept_but_quarantined)
{
    static char query[BOX_REFUSED_HEAD_MAX];
    struct box_entry entry = entry_of("");

    memset(query, 'q', sizeof query);
    entry.query = (struct str){query, sizeof query};
    UNIT_REQUIRE(make_spool());
    UNIT_STATUS(STATUS_LIMIT, put(BOX_REFUSED, &entry, &wide, "x", 1, true, NULL), NULL);
    UNIT_STATUS(STATUS_OK, put(BOX_QUARANTINED, &entry, &wide, "x", 1, true, NULL), NULL);
    drop_spool();
}
