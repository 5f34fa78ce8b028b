/* SPDX-License-Identifier: MIT
 * hook - a hook that writes its part of a history: `hook LOG [ms=N] [slow=N] [exit=N]
 * [until=N]`.
 *
 * Appends a line to LOG before anything else, and one at the last; README.md beside this file has
 * their format. In between it waits for N milliseconds, one process of sixteen for slow=. With
 * exit= it ends with that status, and with until= only before the Nth attempt for an event, and
 * then with 0.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LINE_SIZE 256
#define CANNOT_TELL 125
#define SLOW_ONE 16

static long long now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000000000 + now.tv_nsec;
}

static long option(char **argv, const char *name, long otherwise)
{
    size_t len = strlen(name);

    for (; *argv != NULL; argv++)
        if (strncmp(*argv, name, len) == 0 && (*argv)[len] == '=')
            return strtol(*argv + len + 1, NULL, 10);
    return otherwise;
}

/* Another hook that was killed may have left the beginning of a line. */
static const char *line_feed(int fd)
{
    struct stat sb;
    char last;

    if (fstat(fd, &sb) == 0 && sb.st_size > 0 && pread(fd, &last, 1, sb.st_size - 1) == 1)
        return last == '\n' ? "" : "\n";
    return "";
}

static int append(int fd, const char *kind, const char *more)
{
    const char *id = getenv("STENOHOOK_EVENT_ID"), *attempt = getenv("STENOHOOK_ATTEMPT");
    char line[LINE_SIZE];
    int len;

    if (id == NULL || attempt == NULL)
        return -1;
    len = snprintf(line, sizeof line,
                   "%s{\"kind\":\"%s\",\"id\":\"%s\",\"attempt\":%s,\"pid\":%ld,\"at\":%lld%s}\n",
                   line_feed(fd), kind, id, attempt, (long)getpid(), now_ns(), more);
    return len < (int)sizeof line && write(fd, line, (size_t)len) == len ? 0 : -1;
}

int main(int argc, char **argv)
{
    int fd = argc < 2 ? -1 : open(argv[1], O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    struct timespec rest;
    char more[32];
    long ms, status;

    if (fd < 0 || append(fd, "begin", "") != 0) {
        fprintf(stderr, "hook: cannot write its log: %s\n", strerror(errno));
        return CANNOT_TELL;
    }
    ms = option(argv, "ms", 0);
    if (getpid() % SLOW_ONE == 0)
        ms = option(argv, "slow", ms);
    rest = (struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    while (ms > 0 && nanosleep(&rest, &rest) != 0 && errno == EINTR)
        ;
    status = option(argv, "exit", 0);
    if (atol(getenv("STENOHOOK_ATTEMPT")) >= option(argv, "until", 1000))
        status = 0;
    snprintf(more, sizeof more, ",\"code\":%ld", status);
    return append(fd, "end", more) == 0 ? (int)status : CANNOT_TELL;
}
