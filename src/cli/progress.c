/* SPDX-License-Identifier: MIT
 * progress - see cli/progress.h.
 */
#include "cli/progress.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"

#define INTERVAL_NS UINT64_C(100000000)
#define ERASE_LINE "\r\033[K"

/* A process has one stderr. */
static bool is_shown;
static uint64_t shown_ns;

void progress_show(const char *format, ...)
{
    uint64_t now_ns = clock_mono_ns();
    va_list args;

    if (now_ns - shown_ns < INTERVAL_NS || isatty(STDERR_FILENO) != 1)
        return;
    shown_ns = now_ns;
    is_shown = true;
    fputs(ERASE_LINE, stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
}

void progress_clear(int fd)
{
    if (!is_shown || isatty(fd) != 1)
        return;
    fputs(ERASE_LINE, stderr);
    is_shown = false;
}
