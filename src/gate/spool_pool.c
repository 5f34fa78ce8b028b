/* SPDX-License-Identifier: MIT
 * spool_pool - see gate/spool_pool.h.
 */
#include "gate/spool_pool.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "store/intake.h"

struct open_spool {
    struct spool spool;
    struct journal_group *group;
    char *path; /* as configured */
    struct stat identity;
    atomic_bool mode_told;
    unsigned users; /* guarded by the pool's lock */
};

const struct spool *spool_pool_spool(const struct spool_user *user)
{
    return &user->open->spool;
}

bool spool_pool_mode_is_news(const struct spool_user *user)
{
    return !spool_mode_private(user->open->identity.st_mode) &&
           !atomic_exchange(&user->open->mode_told, true);
}

void spool_pool_init(struct spool_pool *pool, trust_tell foreign, void *context)
{
    pthread_mutex_init(&pool->lock, NULL);
    pool->current = NULL;
    pool->foreign = foreign;
    pool->context = context;
}

static void close_spool(struct open_spool *s)
{
    journal_group_free(s->group);
    spool_close(&s->spool);
    free(s->path);
    free(s);
}

static void release_spool(struct open_spool *s)
{
    if (s != NULL && --s->users == 0)
        close_spool(s);
}

void spool_pool_free(struct spool_pool *pool)
{
    release_spool(pool->current);
    pool->current = NULL;
    pthread_mutex_destroy(&pool->lock);
}

static enum status open_spool_at(const struct spool_pool *pool, struct open_spool **out,
                                 const char *path, struct err *err)
{
    struct open_spool *s = calloc(1, sizeof *s);
    enum status status;

    if (s == NULL || (s->path = strdup(path)) == NULL) {
        free(s);
        return err_set(err, STATUS_MEMORY, "no memory for a spool");
    }
    status = spool_open_telling(&s->spool, path, pool->foreign, pool->context, err);
    if (status != STATUS_OK) {
        free(s->path);
        free(s);
        return status;
    }
    if (fstat(s->spool.dir, &s->identity) < 0)
        status = err_errno(err, "cannot look at %s", path);
    if (status == STATUS_OK)
        status = journal_group_make(&s->group, err);
    if (status != STATUS_OK) {
        close_spool(s);
        return status;
    }
    s->users = 1;
    *out = s;
    return STATUS_OK;
}

/* Whether the path still leads to this spool, and as many may change it as when it was judged.
 * Descriptors of a folder that was moved or removed go on working: without this check events would
 * be recorded out of reach. */
static bool is_at(const struct open_spool *s, const char *path)
{
    struct stat sb;

    return s != NULL && strcmp(s->path, path) == 0 && stat(path, &sb) == 0 &&
           sb.st_dev == s->identity.st_dev && sb.st_ino == s->identity.st_ino &&
           sb.st_mode == s->identity.st_mode && sb.st_uid == s->identity.st_uid &&
           sb.st_gid == s->identity.st_gid && spool_holds_journal(&s->spool);
}

enum status spool_pool_use(struct spool_pool *pool, struct spool_user *user,
                           const struct config *config, struct err *err)
{
    enum status status = STATUS_OK;

    if (is_at(user->open, config->spool))
        return STATUS_OK;
    spool_pool_leave(pool, user);
    pthread_mutex_lock(&pool->lock);
    if (!is_at(pool->current, config->spool)) {
        release_spool(pool->current);
        pool->current = NULL;
        status = open_spool_at(pool, &pool->current, config->spool, err);
    }
    if (status == STATUS_OK) {
        user->open = pool->current;
        user->open->users++;
    }
    pthread_mutex_unlock(&pool->lock);
    return status;
}

enum status spool_pool_check(const struct spool_user *user, const struct config *config,
                             struct err *err)
{
    if (is_at(user->open, config->spool))
        return STATUS_OK;
    return err_set(err, STATUS_CONFIG, "the spool %s was moved or changed during the request",
                   config->spool);
}

enum status spool_pool_journal(struct spool_user *user, const struct config *config,
                               struct journal **out, struct err *err)
{
    struct journal_options options = intake_options(config);
    enum status status;

    if (user->journal != NULL &&
        (user->options.segment_max != options.segment_max ||
         user->options.reserve.bytes != options.reserve.bytes ||
         user->options.reserve.percent != options.reserve.percent ||
         user->options.keep_s != options.keep_s || user->options.hold != options.hold))
        spool_pool_journal_drop(user);
    if (user->journal == NULL) {
        status = journal_open(&user->journal, &user->open->spool, user->open->group, &options, err);
        if (status != STATUS_OK)
            return status;
        user->options = options;
    }
    *out = user->journal;
    return STATUS_OK;
}

void spool_pool_journal_drop(struct spool_user *user)
{
    if (user->journal != NULL)
        journal_close(user->journal);
    user->journal = NULL;
}

void spool_pool_leave(struct spool_pool *pool, struct spool_user *user)
{
    spool_pool_journal_drop(user);
    if (user->open == NULL)
        return;
    pthread_mutex_lock(&pool->lock);
    release_spool(user->open);
    pthread_mutex_unlock(&pool->lock);
    user->open = NULL;
}
