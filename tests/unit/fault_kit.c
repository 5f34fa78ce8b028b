/* SPDX-License-Identifier: MIT
 * fault_kit - see fault_kit.h.
 */
#include "fault_kit.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

#define WRAP(result, name, ...)                                                                    \
    result __real_##name(__VA_ARGS__);                                                             \
    result __wrap_##name(__VA_ARGS__);                                                             \
    result __wrap_##name(__VA_ARGS__)

const char *fault_program = "";

static enum fault_call armed;
static int armed_error;
static atomic_uint left; /* calls up to the one that fails; 0: none does */

void fault_arm(enum fault_call call, unsigned nth, int error)
{
    armed = call;
    armed_error = error;
    atomic_store(&left, nth);
}

bool fault_disarm(void)
{
    return atomic_exchange(&left, 0) == 0;
}

/* With errno set. */
static bool fails(enum fault_call call)
{
    if (atomic_load(&left) == 0 || armed != call || atomic_fetch_sub(&left, 1) != 1)
        return false;
    errno = armed_error;
    return true;
}

void fault_each(enum fault_call call, int error, enum status expected, fault_act act, void *context)
{
    unsigned nth = 0;
    bool came;

    do {
        struct err err = ERR_INIT;
        enum status status;

        fault_arm(call, ++nth, error);
        status = act(context, &err);
        came = fault_disarm();
        UNIT_STATUS(came ? expected : STATUS_OK, status, &err);
    } while (came);
    UNIT_TRUE(nth > 1);
}

/* ---- memory */

WRAP(void *, malloc, size_t len)
{
    return fails(FAULT_MEMORY) ? NULL : __real_malloc(len);
}

WRAP(void *, calloc, size_t count, size_t len)
{
    return fails(FAULT_MEMORY) ? NULL : __real_calloc(count, len);
}

WRAP(void *, realloc, void *old, size_t len)
{
    return fails(FAULT_MEMORY) ? NULL : __real_realloc(old, len);
}

WRAP(void *, reallocarray, void *old, size_t count, size_t len)
{
    return fails(FAULT_MEMORY) ? NULL : __real_reallocarray(old, count, len);
}

WRAP(char *, strdup, const char *text)
{
    return fails(FAULT_MEMORY) ? NULL : __real_strdup(text);
}

/* ---- files */

int __real_openat(int dir, const char *name, int flags, ...);
int __wrap_openat(int dir, const char *name, int flags, ...);
int __wrap_openat(int dir, const char *name, int flags, ...)
{
    bool nameless = (flags & O_TMPFILE) == O_TMPFILE;
    mode_t mode = 0;
    va_list args;

    va_start(args, flags);
    if ((flags & O_CREAT) != 0 || nameless)
        mode = va_arg(args, mode_t);
    va_end(args);
    return fails(nameless ? FAULT_TMPFILE : FAULT_OPENAT) ? -1
                                                          : __real_openat(dir, name, flags, mode);
}

WRAP(int, faccessat, int dir, const char *name, int mode, int flags)
{
    return fails(FAULT_FACCESSAT) ? -1 : __real_faccessat(dir, name, mode, flags);
}

#ifdef STAT_BY_VERSION /* of the C library: configure.ac says more */
WRAP(int, __fxstat, int version, int fd, struct stat *sb)
{
    return fails(FAULT_FSTAT) ? -1 : __real___fxstat(version, fd, sb);
}

WRAP(int, __fxstatat, int version, int dir, const char *name, struct stat *sb, int flags)
{
    return fails(FAULT_FSTATAT) ? -1 : __real___fxstatat(version, dir, name, sb, flags);
}
#else
WRAP(int, fstat, int fd, struct stat *sb)
{
    return fails(FAULT_FSTAT) ? -1 : __real_fstat(fd, sb);
}

WRAP(int, fstatat, int dir, const char *name, struct stat *sb, int flags)
{
    return fails(FAULT_FSTATAT) ? -1 : __real_fstatat(dir, name, sb, flags);
}
#endif

WRAP(ssize_t, pread, int fd, void *bytes, size_t len, off_t offset)
{
    return fails(FAULT_PREAD) ? -1 : __real_pread(fd, bytes, len, offset);
}

WRAP(ssize_t, read, int fd, void *bytes, size_t len)
{
    return fails(FAULT_READ) ? -1 : __real_read(fd, bytes, len);
}

WRAP(int, linkat, int dir, const char *name, int todir, const char *to, int flags)
{
    return fails(FAULT_LINKAT) ? -1 : __real_linkat(dir, name, todir, to, flags);
}

WRAP(int, unlinkat, int dir, const char *name, int flags)
{
    return fails(FAULT_UNLINKAT) ? -1 : __real_unlinkat(dir, name, flags);
}

WRAP(ssize_t, readlink, const char *path, char *out, size_t len)
{
    size_t said;

    if (fault_program == NULL || strcmp(path, "/proc/self/exe") != 0)
        return __real_readlink(path, out, len);
    said = strlen(fault_program);
    if (said == 0) {
        errno = ENOENT;
        return -1;
    }
    if (said > len)
        said = len;
    memcpy(out, fault_program, said);
    return (ssize_t)said;
}

/* ---- others */

WRAP(ssize_t, getrandom, void *bytes, size_t len, unsigned flags)
{
    return fails(FAULT_GETRANDOM) ? -1 : __real_getrandom(bytes, len, flags);
}

WRAP(int, posix_spawnattr_init, posix_spawnattr_t *attributes)
{
    return fails(FAULT_SPAWN) ? armed_error : __real_posix_spawnattr_init(attributes);
}

WRAP(int, posix_spawnattr_setsigdefault, posix_spawnattr_t *attributes, const sigset_t *set)
{
    return fails(FAULT_SPAWN) ? armed_error : __real_posix_spawnattr_setsigdefault(attributes, set);
}

WRAP(int, posix_spawn_file_actions_init, posix_spawn_file_actions_t *files)
{
    return fails(FAULT_SPAWN) ? armed_error : __real_posix_spawn_file_actions_init(files);
}

WRAP(int, posix_spawn_file_actions_addopen, posix_spawn_file_actions_t *files, int fd,
     const char *path, int flags, mode_t mode)
{
    return fails(FAULT_SPAWN)
               ? armed_error
               : __real_posix_spawn_file_actions_addopen(files, fd, path, flags, mode);
}

WRAP(int, posix_spawn, pid_t *pid, const char *path, const posix_spawn_file_actions_t *files,
     const posix_spawnattr_t *attributes, char *const argv[], char *const envp[])
{
    return fails(FAULT_SPAWN) ? armed_error
                              : __real_posix_spawn(pid, path, files, attributes, argv, envp);
}
