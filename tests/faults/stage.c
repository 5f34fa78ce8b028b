/* SPDX-License-Identifier: MIT
 * stage - a spool on which deeds are done.
 */
#include "stage.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "core/event_parts.h"
#include "hook.h"
#include "store/boxes/box.h"
#include "store/intake.h"
#include "store/journal/index.h"

#define SLOTS_BEFORE 250 /* of the 256 of a page */
#define DEADLINE_NS UINT64_C(10000000000)
#define BOX_BODY_LEN 3000
#define CROWD_MASK (~UINT64_C(0xff))

static unsigned boot;
static bool crowded;

/* ---- what is wrapped */

void __wrap_clock_boot_id(char out[CLOCK_BOOT_MAX]);
void __wrap_clock_boot_id(char out[CLOCK_BOOT_MAX])
{
    snprintf(out, CLOCK_BOOT_MAX, "boot %u of a test", boot);
}

uint64_t __real_index_fingerprint(const struct spool *spool, struct str key);
uint64_t __wrap_index_fingerprint(const struct spool *spool, struct str key);
uint64_t __wrap_index_fingerprint(const struct spool *spool, struct str key)
{
    uint64_t fingerprint = __real_index_fingerprint(spool, key);

    return crowded ? fingerprint & CROWD_MASK : fingerprint;
}

void stage_boot(unsigned number)
{
    boot = number;
}

void stage_crowd(bool yes)
{
    crowded = yes;
}

int64_t stage_begin_ns(void)
{
    return INT64_C(1790000000) * 1000000000;
}

/* ---- folders */

bool stage_folder(char *out, size_t len)
{
    const char *where = getenv("TMPDIR");

    if (access("/dev/shm", W_OK | X_OK) == 0)
        where = "/dev/shm";
    snprintf(out, len, "%s/stenohook-faults-XXXXXX", where == NULL ? "/tmp" : where);
    return mkdtemp(out) != NULL;
}

static void empty_at(int parent, const char *name)
{
    int fd = hook_real_open(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *entry;

    while (dir != NULL && (entry = hook_real_readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (hook_real_unlink(fd, entry->d_name, 0) == 0)
            continue;
        empty_at(fd, entry->d_name);
        (void)hook_real_unlink(fd, entry->d_name, AT_REMOVEDIR);
    }
    if (dir != NULL)
        closedir(dir);
}

void stage_empty(const char *path)
{
    empty_at(AT_FDCWD, path);
}

/* ---- open, close */

void stage_fill_page(struct stage *stage)
{
    struct index index;

    index_init(&index, &stage->spool);
    if (index_open(&index, 1, NULL) != STATUS_OK)
        abort();
    for (unsigned i = 0; i < SLOTS_BEFORE; i++)
        if (index_insert(&index, (UINT64_C(0x10000) + i) << 8, (struct place){0, i + 1}, NULL) !=
            STATUS_OK)
            abort();
    index_close(&index);
}

void stage_init(struct stage *stage, const char *root)
{
    memset(stage, 0, sizeof *stage);
    snprintf(stage->path, sizeof stage->path, "%s/spool", root);
    stage->options.segment_max = 4096;
    stage->options.begin = intake_begin;
    stage->now_ns = stage_begin_ns();
}

bool stage_make(struct stage *stage)
{
    err_clear(&stage->err);
    if (spool_create(stage->path, &stage->err) != STATUS_OK)
        return false;
    hook_mark(MARK_SPOOL, 0, NULL, 0);
    return true;
}

bool stage_open(struct stage *stage)
{
    err_clear(&stage->err);
    if (spool_open(&stage->spool, stage->path, &stage->err) != STATUS_OK)
        return false;
    if (journal_open(&stage->journal, &stage->spool, stage->group, &stage->options, &stage->err) ==
        STATUS_OK)
        return true;
    stage->journal = NULL;
    spool_close(&stage->spool);
    return false;
}

void stage_close(struct stage *stage)
{
    if (stage->journal == NULL)
        return;
    journal_close(stage->journal);
    stage->journal = NULL;
    spool_close(&stage->spool);
}

/* ---- deeds */

void deed_key(unsigned number, char out[EVENT_KEY_MAX])
{
    snprintf(out, EVENT_KEY_MAX, "faults transcript deed-%u completed", number);
}

/* Every seventh body spans pages; none holds the bytes of another. */
static size_t deed_body(unsigned number, char out[DEED_BODY_MAX])
{
    size_t fill = number % 7 == 3 ? 5000 + number : 20 + number * 37 % 300;
    size_t len =
        (size_t)snprintf(out, DEED_BODY_MAX, "{\"transcript_id\":\"deed-%u\",\"fill\":\"", number);

    for (size_t i = 0; i < fill; i++)
        out[len++] = (char)('a' + (number * 31 + i * (i + 7)) % 26);
    len += (size_t)snprintf(out + len, DEED_BODY_MAX - len, "\"}");
    return len;
}

void deed_event(struct event_facts *event, unsigned number, char body[DEED_BODY_MAX])
{
    static const char *const hooks[] = {CONFIG_HOOK_DEFAULT};

    *event = (struct event_facts){.about.kind = EVENT_TRANSCRIPT,
                                  .hooks = hooks,
                                  .hook_count = 1,
                                  .received_ns = stage_begin_ns() + (int64_t)number * 1000000,
                                  .endpoint = "faults",
                                  .remote_addr = STR("127.0.0.1"),
                                  .query = STR("a=1"),
                                  .body = {body, deed_body(number, body)},
                                  .about.utf8 = true};
    deed_key(number, event->key);
}

bool deed_line(struct record_line *line, unsigned number)
{
    char body[DEED_BODY_MAX];
    struct event_facts event;

    deed_event(&event, number, body);
    return record_print(line, &(struct event){.facts = event}, (size_t)DEED_BODY_MAX * 3, NULL) ==
           STATUS_OK;
}

static enum status append(struct stage *stage, unsigned number, uint64_t in_ns,
                          char id[RECORD_ID_MAX], bool *duplicate)
{
    const struct receipt *receipt;
    struct record_line line;
    char key[EVENT_KEY_MAX];
    enum status status;

    err_clear(&stage->err);
    hook_mark(MARK_TRIED, number, &stage->now_ns, sizeof stage->now_ns);
    if (stage->journal == NULL && !stage_open(stage))
        return stage->err.status;
    if (!deed_line(&line, number))
        return err_set(&stage->err, STATUS_MEMORY, "no memory for a deed");
    deed_key(number, key);
    status = journal_append(stage->journal, str_of(key), &line, stage->now_ns,
                            clock_mono_ns() + in_ns, &receipt, &stage->err);
    if (status == STATUS_OK) {
        const char *said = receipt_id(receipt);

        hook_mark(MARK_ACKED, number, said, strlen(said) + 1);
        if (id != NULL)
            snprintf(id, RECORD_ID_MAX, "%s", said);
        if (duplicate != NULL)
            *duplicate = receipt_duplicate(receipt);
    }
    record_line_free(&line);
    return status;
}

enum status stage_append(struct stage *stage, unsigned number, char id[RECORD_ID_MAX],
                         bool *duplicate)
{
    return append(stage, number, DEADLINE_NS, id, duplicate);
}

enum status stage_append_until(struct stage *stage, unsigned number, uint64_t in_ns)
{
    return append(stage, number, in_ns, NULL, NULL);
}

bool stage_keep_house(struct stage *stage)
{
    bool more = true;

    err_clear(&stage->err);
    while (more && stage->journal != NULL)
        if (journal_rebuild_slice(stage->journal, clock_mono_ns() + DEADLINE_NS, &more,
                                  &stage->err) != STATUS_OK)
            return false;
    return stage->journal != NULL;
}

/* ---- quarantine */

static void box_body(unsigned number, char out[BOX_BODY_LEN])
{
    for (size_t i = 0; i < BOX_BODY_LEN; i++)
        out[i] = (char)('A' + (number + i * i) % 26);
    snprintf(out, 16, "box-%u", number);
}

bool stage_box(struct stage *stage, unsigned number)
{
    const struct box_limits limits = {.bytes_max = 1 << 20};
    const struct box_entry entry = {.reason = STATUS_MALFORMED,
                                    .detail = "a test",
                                    .endpoint = "faults",
                                    .kept_max = DEED_BODY_MAX,
                                    .received_ns = stage->now_ns};
    char body[BOX_BODY_LEN];
    struct box *box;

    err_clear(&stage->err);
    box_body(number, body);
    if (stage->journal == NULL && !stage_open(stage))
        return false;
    if (box_begin(&box, &stage->spool, BOX_QUARANTINED, &entry, &limits, &stage->err) != STATUS_OK)
        return false;
    if (box_add(box, body, sizeof body, &stage->err) != STATUS_OK) {
        box_abandon(box);
        return false;
    }
    if (box_end(box, true, NULL, &stage->err) != STATUS_OK)
        return false;
    hook_mark(MARK_BOXED, number, NULL, 0);
    return true;
}

static bool holds(int dir, const char *name, const char body[BOX_BODY_LEN])
{
    static const char mark[] = "\"complete\":true";
    char bytes[2 * BOX_BODY_LEN];
    int fd = hook_real_open(dir, name, O_RDONLY);
    ssize_t got = fd < 0 ? -1 : hook_real_pread(fd, bytes, sizeof bytes, 0);
    size_t from = got < BOX_BODY_LEN ? 0 : (size_t)got - BOX_BODY_LEN;

    if (fd >= 0)
        hook_real_close(fd);
    return got > BOX_BODY_LEN && memcmp(bytes + from, body, BOX_BODY_LEN) == 0 &&
           bytes[from - 1] == '\n' && memmem(bytes, from, mark, sizeof mark - 1) != NULL;
}

static bool is_entry(const char *name)
{
    return name[0] != '.' && strcmp(name, SPOOL_BOX_COUNTS) != 0;
}

bool stage_box_name(const struct stage *stage, unsigned number, char out[BOX_FILE_MAX])
{
    int fd = hook_real_open(stage->spool.quarantine, ".", O_RDONLY | O_DIRECTORY);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *entry;
    char body[BOX_BODY_LEN];
    unsigned found = 0;

    box_body(number, body);
    while (dir != NULL && (entry = hook_real_readdir(dir)) != NULL)
        if (is_entry(entry->d_name) && holds(fd, entry->d_name, body)) {
            snprintf(out, BOX_FILE_MAX, "%s", entry->d_name);
            found++;
        }
    if (dir != NULL)
        closedir(dir);
    return found == 1;
}

bool stage_boxed(const struct stage *stage, unsigned number)
{
    char name[BOX_FILE_MAX];

    return stage_box_name(stage, number, name);
}

static bool holds_any(int dir, const char *name)
{
    char body[BOX_BODY_LEN];

    for (unsigned n = 0; n < BOXES_MAX; n++) {
        box_body(n, body);
        if (holds(dir, name, body))
            return true;
    }
    return false;
}

bool stage_boxes_whole(const struct stage *stage)
{
    int fd = hook_real_open(stage->spool.quarantine, ".", O_RDONLY | O_DIRECTORY);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *entry;
    bool whole = dir != NULL;

    while (whole && (entry = hook_real_readdir(dir)) != NULL)
        whole = !is_entry(entry->d_name) || holds_any(fd, entry->d_name);
    if (dir != NULL)
        closedir(dir);
    return whole;
}
