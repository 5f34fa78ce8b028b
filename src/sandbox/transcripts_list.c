/* SPDX-License-Identifier: MIT
 * transcripts_list - the pages of transcripts.h.
 *
 * A day is a folder, and ids are in order, so a page is found by names alone.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "sandbox/transcripts.h"

#define DAYS_MAX 100000
#define DAY_IDS_MAX 1000000
#define MS_PER_DAY INT64_C(86400000)

/* Names of one length, in order. */
struct folder_names {
    char *ptr; /* `count` times `size` bytes */
    size_t size;
    size_t count;
    size_t room;
};

struct page_walk {
    const struct transcripts *state;
    const struct transcripts_query *query;
    char oldest[TRANSCRIPT_DAY_MAX];
    bool upwards; /* from the oldest on */
    struct transcripts_page *page;
    size_t limit;
};

static enum status add_name(struct folder_names *n, const char *name, size_t max, struct err *err)
{
    if (n->count == max)
        return err_set(err, STATUS_LIMIT, "a folder has more than %zu entries", max);
    if (n->count == n->room) {
        size_t room = n->room == 0 ? 256 : 2 * n->room;
        char *grown = realloc(n->ptr, room * n->size);

        if (grown == NULL)
            return err_set(err, STATUS_MEMORY, "no memory for a list");
        n->ptr = grown;
        n->room = room;
    }
    memcpy(n->ptr + n->count * n->size, name, n->size - 1);
    n->ptr[n->count * n->size + n->size - 1] = '\0';
    n->count++;
    return STATUS_OK;
}

static int compare_days(const void *a, const void *b)
{
    return memcmp(a, b, TRANSCRIPT_DAY_MAX);
}

static int compare_ids(const void *a, const void *b)
{
    return memcmp(a, b, TRANSCRIPT_ID_MAX);
}

/* Adds each entry that `fits`, cut to its first size - 1 bytes. */
static enum status read_folder(int dir, const char *folder, struct folder_names *n, size_t max,
                               bool (*fits)(const struct page_walk *w, const char *name),
                               const struct page_walk *w, struct err *err)
{
    int fd = file_open(dir, folder, O_RDONLY | O_DIRECTORY, 0);
    DIR *stream = fd < 0 ? NULL : fdopendir(fd);
    enum status status = STATUS_OK;
    struct dirent *entry;

    if (stream == NULL) {
        status = err_errno(err, "cannot read the folder %s", folder);
        file_close(&fd);
        return status;
    }
    while (status == STATUS_OK && (errno = 0, entry = readdir(stream)) != NULL)
        if (fits(w, entry->d_name))
            status = add_name(n, entry->d_name, max, err);
    if (status == STATUS_OK && errno != 0)
        status = err_errno(err, "cannot read the folder %s", folder);
    closedir(stream);
    return status;
}

static bool day_fits(const struct page_walk *w, const char *name)
{
    const struct transcripts_query *q = w->query;
    char day[TRANSCRIPT_DAY_MAX];
    int64_t ns;

    if (strlen(name) != TRANSCRIPT_DAY_MAX - 1 || !clock_iso_parse(str_of(name), &ns))
        return false;
    if (strcmp(name, w->oldest) < 0 || (q->day[0] != '\0' && strcmp(name, q->day) != 0))
        return false;
    if (q->before[0] != '\0') {
        transcript_id_day(q->before, day);
        if (strcmp(name, day) > 0)
            return false;
    }
    if (q->after[0] != '\0') {
        transcript_id_day(q->after, day);
        if (strcmp(name, day) < 0)
            return false;
    }
    return true;
}

static bool id_fits(const struct page_walk *w, const char *name)
{
    const struct transcripts_query *q = w->query;

    return strlen(name) > TRANSCRIPT_ID_LEN && strcmp(name + TRANSCRIPT_ID_LEN, ".json") == 0 &&
           transcript_id_ok((struct str){name, TRANSCRIPT_ID_LEN}) &&
           (q->before[0] == '\0' || memcmp(name, q->before, TRANSCRIPT_ID_LEN) < 0) &&
           (q->after[0] == '\0' || memcmp(name, q->after, TRANSCRIPT_ID_LEN) > 0);
}

static enum status status_fits(const struct page_walk *w, const char *id, struct buf *text,
                               bool *fits, struct err *err)
{
    struct transcript transcript;
    enum status status;

    *fits = true;
    if (!w->query->has_status)
        return STATUS_OK;
    status = transcripts_read(w->state, id, text, &transcript, err);
    if (status == STATUS_OK)
        *fits = transcript_status(&transcript, w->query->now_ms) == w->query->status;
    return status;
}

static enum status walk_day(const struct page_walk *w, const char *day, struct buf *text,
                            struct err *err)
{
    struct folder_names ids = {.size = TRANSCRIPT_ID_MAX};
    enum status status =
        read_folder(w->state->transcripts, day, &ids, DAY_IDS_MAX, id_fits, w, err);

    if (ids.count > 1)
        qsort(ids.ptr, ids.count, ids.size, compare_ids);
    for (size_t i = 0; i < ids.count && status == STATUS_OK && w->page->count < w->limit; i++) {
        const char *id = ids.ptr + (w->upwards ? i : ids.count - 1 - i) * ids.size;
        bool fits;

        status = status_fits(w, id, text, &fits, err);
        if (status == STATUS_OK && fits)
            memcpy(w->page->ids[w->page->count++], id, TRANSCRIPT_ID_MAX);
    }
    free(ids.ptr);
    return status;
}

static void reverse_page(struct transcripts_page *page)
{
    for (size_t i = 0; i < page->count / 2; i++) {
        char swap[TRANSCRIPT_ID_MAX];

        memcpy(swap, page->ids[i], sizeof swap);
        memcpy(page->ids[i], page->ids[page->count - 1 - i], sizeof swap);
        memcpy(page->ids[page->count - 1 - i], swap, sizeof swap);
    }
}

/* Fills page->ids with the first results. */
static enum status collect_page(const struct transcripts *state,
                                const struct transcripts_query *query,
                                struct transcripts_page *page, struct err *err)
{
    struct page_walk w = {
        .state = state,
        .query = query,
        .page = page,
        .limit = query->limit,
        .upwards = query->after[0] != '\0' && query->before[0] == '\0',
    };
    struct folder_names days = {.size = TRANSCRIPT_DAY_MAX};
    char iso[CLOCK_ISO_MAX];
    enum status status;
    struct buf text;

    clock_iso((query->now_ms - TRANSCRIPTS_DAYS * MS_PER_DAY) * NS_PER_MS, iso);
    memcpy(w.oldest, iso, TRANSCRIPT_DAY_MAX - 1);
    buf_init(&text, TRANSCRIPT_TEXT_MAX);
    page->count = 0;
    status = read_folder(state->transcripts, ".", &days, DAYS_MAX, day_fits, &w, err);
    if (days.count > 1)
        qsort(days.ptr, days.count, days.size, compare_days);
    for (size_t i = 0; i < days.count && status == STATUS_OK && page->count < w.limit; i++)
        status =
            walk_day(&w, days.ptr + (w.upwards ? i : days.count - 1 - i) * days.size, &text, err);
    if (w.upwards)
        reverse_page(page);
    free(days.ptr);
    buf_free(&text);
    return status;
}

/* Whether there is another one: older than `before`, or newer than `after`. */
static enum status probe_page(const struct transcripts *state,
                              const struct transcripts_query *query, const char *before,
                              const char *after, bool *found, struct err *err)
{
    struct transcripts_query q = *query;
    struct transcripts_page page;
    enum status status;

    memcpy(q.before, before, strlen(before) + 1);
    memcpy(q.after, after, strlen(after) + 1);
    q.limit = 1;
    status = collect_page(state, &q, &page, err);
    if (status == STATUS_OK)
        *found = page.count > 0;
    return status;
}

enum status transcripts_list(const struct transcripts *state, const struct transcripts_query *query,
                             struct transcripts_page *page, struct err *err)
{
    struct transcripts_page p = {.count = 0};
    enum status status = collect_page(state, query, &p, err);

    if (status == STATUS_OK && p.count > 0)
        status = probe_page(state, query, p.ids[p.count - 1], "", &p.has_older, err);
    if (status == STATUS_OK && p.count > 0)
        status = probe_page(state, query, "", p.ids[0], &p.has_newer, err);
    if (status == STATUS_OK)
        *page = p;
    return status;
}
