/* SPDX-License-Identifier: MIT
 * gate_shared - the settings that serve, and the warnings about them.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gate/gate_parts.h"

static void take_warning(void *context, const char *text)
{
    struct gate *gate = context;

    pthread_mutex_lock(&gate->lock);
    /* The same folder can lead to the configuration and to the spool. */
    if (strstr(gate->notes.ptr, text) == NULL) {
        /* The name of a folder may hold a line break, and another user may have chosen it. */
        for (const char *c = text; *c != '\0'; c++)
            buf_add_char(&gate->notes, *c == '\n' ? '?' : *c);
        buf_add_char(&gate->notes, '\n');
    }
    atomic_store(&gate->noted, true);
    pthread_mutex_unlock(&gate->lock);
}

static void load_once(struct gate *gate)
{
    char *path = NULL;
    enum status status = settings_find(&path, NULL, &gate->problem);

    if (status == STATUS_OK)
        status = settings_load(&gate->settings, path, take_warning, gate, &gate->problem);
    if (status != STATUS_OK)
        gate->settings = NULL;
    free(path);
}

enum status gate_make(struct gate **out, bool fastcgi, struct err *err)
{
    struct gate *gate = calloc(1, sizeof *gate);
    enum status status = STATUS_OK;

    if (gate == NULL)
        return err_set(err, STATUS_MEMORY, "no memory for the gateway");
    gate->fastcgi = fastcgi;
    gate->root = geteuid() == 0;
    buf_init(&gate->notes, GATE_NOTES_MAX);
    pthread_mutex_init(&gate->lock, NULL);
    spool_pool_init(&gate->pool, take_warning, gate);
    if (fastcgi)
        status = settings_cache_make(&gate->cache, take_warning, gate, err);
    else if (!gate->root)
        load_once(gate);
    if (fastcgi && cgi_is_open())
        take_warning(gate,
                     "the FastCGI socket is a TCP port, and FCGI_WEB_SERVER_ADDRS is not set: "
                     "all who reach the port can pretend to be the web server, addresses "
                     "included; use a unix socket of mode 0600, or set the variable");
    if (status == STATUS_OK)
        *out = gate;
    else
        gate_free(gate);
    return status;
}

void gate_free(struct gate *gate)
{
    if (gate->settings != NULL)
        settings_release(gate->settings);
    if (gate->cache != NULL)
        settings_cache_free(gate->cache);
    spool_pool_free(&gate->pool);
    pthread_mutex_destroy(&gate->lock);
    buf_free(&gate->notes);
    free(gate);
}

const char *gate_program(const struct gate *gate)
{
    return gate->fastcgi ? "stenohook.fcgi" : "stenohook.cgi";
}

enum status gate_settings(struct gate *gate, const struct settings **out, struct err *err)
{
    if (gate->root)
        return err_set(err, STATUS_OWNER,
                       "the gateway does not run as root: have it started as the spool's owner");
    if (gate->fastcgi)
        return settings_current(gate->cache, out, err);
    if (gate->settings == NULL)
        return err_pass(err, gate->problem.status, &gate->problem);
    *out = gate->settings;
    return STATUS_OK;
}

bool gate_settings_whole(struct gate *gate)
{
    return !gate->fastcgi || settings_cache_whole(gate->cache);
}

void gate_settings_release(struct gate *gate, const struct settings *settings)
{
    if (gate->fastcgi)
        settings_release(settings);
}

bool gate_wait_begin(struct gate *gate)
{
    unsigned most = atomic_load(&gate->threads) / 2;

    if (!gate->fastcgi || atomic_fetch_add(&gate->waiting, 1) < (most > 0 ? most : 1))
        return true;
    atomic_fetch_sub(&gate->waiting, 1);
    return false;
}

void gate_wait_end(struct gate *gate)
{
    if (gate->fastcgi)
        atomic_fetch_sub(&gate->waiting, 1);
}

void gate_take_notes(struct gate *gate, struct buf *out)
{
    if (!atomic_load(&gate->noted))
        return;
    pthread_mutex_lock(&gate->lock);
    buf_add_str(out, buf_str(&gate->notes));
    buf_reset(&gate->notes, GATE_NOTES_MAX);
    atomic_store(&gate->noted, false);
    pthread_mutex_unlock(&gate->lock);
}

unsigned gate_threads(struct gate *gate)
{
    const struct settings *settings;
    unsigned threads = GATE_THREADS_DEFAULT;

    if (gate_settings(gate, &settings, NULL) == STATUS_OK) {
        threads = settings->config->threads;
        gate_settings_release(gate, settings);
    }
    return threads;
}
