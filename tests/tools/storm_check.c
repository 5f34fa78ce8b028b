/* SPDX-License-Identifier: MIT
 * storm_check - compares what the writers of a storm were promised with what the journal holds.
 */
#include "storm_check.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "core/record.h"

#define FILE_MAX_LEN ((size_t)1024 * 1024 * 1024)
#define SEGMENTS_MAX 100000
#define TOLD_MAX 10

/* "KEY\tID", so that sorting brings equal keys together, and equal places too. */
struct notes {
    char **lines;
    size_t count, cap;
};

static bool add(struct notes *notes, struct str key, const char *id)
{
    char *line;

    if (notes->count == notes->cap) {
        size_t cap = notes->cap == 0 ? 1024 : notes->cap * 2;
        char **lines = reallocarray(notes->lines, cap, sizeof *lines);

        if (lines == NULL)
            return false;
        notes->lines = lines;
        notes->cap = cap;
    }
    if (asprintf(&line, "%.*s\t%s", (int)key.len, key.ptr, id) < 0)
        return false;
    notes->lines[notes->count++] = line;
    return true;
}

static void drop(struct notes *notes)
{
    for (size_t i = 0; i < notes->count; i++)
        free(notes->lines[i]);
    free(notes->lines);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort(struct notes *notes)
{
    if (notes->count > 1)
        qsort(notes->lines, notes->count, sizeof *notes->lines, by_text);
}

/* ---- what was promised */

static bool read_acked(const struct buf *log, struct notes *notes)
{
    struct str rest = buf_str(log), line, id, key;

    while (str_cut(rest, '\n', &line, &rest)) {
        char text[RECORD_ID_MAX];

        if (!str_ends(line, STORM_KEY_END) || !str_cut(line, ' ', &id, &key))
            continue; /* its writing was cut off */
        snprintf(text, sizeof text, "%.*s", (int)id.len, id.ptr);
        if (!add(notes, key, text))
            return false;
    }
    return true;
}

static bool promised(int dir, struct notes *notes)
{
    int fd = file_open(dir, ".", O_RDONLY | O_DIRECTORY, 0);
    DIR *list = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *entry;
    bool ok = list != NULL;

    while (ok && (entry = readdir(list)) != NULL) {
        struct buf log;

        if (strncmp(entry->d_name, "acked.", 6) != 0)
            continue;
        buf_init(&log, FILE_MAX_LEN);
        ok = file_slurp(dir, entry->d_name, &log) == 0 && read_acked(&log, notes);
        buf_free(&log);
    }
    if (list != NULL)
        closedir(list);
    return ok;
}

/* ---- what is there */

static bool exists(const struct spool *spool, uint32_t segment)
{
    char name[SPOOL_NAME_MAX];

    spool_segment_name(name, segment);
    return faccessat(spool->log, name, F_OK, 0) == 0;
}

/* How many bytes of `segment` the header of its follower grants; numbers may be left out. */
static size_t granted(const struct spool *spool, uint32_t segment)
{
    uint32_t next = segment + 1;
    size_t limit = SIZE_MAX;
    char name[SPOOL_NAME_MAX];
    struct buf bytes;
    const char *said;

    while (next < SEGMENTS_MAX && !exists(spool, next))
        next++;
    buf_init(&bytes, FILE_MAX_LEN);
    spool_segment_name(name, next);
    if (file_slurp(spool->log, name, &bytes) == 0) {
        said = strstr(bytes.ptr, "\"prev_valid\":");
        if (said != NULL)
            limit = (size_t)strtoull(said + strlen("\"prev_valid\":"), NULL, 10);
    }
    buf_free(&bytes);
    return limit;
}

static bool read_records(const struct buf *bytes, size_t limit, uint32_t segment,
                         struct notes *notes)
{
    size_t end = bytes->len < limit ? bytes->len : limit;

    for (size_t begin = 0; begin < end;) {
        const char *stop = memchr(bytes->ptr + begin, '\n', end - begin);
        struct str line;

        if (stop == NULL)
            break;
        line = (struct str){bytes->ptr + begin, (size_t)(stop - bytes->ptr) - begin};
        if (record_ok(line)) {
            char id[RECORD_ID_MAX];

            record_id_print(id, segment, begin);
            if (!add(notes, record_key(line), id))
                return false;
        }
        begin += line.len + 1;
    }
    return true;
}

static bool recorded(const struct spool *spool, struct notes *notes)
{
    for (uint32_t segment = 1; segment < SEGMENTS_MAX; segment++) {
        char name[SPOOL_NAME_MAX];
        struct buf bytes;
        bool ok;

        if (!exists(spool, segment))
            continue;
        spool_segment_name(name, segment);
        buf_init(&bytes, FILE_MAX_LEN);
        ok = file_slurp(spool->log, name, &bytes) == 0 &&
             read_records(&bytes, granted(spool, segment), segment, notes);
        buf_free(&bytes);
        if (!ok)
            return false;
    }
    return true;
}

static bool same_key(const char *a, const char *b)
{
    size_t len = strcspn(a, "\t");

    return strncmp(a, b, len + 1) == 0;
}

static void tell(size_t *count, const char *what, const char *line)
{
    if ((*count)++ < TOLD_MAX)
        fprintf(stderr, "storm: %s: %s\n", what, line);
}

bool storm_check(int dir, const struct spool *spool, struct storm_found *found)
{
    struct notes acked = {0}, there = {0};
    bool ok = promised(dir, &acked) && recorded(spool, &there);

    sort(&acked);
    sort(&there);
    *found = (struct storm_found){.acked = acked.count};
    for (size_t i = 1; i < there.count; i++)
        if (same_key(there.lines[i - 1], there.lines[i]))
            tell(&found->twice, "twice", there.lines[i]);
    for (size_t i = 0; i < acked.count; i++)
        if (there.count == 0 || bsearch(&acked.lines[i], there.lines, there.count,
                                        sizeof *there.lines, by_text) == NULL)
            tell(&found->lost, "lost", acked.lines[i]);
    drop(&acked);
    drop(&there);
    return ok;
}
