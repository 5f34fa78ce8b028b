/* SPDX-License-Identifier: MIT
 * spool_pool - see gate/spool_pool.h.
 */
#include "gate/spool_pool.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "store/intake.h"

struct site {
    struct spool spool;
    struct journal_group *group;
    char *path; /* as configured */
    struct stat identity;
    atomic_bool mode_told;
    unsigned users; /* guarded by the pool's lock */
};

const struct spool *spool_pool_spool(const struct site *site)
{
    return &site->spool;
}

bool spool_pool_tell_mode(struct site *site)
{
    return !spool_mode_private(site->identity.st_mode) && !atomic_exchange(&site->mode_told, true);
}

void spool_pool_init(struct spool_pool *pool)
{
    pthread_mutex_init(&pool->lock, NULL);
    pool->current = NULL;
}

static void site_close(struct site *s)
{
    journal_group_free(s->group);
    spool_close(&s->spool);
    free(s->path);
    free(s);
}

static void release(struct site *s)
{
    if (s != NULL && --s->users == 0)
        site_close(s);
}

void spool_pool_free(struct spool_pool *pool)
{
    release(pool->current);
    pool->current = NULL;
    pthread_mutex_destroy(&pool->lock);
}

static enum status site_open(struct site **out, const char *path, struct err *err)
{
    struct site *s = calloc(1, sizeof *s);
    enum status status;

    if (s == NULL || (s->path = strdup(path)) == NULL) {
        free(s);
        return err_set(err, STATUS_MEMORY, "no memory for a spool");
    }
    status = spool_open(&s->spool, path, err);
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
        spool_close(&s->spool);
        free(s->path);
        free(s);
        return status;
    }
    s->users = 1;
    *out = s;
    return STATUS_OK;
}

/* Whether the site is still what the path leads to. Descriptors of a folder that was moved away or
 * removed go on working: without this look events would be recorded where nobody finds them. */
static bool site_fits(const struct site *s, const char *path)
{
    struct stat sb;

    return s != NULL && strcmp(s->path, path) == 0 && stat(path, &sb) == 0 &&
           sb.st_dev == s->identity.st_dev && sb.st_ino == s->identity.st_ino;
}

enum status spool_pool_use(struct spool_pool *pool, struct spool_user *user,
                           const struct config *config, struct err *err)
{
    enum status status = STATUS_OK;

    if (site_fits(user->site, config->spool))
        return STATUS_OK;
    spool_pool_leave(pool, user);
    pthread_mutex_lock(&pool->lock);
    if (!site_fits(pool->current, config->spool)) {
        release(pool->current);
        pool->current = NULL;
        status = site_open(&pool->current, config->spool, err);
    }
    if (status == STATUS_OK) {
        user->site = pool->current;
        user->site->users++;
    }
    pthread_mutex_unlock(&pool->lock);
    return status;
}

enum status spool_pool_journal(struct spool_user *user, const struct config *config,
                               struct journal **out, struct err *err)
{
    struct journal_options options = intake_options(config);
    enum status status;

    if (user->journal != NULL &&
        (user->options.segment_max != options.segment_max ||
         user->options.free_space_min != options.free_space_min ||
         user->options.keep_s != options.keep_s || user->options.hold != options.hold))
        spool_pool_journal_drop(user);
    if (user->journal == NULL) {
        status = journal_open(&user->journal, &user->site->spool, user->site->group, &options, err);
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
    if (user->site == NULL)
        return;
    pthread_mutex_lock(&pool->lock);
    release(user->site);
    pthread_mutex_unlock(&pool->lock);
    user->site = NULL;
}
