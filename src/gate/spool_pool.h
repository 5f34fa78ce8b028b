/* SPDX-License-Identifier: MIT
 * spool_pool - the spool as a process that lives long uses it: opened when first needed, shared by
 * threads, opened again when the configuration names another one, when the folder was replaced, or
 * when it could not be opened before.
 */
#ifndef GATE_SPOOL_POOL_H
#define GATE_SPOOL_POOL_H

#include <pthread.h>

#include "base/err.h"
#include "core/config/config.h"
#include "store/journal/journal.h"
#include "store/spool/spool.h"

struct site; /* one opened spool */

struct spool_pool {
    pthread_mutex_t lock;
    struct site *current;
};

/* A thread's share. */
struct spool_user {
    struct site *site; /* NULL: none */
    struct journal *journal;
    struct journal_options options;
};

void spool_pool_init(struct spool_pool *pool);
void spool_pool_free(struct spool_pool *pool);

/* Makes user->site the spool of the configuration. STATUS_CONFIG, STATUS_OWNER, ...: there is none.
 */
enum status spool_pool_use(struct spool_pool *pool, struct spool_user *user,
                           const struct config *config, struct err *err) STATUS_CHECKED;
/* The thread's journal over that spool, with the configuration's limits. Valid until the next call.
 */
enum status spool_pool_journal(struct spool_user *user, const struct config *config,
                               struct journal **out, struct err *err) STATUS_CHECKED;
/* After a failure of the disk: the next use begins with fresh descriptors. */
void spool_pool_journal_drop(struct spool_user *user);
void spool_pool_leave(struct spool_pool *pool, struct spool_user *user);

const struct spool *spool_pool_spool(const struct site *site);
/* Whether its folder is open to others and nobody has asked before. */
bool spool_pool_tell_mode(struct site *site);

#endif
