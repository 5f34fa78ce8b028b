/* SPDX-License-Identifier: MIT
 * settings_cache - the settings of a process that lives on while its files change.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "settings/settings_parts.h"

struct settings_cache {
    pthread_mutex_t lock; /* over all below */
    settings_warn warn;
    void *context;
    const struct settings *current; /* the last good ones, or NULL */
    char *path;                     /* of the file that was tried last, or NULL */

    /* The last version that could not be used: neither read nor reported again while it is the
     * same. */
    struct err failed;
    struct file_id failed_id;
};

enum status settings_cache_make(struct settings_cache **out, settings_warn warn, void *context,
                                struct err *err)
{
    struct settings_cache *c = calloc(1, sizeof *c);

    if (c == NULL || pthread_mutex_init(&c->lock, NULL) != 0) {
        free(c);
        return err_set(err, STATUS_MEMORY, "no memory for the settings");
    }
    c->warn = warn;
    c->context = context;
    *out = c;
    return STATUS_OK;
}

void settings_cache_free(struct settings_cache *cache)
{
    if (cache == NULL)
        return;
    settings_release(cache->current);
    (void)pthread_mutex_destroy(&cache->lock);
    free(cache->path);
    free(cache);
}

static void replace_current(struct settings_cache *c, const struct settings *next)
{
    settings_release(c->current);
    c->current = next;
}

/* Once for each broken version: a version is broken in one way. */
static void remember_failure(struct settings_cache *c, const struct err *failed,
                             const struct file_id *id)
{
    bool known = c->failed.status == failed->status && file_id_same(id, &c->failed_id);

    c->failed = *failed;
    c->failed_id = *id;
    /* Each request that is answered 503 is logged by who answers it. */
    if (failed->status == STATUS_UNTRUSTED)
        return;
    if (!known && c->current != NULL && c->warn != NULL) {
        char text[ERR_TEXT_MAX + 64];

        snprintf(text, sizeof text, "%s (the settings read before stay in use)", failed->text);
        c->warn(c->context, text);
    }
}

/* The words of the last good version with the secrets as they are now: a secret that was rotated
 * while the file is broken must not turn deliveries away. */
static void refresh_secrets(struct settings_cache *c)
{
    const struct settings *next = NULL;
    struct err ignored = ERR_INIT;

    if (c->current == NULL || settings_secrets_same(c->current))
        return;
    if (settings_reload_secrets(&next, c->current, c->warn, c->context, &ignored) == STATUS_OK)
        replace_current(c, next);
}

/* Whether this very version was tried, and would fail again. */
static bool known_broken(const struct settings_cache *c, const struct file_id *id)
{
    return c->failed.status == STATUS_CONFIG && file_id_same(id, &c->failed_id);
}

/* Brings the cache up to date; a failure is in c->failed. */
static void update_current(struct settings_cache *c)
{
    struct file_id id = file_id_of(c->path);
    const struct settings *next = NULL;
    struct err failed = ERR_INIT;

    if (!known_broken(c, &id)) {
        if (settings_load(&next, c->path, c->warn, c->context, &failed) == STATUS_OK) {
            replace_current(c, next);
            err_clear(&c->failed);
            return;
        }
        remember_failure(c, &failed, &id);
    }
    refresh_secrets(c);
}

/* While there are no settings, the file may also appear in another place. */
static enum status find_path(struct settings_cache *c, struct err *err)
{
    char *path = NULL;
    enum status st = settings_find(&path, NULL, err);

    if (st != STATUS_OK)
        return st;
    if (c->path == NULL || strcmp(c->path, path) != 0)
        err_clear(&c->failed);
    free(c->path);
    c->path = path;
    return STATUS_OK;
}

static enum status current(struct settings_cache *c, const struct settings **out, struct err *err)
{
    enum status st = STATUS_OK;

    if (c->current == NULL)
        st = find_path(c, err);
    if (st != STATUS_OK)
        return st;
    if (c->current == NULL || !settings_same(c->current))
        update_current(c);
    else
        err_clear(&c->failed);
    if (c->current == NULL || c->failed.status == STATUS_UNTRUSTED)
        return err_pass(err, c->failed.status, &c->failed);
    *out = settings_hold(c->current);
    return STATUS_OK;
}

/* Returns the settings in use, or NULL if they are in doubt. */
static const struct settings *hold_good(struct settings_cache *c)
{
    const struct settings *held = NULL;

    (void)pthread_mutex_lock(&c->lock);
    if (c->current != NULL && c->failed.status == STATUS_OK)
        held = settings_hold(c->current);
    (void)pthread_mutex_unlock(&c->lock);
    return held;
}

enum status settings_current(struct settings_cache *cache, const struct settings **out,
                             struct err *err)
{
    const struct settings *held = hold_good(cache);
    enum status st;

    /* The usual case looks at the files without the lock, for which threads would queue. */
    if (held != NULL && settings_same(held)) {
        *out = held;
        return STATUS_OK;
    }
    settings_release(held);
    (void)pthread_mutex_lock(&cache->lock);
    st = current(cache, out, err);
    (void)pthread_mutex_unlock(&cache->lock);
    return st;
}

bool settings_cache_whole(struct settings_cache *cache)
{
    bool whole;

    (void)pthread_mutex_lock(&cache->lock);
    whole = cache->current != NULL && cache->failed.status == STATUS_OK;
    (void)pthread_mutex_unlock(&cache->lock);
    return whole;
}
