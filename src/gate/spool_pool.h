/* SPDX-License-Identifier: MIT
 * spool_pool - the spool that the threads of a long-lived process share: opened when first needed,
 * and again if the configuration names another one, if the folder or that of its journal was
 * replaced, if its owner or mode changed, or if it could not be opened before.
 */
#ifndef GATE_SPOOL_POOL_H
#define GATE_SPOOL_POOL_H

#include <pthread.h>

#include "base/err.h"
#include "core/config/config.h"
#include "store/journal/journal.h"
#include "store/spool/spool.h"

struct open_spool;

struct spool_pool {
    pthread_mutex_t lock;
    struct open_spool *current;
    trust_tell foreign;
    void *context;
};

/* A thread's share. */
struct spool_user {
    struct open_spool *open; /* or NULL */
    struct journal *journal;
    struct journal_options options;
};

/* `foreign` is that of spool_open_telling, called whenever the spool is opened. */
void spool_pool_init(struct spool_pool *pool, trust_tell foreign, void *context);
void spool_pool_free(struct spool_pool *pool);

/* Makes user->spool the spool of the configuration. As spool_open fails: there is none. */
enum status spool_pool_use(struct spool_pool *pool, struct spool_user *user,
                           const struct config *config, struct err *err) STATUS_CHECKED;
/* Whether the configuration still leads to the spool that spool_pool_use found. STATUS_CONFIG: not
 * any more; what is recorded in it may be out of reach. */
enum status spool_pool_check(const struct spool_user *user, const struct config *config,
                             struct err *err) STATUS_CHECKED;
/* The user's journal over that spool, with the configuration's limits. Valid until the next call.
 */
enum status spool_pool_journal(struct spool_user *user, const struct config *config,
                               struct journal **out, struct err *err) STATUS_CHECKED;
/* After a failure of the disk: the next call opens it anew. */
void spool_pool_journal_drop(struct spool_user *user);
void spool_pool_leave(struct spool_pool *pool, struct spool_user *user);

const struct spool *spool_pool_spool(const struct spool_user *user);
/* Whether the spool's folder is open to other users: true once a spool. */
bool spool_pool_mode_is_news(const struct spool_user *user);

#endif
