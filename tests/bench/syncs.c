/* SPDX-License-Identifier: MIT
 * syncs - an LD_PRELOAD library that counts the syncs of a program and of its children, and can
 * make each take longer: what they then do is what they would do on a slower disk.
 *
 * $BENCH_SYNCS names a file of at least 16 bytes that all of them share: the number of syncs (64
 * bits), and the microseconds that are added to each (32 bits), which may change at any time.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

struct shared {
    _Atomic uint64_t syncs;
    _Atomic uint32_t added_us;
};

static struct shared nobody_looks;
static struct shared *shared = &nobody_looks;

static int (*real_fdatasync)(int);
static int (*real_fsync)(int);

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("BENCH_SYNCS");
    int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
    void *page;

    *(void **)&real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
    *(void **)&real_fsync = dlsym(RTLD_NEXT, "fsync");
    if (fd < 0)
        return;
    page = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (page != MAP_FAILED)
        shared = page;
    close(fd);
}

static int noted(int (*sync)(int), int fd)
{
    int result = sync(fd);
    uint32_t added_us = atomic_load(&shared->added_us);

    atomic_fetch_add(&shared->syncs, 1);
    if (added_us > 0) {
        struct timespec left = {.tv_sec = added_us / 1000000,
                                .tv_nsec = (long)(added_us % 1000000) * 1000};

        while (nanosleep(&left, &left) != 0)
            ;
    }
    return result;
}

int fdatasync(int fd)
{
    return noted(real_fdatasync, fd);
}

int fsync(int fd)
{
    return noted(real_fsync, fd);
}
