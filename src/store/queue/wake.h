/* SPDX-License-Identifier: MIT
 * wake - wakes the runner, or starts one.
 *
 * run/wake is a FIFO that only the runner has open for reading: opening it for writing without
 * blocking shows in microseconds whether there is a runner. No wake-up is lost when one leaves: it
 * closes the FIFO, looks at the journal once more, and only then releases its lock; a runner that
 * is started meanwhile waits until it has the lock or finds a runner to wake.
 */
#ifndef STORE_QUEUE_WAKE_H
#define STORE_QUEUE_WAKE_H

#include <limits.h>
#include <stdbool.h>

#include "base/err.h"
#include "core/config/config.h"
#include "store/spool/spool.h"

/* Wakes the runner or starts one, detached: in a session of its own, without any descriptor of
 * ours, with signals as they are by default and an environment that holds PATH, perhaps
 * TRUST_STRICT, and nothing of a request. Never waits for its work. Safe in threads. `config_path`
 * is passed on. On failure `err` is the whole warning for people: that hooks wait, and why.
 * STATUS_MISSING: there is no program stenohook-run (wake_find_runner). */
enum status wake_runner(const struct spool *spool, const struct config *config,
                        const char *config_path, struct err *err) STATUS_CHECKED;

/* wake_find.c */
/* Finds the path of stenohook-run, which the caller frees: the key `runner`; otherwise the first
 * that exists beside the gateway, in the topmost folder above the gateway that belongs to our user,
 * in our user's home, in LIBEXECDIR. One that exists but is unusable is an error, no reason to look
 * further. All programs get the same answer: the gateway is the one that last noted itself in the
 * spool, or the calling program if none did. err names the places if it is STATUS_MISSING. */
enum status wake_find_runner(char **out, const struct config *config,
                             struct err *err) STATUS_CHECKED;
/* Whether the gateway surely finds that one too: it noted itself, or the place does not depend on
 * where the gateway is. */
bool wake_runner_sure(const char *path, const struct config *config);
/* For the gateway, before it looks for a runner: notes its own path. Best effort. */
void wake_note_gateway(const struct spool *spool);
/* Finds the real path of the gateway that noted itself. false: none did, or it is gone. */
bool wake_gateway(char path[PATH_MAX], const struct config *config);

/* Wakes a runner that listens. false: there is none; starts none. */
bool wake_tell(const struct spool *spool);

/* The runner's side: returns the reading end, or -1 with errno. Makes the FIFO if it is missing or
 * something else. */
int wake_listen(const struct spool *spool);
/* Empties it. */
void wake_drain(int fd);

#endif
