/* SPDX-License-Identifier: MIT
 * reboot - `reboot SPOOL`: the state on disk is that of another boot, as after a reboot. Nothing
 * else may be at work in the spool.
 */
#include <fcntl.h>
#include <stdio.h>

#include "base/file.h"
#include "store/journal/hints.h"
#include "store/spool/spool.h"

int main(int argc, char **argv)
{
    struct journal_state state;
    struct err err = ERR_INIT;
    struct spool spool;
    bool good;
    int fd;

    if (argc != 2) {
        fputs("usage: reboot SPOOL\n", stderr);
        return 2;
    }
    if (spool_open(&spool, argv[1], &err) != STATUS_OK) {
        fprintf(stderr, "reboot: %s\n", err.text);
        return 1;
    }
    fd = file_open(spool.dir, SPOOL_STATE, O_RDWR, 0);
    good = fd >= 0 && journal_state_read(fd, &state);
    if (good) {
        snprintf(state.boot, sizeof state.boot, "another boot");
        good = journal_state_write(fd, &state, &err) == STATUS_OK;
    }
    if (!good)
        fputs("reboot: there is no sound state\n", stderr);
    file_close(&fd);
    spool_close(&spool);
    return good ? 0 : 1;
}
