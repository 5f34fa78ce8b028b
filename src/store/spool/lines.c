/* SPDX-License-Identifier: MIT
 * lines - see store/spool/lines.h.
 */
#include "store/spool/lines.h"

#include <errno.h>
#include <string.h>
#include <sys/types.h>

#include "base/clock.h"
#include "base/file.h"

#define BLOCK ((size_t)256 * 1024)

void lines_init(struct lines *lines, int fd, uint64_t from, uint64_t end, size_t max)
{
    *lines =
        (struct lines){.fd = fd, .at = from, .end = end, .max = max, .deadline_ns = UINT64_MAX};
    buf_init(&lines->window, max + 2 * BLOCK);
}

void lines_free(struct lines *lines)
{
    buf_free(&lines->window);
}

/* Moves what is left of the window to its front. */
static void compact_window(struct lines *l)
{
    size_t left = l->window.len - l->start;

    if (l->start == 0)
        return;
    if (left > 0)
        memmove(l->window.ptr, l->window.ptr + l->start, left);
    buf_cut(&l->window, left);
    l->start = 0;
}

/* Adds a block to the window; *got 0 at the end. A file that shrinks meanwhile ends earlier. */
static enum status fill_window(struct lines *l, size_t *got, struct err *err)
{
    uint64_t next = l->at + (l->window.len - l->start);
    size_t want = BLOCK;
    ssize_t n;
    char *room;

    *got = 0;
    if (next >= l->end)
        return STATUS_OK;
    if (clock_mono_ns() >= l->deadline_ns)
        return err_set(err, STATUS_DEADLINE, "no time left to read the journal");
    if (l->end - next < want)
        want = (size_t)(l->end - next);
    compact_window(l);
    room = buf_room(&l->window, want);
    if (room == NULL)
        return buf_status(&l->window, "a line of the journal", err);
    n = file_pread(l->fd, room, want, (off_t)next);
    if (n < 0) {
        l->unreadable = errno == EIO;
        return err_errno(err, "cannot read the journal");
    }
    buf_grew(&l->window, (size_t)n);
    *got = (size_t)n;
    return STATUS_OK;
}

/* Moves past the rest of a line that is too long. */
static enum status skip_line(struct lines *l, struct line *line, struct err *err)
{
    line->too_long = true;
    line->text = STR("");
    for (;;) {
        size_t have = l->window.len - l->start;
        const char *newline = have == 0 ? NULL : memchr(l->window.ptr + l->start, '\n', have);
        size_t over = newline == NULL ? have : (size_t)(newline - (l->window.ptr + l->start)) + 1;
        enum status status;
        size_t got;

        line->len += over;
        l->at += over;
        l->start += over;
        line->ended = newline != NULL;
        if (line->ended)
            return STATUS_OK;
        status = fill_window(l, &got, err);
        if (status != STATUS_OK || got == 0)
            return status;
    }
}

static void take_line(struct lines *l, struct line *line, size_t len, bool ended)
{
    line->text = (struct str){l->window.ptr + l->start, len};
    line->ended = ended;
    line->len = len + (ended ? 1 : 0);
    l->at += line->len;
    l->start += (size_t)line->len;
}

enum status lines_next(struct lines *lines, struct line *line, bool *more, struct err *err)
{
    size_t searched = 0;

    *more = true;
    *line = (struct line){.offset = lines->at};
    for (;;) {
        size_t have = lines->window.len - lines->start;
        const char *begin = lines->window.ptr + lines->start;
        const char *newline =
            searched == have ? NULL : memchr(begin + searched, '\n', have - searched);
        enum status status;
        size_t got;

        if (newline != NULL && (size_t)(newline - begin) <= lines->max) {
            take_line(lines, line, (size_t)(newline - begin), true);
            return STATUS_OK;
        }
        if (have > lines->max)
            return skip_line(lines, line, err);
        searched = have;
        status = fill_window(lines, &got, err);
        if (status != STATUS_OK)
            return status;
        if (got == 0) {
            *more = have > 0;
            take_line(lines, line, have, false);
            return STATUS_OK;
        }
    }
}
