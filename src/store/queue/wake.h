/* SPDX-License-Identifier: MIT
 * wake - tells the runner that there is something to do, and starts one where there is none.
 *
 * run/wake is a FIFO that the runner alone has open for reading: opening it for writing without
 * blocking tells in microseconds whether there is a runner. No wake-up is lost when one leaves: it
 * closes the FIFO, looks at the journal once more, and only then gives its lock back; a runner that
 * is started meanwhile waits until it can have the lock or there is somebody to wake.
 */
#ifndef STORE_QUEUE_WAKE_H
#define STORE_QUEUE_WAKE_H

#include <limits.h>
#include <stdbool.h>

#include "base/err.h"
#include "core/config/config.h"
#include "store/spool/spool.h"

/* Wakes the runner or starts one, detached: in a session of its own, without any descriptor of
 * ours, with signals as they are by default and an environment that holds PATH and nothing of a
 * request. Never waits for its work. Safe in threads. `config_path` is handed on. On failure `err`
 * is the whole warning for people: that hooks wait, and why. STATUS_MISSING: there is no program
 * stenohook-run (wake_find_runner). */
enum status wake_runner(const struct spool *spool, const struct config *config,
                        const char *config_path, struct err *err) STATUS_CHECKED;

/* wake_find.c */
/* The path of stenohook-run, freed by the caller: the key `runner`; else the first that there is
 * beside the gateway, in the folder nearest to the root above the gateway that belongs to our user,
 * in our user's home, in LIBEXECDIR. One that will not do is not passed over. Whoever asks gets the
 * same answer: the gateway is the one that last noted itself in the spool, and the program that
 * asks as long as none did. STATUS_MISSING names the places. */
enum status wake_find_runner(char **out, const struct config *config,
                             struct err *err) STATUS_CHECKED;
/* Whether the gateway finds that one too, as far as can be told: it noted itself, or the place does
 * not depend on where it lies. */
bool wake_runner_sure(const char *path, const struct config *config);
/* For the gateway, before it asks: notes where it lies. Best effort. */
void wake_note_gateway(const struct spool *spool);
/* The real path of the gateway that noted itself. false: none did, or it is not there any more. */
bool wake_gateway(char path[PATH_MAX], const struct config *config);

/* Wakes a runner that listens. false: there is none; nobody is started. */
bool wake_tell(const struct spool *spool);

/* The runner's side: the reading end, or -1 with errno. Makes the FIFO where it is missing or
 * something else. */
int wake_listen(const struct spool *spool);
/* Takes what is in it. */
void wake_drain(int fd);

#endif
