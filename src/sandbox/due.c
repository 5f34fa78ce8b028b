/* SPDX-License-Identifier: MIT
 * due - see sandbox/due.h.
 */
#include "sandbox/due.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/num.h"

#define MS_DIGITS 15
/* MS-ID-K-AAAA */
#define NAME_LEN (MS_DIGITS + 1 + TRANSCRIPT_ID_LEN + 1 + 1 + 1 + 4)
/* How many due entries are tried for a free one. */
#define CANDIDATES_MAX 256

static const char kinds[] = "rt";

void due_print(const struct due *due, char out[DUE_NAME_MAX])
{
    (void)snprintf(out, DUE_NAME_MAX, "%0*" PRId64 "-%s-%c-%04u", MS_DIGITS, due->at_ms, due->id,
                   kinds[due->kind], due->attempt);
}

bool due_parse(struct due *due, const char *name)
{
    const char *id = name + MS_DIGITS + 1;
    uint64_t at, attempt;
    const char *kind;

    if (strlen(name) != NAME_LEN || id[-1] != '-' || id[TRANSCRIPT_ID_LEN] != '-' ||
        id[TRANSCRIPT_ID_LEN + 2] != '-' ||
        !transcript_id_ok((struct str){id, TRANSCRIPT_ID_LEN}) ||
        !num_u64((struct str){name, MS_DIGITS}, &at) ||
        !num_u64(str_of(id + TRANSCRIPT_ID_LEN + 3), &attempt) || attempt == 0)
        return false;
    kind = strchr(kinds, id[TRANSCRIPT_ID_LEN + 1]);
    if (kind == NULL)
        return false;
    *due = (struct due){.at_ms = (int64_t)at,
                        .kind = (enum due_kind)(kind - kinds),
                        .attempt = (unsigned)attempt,
                        .fd = -1};
    memcpy(due->id, id, TRANSCRIPT_ID_LEN);
    memcpy(due->name, name, NAME_LEN + 1);
    return true;
}

enum status due_add(const struct transcripts *state, const struct due *due, struct err *err)
{
    char name[DUE_NAME_MAX];
    int fd;

    due_print(due, name);
    fd = file_open(state->due, name, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (fd < 0 || file_sync_dir(state->due) < 0) {
        enum status status = err_errno(err, "cannot queue the delivery of transcript %s", due->id);

        file_close(&fd);
        return status;
    }
    file_close(&fd);
    return STATUS_OK;
}

/* Locks the entry if it still has that name: another sender may have finished it. */
static bool lock_entry(const struct transcripts *state, struct due *due)
{
    struct stat named, opened;
    int fd = file_open(state->due, due->name, O_RDONLY, 0);

    if (fd >= 0 && file_trylock(fd) == 0 && fstat(fd, &opened) == 0 &&
        fstatat(state->due, due->name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
        named.st_ino == opened.st_ino) {
        due->fd = fd;
        return true;
    }
    file_close(&fd);
    return false;
}

struct candidates {
    char names[CANDIDATES_MAX][DUE_NAME_MAX];
    size_t count;
};

static int compare_names(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* Reads the folder, as far as there is room. */
static enum status read_due(const struct transcripts *state, int64_t now_ms,
                            struct candidates *found, struct err *err)
{
    int fd = file_open(state->due, ".", O_RDONLY | O_DIRECTORY, 0);
    DIR *stream = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;
    struct due due;

    found->count = 0;
    if (stream == NULL) {
        enum status status = err_errno(err, "cannot read the folder due");

        file_close(&fd);
        return status;
    }
    while (found->count < CANDIDATES_MAX && (entry = readdir(stream)) != NULL) {
        if (due_parse(&due, entry->d_name) && due.at_ms <= now_ms)
            memcpy(found->names[found->count++], due.name, NAME_LEN + 1);
    }
    closedir(stream);
    qsort(found->names, found->count, DUE_NAME_MAX, compare_names);
    return STATUS_OK;
}

enum status due_take(const struct transcripts *state, int64_t now_ms, struct due *out,
                     struct err *err)
{
    struct candidates found;
    enum status status = read_due(state, now_ms, &found, err);
    struct due due;

    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; i < found.count; i++)
        if (due_parse(&due, found.names[i]) && lock_entry(state, &due)) {
            *out = due;
            return STATUS_OK;
        }
    return err_set(err, STATUS_MISSING, "no delivery is due");
}

enum status due_again(const struct transcripts *state, struct due *due, struct err *err)
{
    enum status status = STATUS_OK;
    char name[DUE_NAME_MAX];

    due_print(due, name);
    if (renameat(state->due, due->name, state->due, name) < 0 || file_sync_dir(state->due) < 0)
        status = err_errno(err, "cannot postpone the delivery of transcript %s", due->id);
    file_close(&due->fd);
    return status;
}

enum status due_done(const struct transcripts *state, struct due *due, struct err *err)
{
    enum status status = STATUS_OK;

    if (unlinkat(state->due, due->name, 0) < 0 || file_sync_dir(state->due) < 0)
        status = err_errno(err, "cannot remove the delivery of transcript %s", due->id);
    file_close(&due->fd);
    return status;
}
