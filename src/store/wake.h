/* SPDX-License-Identifier: MIT
 * wake - tells the runner that there is something to do, and starts one where there is none.
 *
 * run/wake is a FIFO that the runner alone has open for reading: opening it for writing without
 * blocking tells in microseconds whether there is a runner. The lost wake-up is closed by the
 * runner, which looks at the journal once more after it has closed the FIFO and given back its
 * lock.
 */
#ifndef STORE_WAKE_H
#define STORE_WAKE_H

#include <stdbool.h>

#include "base/err.h"
#include "core/config.h"
#include "store/spool.h"

/* Wakes the runner or starts one, detached: in a session of its own, without any descriptor of
 * ours, with signals as they are by default and an environment that holds PATH and nothing of a
 * request. Never waits for its work. Safe in threads. `config_path` is handed on. STATUS_MISSING:
 * there is no program stenohook-run: key `runner`, else beside our own program, else in LIBEXECDIR.
 */
enum status wake_runner(const struct spool *spool, const struct config *config,
                        const char *config_path, struct err *err) STATUS_CHECKED;

/* The path of stenohook-run. Freed by the caller. */
enum status wake_find_runner(char **out, const struct config *config,
                             struct err *err) STATUS_CHECKED;

/* The runner's side: the reading end, or -1 with errno. Makes the FIFO where it is missing or
 * something else. */
int wake_listen(const struct spool *spool);
/* Takes what is in it. */
void wake_drain(int fd);

#endif
