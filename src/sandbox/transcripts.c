/* SPDX-License-Identifier: MIT
 * transcripts - see sandbox/transcripts.h.
 */
#include "sandbox/transcripts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"

#define LOCK_NS (5 * NS_PER_S)
#define NAME_MAX_LEN 64
#define LOCK_FILE "lock"
#define RATE_FILE "rate"

static enum status open_folder(int dir, const char *name, int *out, struct err *err)
{
    if (mkdirat(dir, name, 0700) < 0 && errno != EEXIST)
        return err_errno(err, "cannot make the folder %s", name);
    *out = file_open(dir, name, O_RDONLY | O_DIRECTORY, 0);
    return *out < 0 ? err_errno(err, "cannot open the folder %s", name) : STATUS_OK;
}

static void sweep_uploads(const struct transcripts *state)
{
    int fd = file_open(state->uploads, ".", O_RDONLY | O_DIRECTORY, 0);
    DIR *stream = fd < 0 ? NULL : fdopendir(fd);
    time_t oldest = (time_t)(clock_wall_ns() / NS_PER_S) - TRANSCRIPTS_UPLOAD_S;
    struct dirent *entry;
    struct stat st;

    if (stream == NULL) {
        file_close(&fd);
        return;
    }
    while ((entry = readdir(stream)) != NULL)
        if (str_ends(str_of(entry->d_name), TRANSCRIPTS_PART) &&
            fstatat(state->uploads, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            st.st_mtime < oldest)
            (void)unlinkat(state->uploads, entry->d_name, 0);
    closedir(stream);
}

enum status transcripts_open(struct transcripts *state, const char *path, struct err *err)
{
    struct transcripts s = {-1, -1, -1, -1};
    enum status status = open_folder(AT_FDCWD, path, &s.dir, err);

    if (status == STATUS_OK)
        status = open_folder(s.dir, "transcripts", &s.transcripts, err);
    if (status == STATUS_OK)
        status = open_folder(s.dir, "due", &s.due, err);
    if (status == STATUS_OK)
        status = open_folder(s.dir, "uploads", &s.uploads, err);
    if (status == STATUS_OK && file_sync_dir(s.dir) < 0)
        status = err_errno(err, "cannot sync the folder %s", path);
    if (status != STATUS_OK) {
        transcripts_close(&s);
        return status;
    }
    sweep_uploads(&s);
    *state = s;
    return status;
}

void transcripts_close(struct transcripts *state)
{
    file_close(&state->dir);
    file_close(&state->transcripts);
    file_close(&state->due);
    file_close(&state->uploads);
}

/* ---- transcripts */

static enum status day_folder(const struct transcripts *state, const char *id, int *out,
                              struct err *err)
{
    char day[TRANSCRIPT_DAY_MAX];
    enum status status;

    transcript_id_day(id, day);
    status = open_folder(state->transcripts, day, out, err);
    /* Its name must be as durable as its files. */
    if (status == STATUS_OK && file_sync_dir(state->transcripts) < 0) {
        status = err_errno(err, "cannot sync the folder transcripts");
        file_close(out);
    }
    return status;
}

static enum status write_transcript(int folder, const struct transcript *transcript,
                                    struct err *err)
{
    char name[NAME_MAX_LEN], tmp[NAME_MAX_LEN];
    enum status status;
    struct buf text;

    buf_init(&text, TRANSCRIPT_TEXT_MAX);
    transcript_print(&text, transcript);
    status = buf_status(&text, "a transcript", err);
    (void)snprintf(name, sizeof name, "%s.json", transcript->id);
    (void)snprintf(tmp, sizeof tmp, "%s.new", transcript->id);
    if (status == STATUS_OK && file_replace(folder, tmp, name, text.ptr, text.len, 0600) < 0)
        status = err_errno(err, "cannot write transcript %s", transcript->id);
    buf_wipe(&text);
    return status;
}

enum status transcripts_add(const struct transcripts *state, const struct transcript *transcript,
                            struct err *err)
{
    int folder = -1;
    enum status status = day_folder(state, transcript->id, &folder, err);

    if (status == STATUS_OK)
        status = write_transcript(folder, transcript, err);
    file_close(&folder);
    return status;
}

enum status transcripts_read(const struct transcripts *state, const char *id, struct buf *text,
                             struct transcript *transcript, struct err *err)
{
    char day[TRANSCRIPT_DAY_MAX], name[TRANSCRIPT_DAY_MAX + NAME_MAX_LEN];

    transcript_id_day(id, day);
    (void)snprintf(name, sizeof name, "%s/%s.json", day, id);
    buf_reset(text, TRANSCRIPT_TEXT_MAX);
    if (file_slurp(state->transcripts, name, text) < 0) {
        if (errno == ENOENT)
            return err_set(err, STATUS_MISSING, "no transcript %s", id);
        return err_errno(err, "cannot read transcript %s", id);
    }
    return transcript_parse(transcript, buf_str(text), err);
}

static enum status take_lock(const struct transcripts *state, const char *name, int *out,
                             struct err *err)
{
    int fd = file_open(state->dir, name, O_RDWR | O_CREAT, 0600);

    if (fd < 0 || file_lock(fd, clock_mono_ns() + LOCK_NS) < 0) {
        enum status status = err_errno(err, "cannot lock the file %s", name);

        file_close(&fd);
        return status;
    }
    *out = fd;
    return STATUS_OK;
}

enum status transcripts_change(const struct transcripts *state, const char *id, struct buf *text,
                               struct transcript *transcript,
                               enum status (*change)(struct transcript *transcript, void *context,
                                                     struct err *err),
                               void *context, struct err *err)
{
    int folder = -1, lock = -1;
    enum status status = take_lock(state, LOCK_FILE, &lock, err);

    if (status == STATUS_OK)
        status = transcripts_read(state, id, text, transcript, err);
    if (status == STATUS_OK)
        status = change(transcript, context, err);
    if (status == STATUS_OK)
        status = day_folder(state, id, &folder, err);
    if (status == STATUS_OK)
        status = write_transcript(folder, transcript, err);
    file_close(&folder);
    file_close(&lock);
    return status;
}

/* ---- the rate of requests */

struct rate {
    int64_t begin_s;
    uint64_t count;
};

enum status transcripts_count(const struct transcripts *state, uint64_t most, uint64_t window_s,
                              int64_t now_ms, uint64_t *wait_s, struct err *err)
{
    int64_t now_s = now_ms / 1000;
    struct rate rate = {now_s, 0};
    int fd = -1;
    enum status status = take_lock(state, RATE_FILE, &fd, err);

    if (status != STATUS_OK)
        return status;
    /* Begin anew if it is torn, or if the clock was set back. */
    if (file_pread(fd, &rate, sizeof rate, 0) != (ssize_t)sizeof rate || rate.begin_s > now_s ||
        now_s - rate.begin_s >= (int64_t)window_s)
        rate = (struct rate){now_s, 0};
    if (rate.count >= most) {
        *wait_s = (uint64_t)(rate.begin_s + (int64_t)window_s - now_s);
    } else {
        *wait_s = 0;
        rate.count++;
        if (file_pwrite(fd, &rate, sizeof rate, 0) < 0)
            status = err_errno(err, "cannot write the file %s", RATE_FILE);
    }
    file_close(&fd);
    return status;
}
