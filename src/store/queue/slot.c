/* SPDX-License-Identifier: MIT
 * slot - see store/queue/slot.h.
 */
#include "store/queue/slot.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/num.h"

#define STAT_MAX 1024
/* Fields of /proc/PID/stat (proc(5)), counted from the one after the name, which is the third. */
#define STAT_STATE 3
#define STAT_START 22

/* ---- processes */

/* State and start time of a process (0: our own). 0, or -1 with errno. */
static int read_stat(pid_t pid, char *state, uint64_t *start)
{
    char path[SPOOL_NAME_MAX], text[STAT_MAX];
    struct str field, rest;
    ssize_t got;
    char *name_end;
    int fd;

    if (pid == 0)
        (void)snprintf(path, sizeof path, "/proc/self/stat");
    else
        (void)snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    fd = file_open(AT_FDCWD, path, O_RDONLY, 0);
    if (fd < 0)
        return -1;
    got = file_read(fd, text, sizeof text - 1);
    file_close(&fd);
    if (got < 0)
        return -1;
    text[got] = '\0';
    /* The name may hold anything, parentheses too. */
    name_end = strrchr(text, ')');
    if (name_end == NULL || name_end[1] != ' ')
        return errno = EPROTO, -1;
    rest = str_of(name_end + 2);
    *state = *rest.ptr;
    for (int i = STAT_STATE; i <= STAT_START; i++)
        (void)str_cut(rest, ' ', &field, &rest);
    if (!num_u64(field, start))
        return errno = EPROTO, -1;
    return 0;
}

bool slot_alive(const struct slot_attempt *attempt)
{
    uint64_t start;
    char state;

    if (attempt->pid == 0)
        return true;
    if (read_stat(attempt->pid, &state, &start) == 0)
        return state != 'Z' && state != 'X' && (attempt->start == 0 || attempt->start == start);
    if (attempt->start != 0 && (errno == ENOENT || errno == ESRCH))
        return false;
    /* /proc is missing or cannot be read: the pid alone decides, as a hook that lives must not pass
     * for one that has ended. */
    return kill(attempt->pid, 0) == 0 || errno == EPERM;
}

/* ---- the line */

void slot_print(char line[SLOT_LINE_LEN + 1], const struct slot_attempt *attempt)
{
    int len = snprintf(line, SLOT_LINE_LEN, "%s %" PRIu32 " %ld %" PRIu64 " %" PRId64 " %" PRIu64,
                       attempt->id, attempt->number, (long)attempt->pid, attempt->start,
                       attempt->started_ns, attempt->timeout_s);
    size_t used = len < 0 ? 0 : (size_t)len;

    if (used < SLOT_LINE_LEN - 1)
        memset(line + used, ' ', SLOT_LINE_LEN - 1 - used);
    line[SLOT_LINE_LEN - 1] = '\n';
    line[SLOT_LINE_LEN] = '\0';
}

static bool next_number(struct str *rest, uint64_t most, uint64_t *out)
{
    struct str field;

    (void)str_cut(*rest, ' ', &field, rest);
    return num_u64(field, out) && *out <= most;
}

bool slot_parse(struct str line, struct slot_attempt *attempt)
{
    uint64_t number, pid, start, started, timeout;
    struct slot_attempt found = {.pid = 0};
    uint32_t segment;
    uint64_t offset;
    struct str id;

    if (line.len != SLOT_LINE_LEN || line.ptr[SLOT_LINE_LEN - 1] != '\n')
        return false;
    (void)str_cut(line, ' ', &id, &line);
    if (!record_id_parse(id, &segment, &offset) || id.len >= sizeof found.id)
        return false;
    if (!next_number(&line, UINT32_MAX, &number) || !next_number(&line, INT32_MAX, &pid) ||
        !next_number(&line, UINT64_MAX, &start) || !next_number(&line, INT64_MAX, &started) ||
        !next_number(&line, INT32_MAX, &timeout))
        return false;
    memcpy(found.id, id.ptr, id.len);
    found.number = (uint32_t)number;
    found.pid = (pid_t)pid;
    found.start = start;
    found.started_ns = (int64_t)started;
    found.timeout_s = timeout;
    *attempt = found;
    return true;
}

/* *said false: it says nothing. 0, or -1 with errno. */
static int read_attempt(int fd, struct slot_attempt *attempt, bool *said)
{
    char line[SLOT_LINE_LEN];
    ssize_t got = file_pread(fd, line, sizeof line, 0);

    if (got < 0)
        return -1;
    *said = slot_parse((struct str){line, (size_t)got}, attempt);
    return 0;
}

/* ---- the file */

static void print_name(char out[SPOOL_NAME_MAX], unsigned number, const char *suffix)
{
    (void)snprintf(out, SPOOL_NAME_MAX, SPOOL_SLOT_PREFIX "%u%s", number, suffix);
}

/* Puts a fresh file, already locked, in the place of one that another process keeps locked. */
static int replace_file(const struct spool *spool, unsigned number)
{
    char name[SPOOL_NAME_MAX], fresh[SPOOL_NAME_MAX];
    int fd;

    print_name(name, number, "");
    print_name(fresh, number, SPOOL_SLOT_NEW);
    if (unlinkat(spool->dir, fresh, 0) != 0 && errno != ENOENT)
        return -1;
    fd = file_open(spool->dir, fresh, O_RDWR | O_CREAT | O_EXCL, 0600);
    if (fd >= 0 && (file_trylock(fd) != 0 || renameat(spool->dir, fresh, spool->dir, name) != 0))
        file_close(&fd);
    return fd;
}

enum status slot_open(struct slot *slot, const struct spool *spool, unsigned number, bool make,
                      enum slot_state *state, struct err *err)
{
    struct slot found = {.number = number};
    char name[SPOOL_NAME_MAX];
    bool said, ours;

    print_name(name, number, "");
    found.fd = file_open(spool->dir, name, O_RDWR | (make ? O_CREAT : 0), 0600);
    if (found.fd < 0 && errno == ENOENT && !make) {
        *state = SLOT_ABSENT;
        return STATUS_OK;
    }
    if (found.fd < 0)
        return err_errno(err, "cannot open %s/%s", spool->path, name);
    ours = file_trylock(found.fd) == 0;
    if (read_attempt(found.fd, &found.attempt, &said) != 0) {
        enum status status = err_errno(err, "cannot read %s/%s", spool->path, name);

        file_close(&found.fd);
        return status;
    }
    if (!ours && said && slot_alive(&found.attempt)) {
        *state = SLOT_BUSY;
    } else {
        if (!ours) {
            file_close(&found.fd);
            found.fd = replace_file(spool, number);
            if (found.fd < 0)
                return err_errno(err, "cannot replace %s/%s", spool->path, name);
        }
        *state = said ? SLOT_ENDED : SLOT_FREE;
    }
    *slot = found;
    return STATUS_OK;
}

void slot_close(struct slot *slot)
{
    file_close(&slot->fd);
}

static int write_attempt(int fd, const struct slot_attempt *attempt)
{
    char line[SLOT_LINE_LEN + 1];

    slot_print(line, attempt);
    return file_pwrite(fd, line, SLOT_LINE_LEN, 0);
}

enum status slot_begin(struct slot *slot, const struct slot_attempt *attempt, struct err *err)
{
    struct slot_attempt begun = *attempt;

    begun.pid = 0;
    begun.start = 0;
    if (write_attempt(slot->fd, &begun) != 0)
        return err_errno(err, "cannot write " SPOOL_SLOT_PREFIX "%u", slot->number);
    slot->attempt = begun;
    return STATUS_OK;
}

int slot_enter(int fd, struct slot_attempt *attempt)
{
    char state;

    attempt->pid = getpid();
    if (read_stat(0, &state, &attempt->start) != 0)
        attempt->start = 0;
    return write_attempt(fd, attempt);
}

void slot_clear(struct slot *slot)
{
    /* Should it fail, the next runner asks the results what became of it. */
    if (ftruncate(slot->fd, 0) != 0)
        return;
}

bool slot_held(const struct slot *slot)
{
    if (file_trylock(slot->fd) != 0)
        return true;
    file_unlock(slot->fd);
    return false;
}

bool slot_busy(struct slot *slot)
{
    bool said;

    (void)read_attempt(slot->fd, &slot->attempt, &said);
    return slot_alive(&slot->attempt) && slot_held(slot);
}
