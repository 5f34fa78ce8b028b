/* SPDX-License-Identifier: MIT
 * site - the spool as a process that lives long uses it: opened when first needed, shared by
 * threads, opened again when the configuration names another one, when the folder was replaced, or
 * when it could not be opened before.
 */
#ifndef GATE_SITE_H
#define GATE_SITE_H

#include <pthread.h>

#include "base/err.h"
#include "core/config.h"
#include "store/journal.h"
#include "store/spool.h"

struct site; /* one opened spool */

struct site_pool {
    pthread_mutex_t lock;
    struct site *current;
};

/* A thread's share. */
struct site_user {
    struct site *site; /* NULL: none */
    struct journal *journal;
    struct journal_options options;
};

void site_pool_init(struct site_pool *pool);
void site_pool_free(struct site_pool *pool);

/* Makes user->site the spool of the configuration. STATUS_CONFIG, STATUS_OWNER, ...: there is none.
 */
enum status site_use(struct site_pool *pool, struct site_user *user, const struct config *config,
                     struct err *err) STATUS_CHECKED;
/* The thread's journal over that spool, with the configuration's limits. Valid until the next call.
 */
enum status site_journal(struct site_user *user, const struct config *config, struct journal **out,
                         struct err *err) STATUS_CHECKED;
/* After a failure of the disk: the next use begins with fresh descriptors. */
void site_journal_drop(struct site_user *user);
void site_leave(struct site_pool *pool, struct site_user *user);

const struct spool *site_spool(const struct site *site);
/* Whether its folder is open to others and nobody has asked before. */
bool site_tell_mode(struct site *site);

#endif
