/* SPDX-License-Identifier: MIT
 * Progress lines, as a terminal sees them. What is written there reaches its other side a little
 * later, and piece by piece.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/print.h"
#include "cli/progress.h"
#include "unit.h"

UNIT_TEST(a_progress_line_is_erased_before_other_words)
{
    int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    const char *expected = "\r\x1b[K1 of 3\r\x1b[Kone\r\ntwo\r\n";
    char seen[200] = "";
    ssize_t got = 1;
    int kept, fd;

    UNIT_REQUIRE(terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0);
    fd = open(ptsname(terminal), O_RDWR | O_NOCTTY);
    kept = dup(STDERR_FILENO);
    UNIT_TRUE(freopen("/dev/null", "w", stderr) != NULL);
    progress_show("no terminal");
    dup2(fd, STDERR_FILENO);
    progress_show("%d of 3", 1);
    print_hint("one");
    print_hint("two");
    dup2(kept, STDERR_FILENO);
    close(kept);
    for (size_t len = 0; len < strlen(expected) && got > 0; len += (size_t)got)
        got = read(terminal, seen + len, sizeof seen - 1 - len);
    UNIT_TEXT(expected, seen);
    close(fd);
    close(terminal);
}

UNIT_TEST(progress_is_shown_at_most_ten_times_a_second)
{
    int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    uint64_t begun_ns = clock_mono_ns(), most;
    char seen[4096] = "";
    unsigned shown = 0;
    size_t len = 0;
    int fd;

    UNIT_REQUIRE(terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0);
    fd = open(ptsname(terminal), O_RDWR | O_NOCTTY);
    UNIT_REQUIRE(fd >= 0 && dup2(fd, STDERR_FILENO) == STDERR_FILENO);
    for (int i = 0; i < 50; i++)
        progress_show("x");
    most = (clock_mono_ns() - begun_ns) / (100 * NS_PER_MS) + 1;
    UNIT_REQUIRE(write(fd, "end", 3) == 3);
    while (strstr(seen, "end") == NULL && len < sizeof seen - 1) {
        ssize_t got = read(terminal, seen + len, sizeof seen - 1 - len);

        UNIT_REQUIRE(got > 0);
        len += (size_t)got;
    }
    for (const char *at = seen; (at = strchr(at, 'x')) != NULL; at++)
        shown++;
    UNIT_TRUE(shown >= 1 && shown <= most);
    close(fd);
    close(terminal);
}
