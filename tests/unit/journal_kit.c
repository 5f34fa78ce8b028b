/* SPDX-License-Identifier: MIT
 * journal_kit - a spool with a journal for tests, and the faults that they let happen below it.
 *
 * The faults stand between the journal and base/file.c: the linker's --wrap puts them there, so the
 * program itself has no code for tests.
 */
#include "journal_kit.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "core/event_parts.h"
#include "store/intake.h"
#include "store/journal/hints.h"
#include "store/spool/once.h"
#include "unit.h"

#define SEGMENT_READ_MAX ((size_t)64 * 1024 * 1024)
#define SEGMENTS_MAX 100
#define HELD_LOOK_NS 200000

atomic_int kit_syncs, kit_syncs_to_fail, kit_waits, kit_late_waits;
atomic_int kit_syncs_let = INT_MAX;
atomic_uint kit_sync_ns;
atomic_int kit_write_errno, kit_makes_to_fail;
atomic_size_t kit_write_cut;
atomic_ullong kit_free_bytes, kit_free_inodes;
_Atomic kit_look kit_before_write;

int __real_file_datasync(int fd);
int __wrap_file_datasync(int fd);
ssize_t __real_file_write_once(int fd, const void *bytes, size_t len);
ssize_t __wrap_file_write_once(int fd, const void *bytes, size_t len);
int __real_pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex,
                                  const struct timespec *until);
int __wrap_pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex,
                                  const struct timespec *until);
int __real_pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex);
int __wrap_pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex);
int __real_file_free_space(int fd, struct file_space *out);
int __wrap_file_free_space(int fd, struct file_space *out);
int __real_once_make(int dir, const char *tmp, const char *name, const void *bytes, size_t len,
                     uint64_t size, enum once how);
int __wrap_once_make(int dir, const char *tmp, const char *name, const void *bytes, size_t len,
                     uint64_t size, enum once how);

int __wrap_file_datasync(int fd)
{
    int before = atomic_fetch_add(&kit_syncs, 1);

    if (atomic_load(&kit_syncs_to_fail) > 0) {
        atomic_fetch_sub(&kit_syncs_to_fail, 1);
        errno = EIO;
        return -1;
    }
    while (before >= atomic_load(&kit_syncs_let))
        clock_sleep_ns(HELD_LOOK_NS);
    if (atomic_load(&kit_sync_ns) > 0)
        clock_sleep_ns(atomic_load(&kit_sync_ns));
    return __real_file_datasync(fd);
}

int __wrap_pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex,
                                  const struct timespec *until)
{
    atomic_fetch_add(&kit_waits, 1);
    return __real_pthread_cond_timedwait(cond, mutex, until);
}

int __wrap_pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex)
{
    atomic_fetch_add(&kit_late_waits, 1);
    return __real_pthread_cond_wait(cond, mutex);
}

ssize_t __wrap_file_write_once(int fd, const void *bytes, size_t len)
{
    int failure = atomic_exchange(&kit_write_errno, 0);
    size_t cut = atomic_exchange(&kit_write_cut, 0);
    kit_look look = atomic_load(&kit_before_write);

    if (look != NULL)
        look();
    if (failure == 0)
        return __real_file_write_once(fd, bytes, len);
    if (cut > 0)
        return __real_file_write_once(fd, bytes, cut < len ? cut : len);
    errno = failure;
    return -1;
}

int __wrap_file_free_space(int fd, struct file_space *out)
{
    unsigned long long bytes = atomic_load(&kit_free_bytes);
    unsigned long long inodes = atomic_load(&kit_free_inodes);
    int rc = __real_file_free_space(fd, out);

    if (bytes != 0)
        out->bytes = bytes;
    if (inodes != 0) {
        out->inodes = inodes;
        out->inodes_all = 2 * inodes;
    }
    return rc;
}

int __wrap_once_make(int dir, const char *tmp, const char *name, const void *bytes, size_t len,
                     uint64_t size, enum once how)
{
    int rc = __real_once_make(dir, tmp, name, bytes, len, size, how);

    if (rc == 0 && atomic_load(&kit_makes_to_fail) > 0) {
        atomic_fetch_sub(&kit_makes_to_fail, 1);
        errno = EIO;
        rc = -1;
    }
    return rc;
}

static void no_faults(void)
{
    atomic_store(&kit_makes_to_fail, 0);
    atomic_store(&kit_syncs, 0);
    atomic_store(&kit_waits, 0);
    atomic_store(&kit_late_waits, 0);
    atomic_store(&kit_syncs_to_fail, 0);
    atomic_store(&kit_syncs_let, INT_MAX);
    atomic_store(&kit_sync_ns, 0);
    atomic_store(&kit_write_errno, 0);
    atomic_store(&kit_write_cut, 0);
    atomic_store(&kit_free_bytes, 0);
    atomic_store(&kit_free_inodes, 0);
    atomic_store(&kit_before_write, NULL);
}

/* ---- open, close */

bool kit_reopen(struct kit *kit)
{
    journal_close(kit->journal);
    kit->journal = NULL;
    return UNIT_STATUS(STATUS_OK,
                       journal_open(&kit->journal, &kit->spool, NULL, &kit->options, &kit->err),
                       &kit->err),
           kit->journal != NULL;
}

bool kit_spool(struct spool *out)
{
    struct err err = ERR_INIT;
    char path[128];

    snprintf(path, sizeof path, "%s/spool", unit_folder());
    UNIT_STATUS(STATUS_OK, spool_create(path, &err), &err);
    UNIT_STATUS(STATUS_OK, spool_open(out, path, &err), &err);
    return err.status == STATUS_OK;
}

bool kit_hookless;

bool kit_open(struct kit *kit)
{
    memset(kit, 0, sizeof *kit);
    no_faults();
    kit_hookless = false;
    snprintf(kit->path, sizeof kit->path, "%s/spool", unit_folder());
    kit->options = (struct journal_options){.segment_max = 1024 * 1024, .begin = intake_begin};
    kit->now_ns = clock_wall_ns();
    return kit_spool(&kit->spool) && kit_reopen(kit);
}

void kit_close(struct kit *kit)
{
    journal_close(kit->journal);
    kit->journal = NULL;
    spool_close(&kit->spool);
    no_faults();
}

bool kit_reboot(struct kit *kit)
{
    struct journal_state state;
    int fd = file_open(kit->spool.dir, SPOOL_STATE, O_RDWR, 0);
    bool ok = fd >= 0 && journal_state_read(fd, &state);

    if (ok) {
        snprintf(state.boot, sizeof state.boot, "another boot");
        ok = journal_state_write(fd, &state, NULL) == STATUS_OK;
    }
    file_close(&fd);
    return UNIT_TRUE(ok) && kit_reopen(kit);
}

/* ---- append */

bool kit_line(struct record_line *line, const char *key, size_t body_len, int64_t now_ns)
{
    static const char *const hooks[] = {CONFIG_HOOK_DEFAULT};
    struct event_facts event = {.about.kind = EVENT_TRANSCRIPT,
                                .hooks = hooks,
                                .hook_count = kit_hookless ? 0 : 1,
                                .received_ns = now_ns,
                                .endpoint = "calls",
                                .remote_addr = STR("127.0.0.1"),
                                .query = STR(""),
                                .about.utf8 = true};
    char *body = malloc(body_len + 1);
    bool ok;

    if (body == NULL)
        return false;
    memset(body, 'b', body_len);
    snprintf(event.key, sizeof event.key, "%s", key);
    event.body = (struct str){body, body_len};
    ok = record_print(line, &(struct event){.facts = event}, body_len + 4096, NULL) == STATUS_OK;
    free(body);
    return ok;
}

static enum status append(struct kit *kit, const char *key, size_t body_len, uint64_t in_ns)
{
    const struct receipt *receipt;
    struct record_line line;
    enum status status;

    err_clear(&kit->err);
    if (!kit_line(&line, key, body_len, kit->now_ns))
        return STATUS_MEMORY;
    status = journal_append(kit->journal, str_of(key), &line, kit->now_ns, clock_mono_ns() + in_ns,
                            &receipt, &kit->err);
    if (status == STATUS_OK) {
        snprintf(kit->id, sizeof kit->id, "%s", receipt_id(receipt));
        kit->duplicate = receipt_duplicate(receipt);
    }
    record_line_free(&line);
    return status;
}

enum status kit_append(struct kit *kit, const char *key)
{
    return append(kit, key, 20, 5 * NS_PER_S);
}

enum status kit_append_body(struct kit *kit, const char *key, size_t body_len)
{
    return append(kit, key, body_len, 5 * NS_PER_S);
}

enum status kit_append_until(struct kit *kit, const char *key, uint64_t in_ns)
{
    return append(kit, key, 20, in_ns);
}

int kit_rebuild(struct kit *kit)
{
    int slices = 0;
    bool more = true;

    err_clear(&kit->err);
    while (more) {
        enum status status =
            journal_rebuild_slice(kit->journal, clock_mono_ns() + 5 * NS_PER_S, &more, &kit->err);

        if (status != STATUS_OK) {
            UNIT_STATUS(STATUS_OK, status, &kit->err);
            return -1;
        }
        slices++;
    }
    return slices;
}

/* ---- looking at what is there */

/* Reads a whole segment; false: there is none. */
static bool slurp(const struct kit *kit, uint32_t segment, struct buf *out)
{
    char name[SPOOL_NAME_MAX];

    buf_init(out, SEGMENT_READ_MAX);
    spool_segment_name(name, segment);
    return file_slurp(kit->spool.log, name, out) == 0;
}

static size_t limit_of(const struct kit *kit, uint32_t segment)
{
    size_t limit = SIZE_MAX;
    struct buf bytes;
    const char *said;

    if (slurp(kit, segment + 1, &bytes)) {
        said = strstr(bytes.ptr, "\"prev_valid\":");
        if (said != NULL)
            limit = (size_t)strtoull(said + strlen("\"prev_valid\":"), NULL, 10);
    }
    buf_free(&bytes);
    return limit;
}

static int count_in(const struct buf *bytes, size_t limit, const char *key)
{
    size_t end = bytes->len < limit ? bytes->len : limit;
    size_t begin = 0;
    int n = 0;

    while (begin < end) {
        const char *stop = memchr(bytes->ptr + begin, '\n', end - begin);
        struct str line;

        if (stop == NULL)
            break;
        line = (struct str){bytes->ptr + begin, (size_t)(stop - bytes->ptr) - begin};
        n += record_ok(line) && str_is(record_key(line), key);
        begin += line.len + 1;
    }
    return n;
}

int kit_count(const struct kit *kit, const char *key)
{
    int n = 0;

    for (uint32_t segment = 1; segment < SEGMENTS_MAX; segment++) {
        struct buf bytes;

        if (slurp(kit, segment, &bytes))
            n += count_in(&bytes, limit_of(kit, segment), key);
        buf_free(&bytes);
    }
    return n;
}

int kit_segments(const struct kit *kit)
{
    int n = 0;

    for (uint32_t segment = 1; segment < SEGMENTS_MAX; segment++) {
        char name[SPOOL_NAME_MAX];

        spool_segment_name(name, segment);
        n += faccessat(kit->spool.log, name, F_OK, 0) == 0;
    }
    return n;
}

bool kit_add_bytes(const struct kit *kit, uint32_t segment, const char *bytes, size_t len)
{
    char name[SPOOL_NAME_MAX];
    bool ok;
    int fd;

    spool_segment_name(name, segment);
    fd = file_open(kit->spool.log, name, O_WRONLY | O_APPEND, 0);
    ok = fd >= 0 && file_write(fd, bytes, len) == 0;
    file_close(&fd);
    return UNIT_TRUE(ok);
}

bool kit_spoil(const struct kit *kit, const char *name)
{
    char junk[200];
    int fd = file_open(kit->spool.dir, name, O_WRONLY, 0);
    bool ok;

    memset(junk, 0xa5, sizeof junk);
    ok = fd >= 0 && file_pwrite(fd, junk, sizeof junk, 0) == 0;
    file_close(&fd);
    return UNIT_TRUE(ok);
}
