/* SPDX-License-Identifier: MIT
 * reader_kit - a spool with real records, and ways to damage it.
 */
#include "reader_kit.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "core/event_parts.h"
#include "store/intake.h"

#define NOW_NS INT64_C(1795420218966000000) /* 2026-11-23T07:50:18.966Z */
#define WAIT_NS UINT64_C(5000000000)

bool reader_kit_open(struct reader_kit *kit, uint64_t segment_max)
{
    struct journal_options options = {.segment_max = segment_max, .begin = intake_begin};
    struct err err = ERR_INIT;

    *kit = (struct reader_kit){.journal = NULL};
    snprintf(kit->path, sizeof kit->path, "%s/spool", unit_folder());
    if (spool_create(kit->path, &err) != STATUS_OK ||
        spool_open(&kit->spool, kit->path, &err) != STATUS_OK)
        return unit_true(false, err.text, __FILE__, __LINE__);
    if (journal_open(&kit->journal, &kit->spool, NULL, &options, &err) != STATUS_OK)
        return unit_true(false, err.text, __FILE__, __LINE__);
    return true;
}

void reader_kit_close(struct reader_kit *kit)
{
    journal_close(kit->journal);
    kit->journal = NULL;
    spool_close(&kit->spool);
}

bool reader_kit_line(struct record_line *line, char key[EVENT_KEY_MAX], const char *transcript,
                     struct str body)
{
    struct event_facts event = {.about.kind = EVENT_TRANSCRIPT,
                                .about.subject_name = "transcript_id",
                                .about.status = "completed",
                                .received_ns = NOW_NS,
                                .endpoint = "calls",
                                .remote_addr = STR("44.238.19.20"),
                                .query = STR("a=1&b=%22"),
                                .content_type = STR("application/json"),
                                .user_agent = STR_NONE,
                                .body = body,
                                .about.utf8 = true};
    struct err err = ERR_INIT;

    snprintf(event.about.subject, sizeof event.about.subject, "%s", transcript);
    snprintf(event.key, sizeof event.key, "calls transcript %s completed", transcript);
    snprintf(key, EVENT_KEY_MAX, "%s", event.key);
    return record_print(line, &(struct event){.facts = event}, 64 * 1024 * 1024, &err) == STATUS_OK;
}

struct place reader_kit_add_body(struct reader_kit *kit, const char *transcript, struct str body)
{
    struct place place = {0, 0};
    struct err err = ERR_INIT;
    const struct receipt *receipt;
    char key[EVENT_KEY_MAX];
    struct record_line line;

    if (!reader_kit_line(&line, key, transcript, body))
        return place;
    if (journal_append(kit->journal, str_of(key), &line, NOW_NS, clock_mono_ns() + WAIT_NS,
                       &receipt, &err) == STATUS_OK)
        (void)record_id_parse(str_of(receipt_id(receipt)), &place.segment, &place.offset);
    else
        (void)unit_true(false, err.text, __FILE__, __LINE__);
    record_line_free(&line);
    return place;
}

struct place reader_kit_add(struct reader_kit *kit, const char *transcript)
{
    return reader_kit_add_body(kit, transcript,
                               STR("{\"transcript_id\": \"t\", \"status\": \"completed\"}"));
}

static int open_segment(const struct reader_kit *kit, uint32_t segment, int flags)
{
    char name[SPOOL_NAME_MAX];

    spool_segment_name(name, segment);
    return file_open(kit->spool.log, name, flags, 0600);
}

uint64_t reader_kit_size(const struct reader_kit *kit, uint32_t segment)
{
    char name[SPOOL_NAME_MAX];
    struct stat sb;

    spool_segment_name(name, segment);
    return fstatat(kit->spool.log, name, &sb, 0) == 0 ? (uint64_t)sb.st_size : 0;
}

bool reader_kit_read(const struct reader_kit *kit, uint32_t segment, struct buf *out)
{
    char name[SPOOL_NAME_MAX];

    spool_segment_name(name, segment);
    return file_slurp(kit->spool.log, name, out) == 0;
}

bool reader_kit_write(const struct reader_kit *kit, uint32_t segment, uint64_t offset,
                      const void *bytes, size_t len)
{
    int fd = open_segment(kit, segment, O_WRONLY);
    bool done = fd >= 0 && file_pwrite(fd, bytes, len, (off_t)offset) == 0;

    file_close(&fd);
    return done;
}

bool reader_kit_append(const struct reader_kit *kit, uint32_t segment, const void *bytes,
                       size_t len)
{
    return reader_kit_write(kit, segment, reader_kit_size(kit, segment), bytes, len);
}

bool reader_kit_truncate(const struct reader_kit *kit, uint32_t segment, uint64_t len)
{
    int fd = open_segment(kit, segment, O_WRONLY);
    bool done = fd >= 0 && ftruncate(fd, (off_t)len) == 0;

    file_close(&fd);
    return done;
}

bool reader_kit_remove(const struct reader_kit *kit, uint32_t segment)
{
    char name[SPOOL_NAME_MAX];

    spool_segment_name(name, segment);
    return unlinkat(kit->spool.log, name, 0) == 0;
}

bool reader_kit_reboot(struct reader_kit *kit)
{
    journal_close(kit->journal);
    kit->journal = NULL;
    return unlinkat(kit->spool.dir, SPOOL_STATE, 0) == 0 &&
           unlinkat(kit->spool.dir, SPOOL_COMMIT, 0) == 0;
}

static char letter_of(const struct reader_item *item)
{
    switch (item->found) {
    case READER_RECORD:
        return 'R';
    case READER_HEADER:
        return 'H';
    case READER_TORN:
        return 't';
    case READER_VOID:
        return 'v';
    case READER_ROTTEN:
        return 'X';
    }
    return '?';
}

void reader_kit_walk(const struct reader_kit *kit, struct place from, char found[KIT_FOUND_MAX])
{
    struct err err = ERR_INIT;
    struct reader *reader;
    size_t n = 0;

    found[0] = '\0';
    if (reader_open(&reader, &kit->spool, from, &err) != STATUS_OK) {
        snprintf(found, KIT_FOUND_MAX, "!%.200s", err.text);
        return;
    }
    for (;;) {
        struct reader_item item;
        bool more;

        if (reader_next(reader, &item, &more, &err) != STATUS_OK) {
            found[n++] = '!';
            break;
        }
        if (!more || n + 2 > KIT_FOUND_MAX)
            break;
        found[n++] = letter_of(&item);
    }
    found[n] = '\0';
    reader_close(reader);
}

const char *reader_kit_found(const struct reader_kit *kit)
{
    static char found[KIT_FOUND_MAX];

    reader_kit_walk(kit, (struct place){0, 0}, found);
    return found;
}
