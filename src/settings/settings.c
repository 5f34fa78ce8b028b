/* SPDX-License-Identifier: MIT
 * settings - one reading of the configuration and of the secrets.
 */
#include "settings/settings.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "settings/settings_parts.h"

struct settings_owner {
    struct settings settings;
    atomic_uint holders;
    char *path;
    struct buf text;
    struct config *config;
    struct auth_secrets *secrets; /* one for each endpoint; the values are the owner's */
    struct file_id file;
    char **secret_paths; /* all of all endpoints, in their order */
    struct file_id *secret_ids;
    size_t secret_count; /* of paths */
};

static enum status no_memory(struct err *err)
{
    return err_set(err, STATUS_MEMORY, "no memory for the settings");
}

/* ---- memory */

static void secrets_free(struct auth_secrets *secrets, size_t endpoints)
{
    for (size_t i = 0; secrets != NULL && i < endpoints; i++) {
        for (size_t k = 0; k < secrets[i].count; k++) {
            char *value = (char *)(uintptr_t)secrets[i].values[k].ptr;

            explicit_bzero(value, secrets[i].values[k].len);
            free(value);
        }
        free((void *)(uintptr_t)secrets[i].values);
    }
    free(secrets);
}

static void owner_free(struct settings_owner *o)
{
    for (size_t i = 0; i < o->secret_count; i++)
        free(o->secret_paths[i]);
    free(o->secret_paths);
    free(o->secret_ids);
    secrets_free(o->secrets, o->config == NULL ? 0 : o->config->endpoint_count);
    config_free(o->config);
    buf_free(&o->text);
    free(o->path);
    free(o);
}

void settings_release(const struct settings *settings)
{
    if (settings != NULL && atomic_fetch_sub(&settings->owner->holders, 1) == 1)
        owner_free(settings->owner);
}

const struct settings *settings_hold(const struct settings *settings)
{
    atomic_fetch_add(&settings->owner->holders, 1);
    return settings;
}

/* ---- versions */

bool settings_secrets_same(const struct settings *settings)
{
    const struct settings_owner *o = settings->owner;

    for (size_t i = 0; i < o->secret_count; i++) {
        struct file_id now = file_id_of(o->secret_paths[i]);

        if (!file_id_same(&now, &o->secret_ids[i]))
            return false;
    }
    return true;
}

bool settings_same(const struct settings *settings)
{
    struct file_id now = file_id_of(settings->path);

    return file_id_same(&now, &settings->owner->file) && settings_secrets_same(settings);
}

/* ---- secrets */

/* Relative to the folder of the configuration. */
static char *secret_path(const char *config, const char *file)
{
    const char *slash = strrchr(config, '/');
    struct buf path;
    char *copy = NULL;

    if (*file == '/' || slash == NULL)
        return str_dup(str_of(file));
    buf_init(&path, strlen(config) + strlen(file) + 1);
    buf_add(&path, config, (size_t)(slash + 1 - config));
    buf_add_text(&path, file);
    if (path.failed == STATUS_OK)
        copy = str_dup(buf_str(&path));
    buf_free(&path);
    return copy;
}

/* Reports a secret that works, but can be guessed. */
static void check_key_size(const struct config_endpoint *endpoint, const char *path,
                           struct str secret, settings_tell tell, void *context)
{
    size_t size = auth_key_size(endpoint, secret);
    char text[ERR_TEXT_MAX];

    if (size >= AUTH_KEY_MIN)
        return;
    snprintf(text, sizeof text,
             "secret file %s: can be guessed (got %zu bytes of key, expected at least %d); put a "
             "longer one there and at the sender, such as: openssl rand -hex 32",
             path, size, AUTH_KEY_MIN);
    tell(context, true, text);
}

struct secret_warning {
    const struct config_endpoint *endpoint;
    settings_warn warn; /* or NULL */
    void *context;
};

static void warn_of_secret(void *context, bool usable, const char *text)
{
    const struct secret_warning *t = context;
    char sentence[ERR_TEXT_MAX];

    if (t->warn == NULL)
        return;
    snprintf(sentence, sizeof sentence, "endpoint \"%s\": %s%s", t->endpoint->name, text,
             usable ? "" : " (skipped)");
    t->warn(t->context, sentence);
}

static enum status load_secret(struct settings_owner *o, struct secret_warning *t, const char *file,
                               struct str *out, bool *usable, struct err *err)
{
    size_t i = o->secret_count;
    struct buf secret;
    enum status st;

    o->secret_paths[i] = secret_path(o->path, file);
    if (o->secret_paths[i] == NULL)
        return no_memory(err);
    o->secret_count++;
    /* Taken before the file is read: a change in between is seen the next time. */
    o->secret_ids[i] = file_id_of(o->secret_paths[i]);
    buf_init(&secret, SETTINGS_SECRET_MAX);
    st = settings_secret(o->secret_paths[i], &secret, usable, warn_of_secret, t, err);
    if (st == STATUS_OK && *usable) {
        check_key_size(t->endpoint, o->secret_paths[i], buf_str(&secret), warn_of_secret, t);
        *out = (struct str){str_dup(buf_str(&secret)), secret.len};
        if (out->ptr == NULL)
            st = no_memory(err);
        explicit_bzero(secret.ptr, secret.len);
    }
    buf_free(&secret);
    return st;
}

static enum status load_endpoint(struct settings_owner *o, size_t index, settings_warn warn,
                                 void *context, struct err *err)
{
    const struct config_endpoint *e = &o->config->endpoints[index];
    struct secret_warning t = {e, warn, context};
    struct str *values = calloc(e->secret_file_count + 1, sizeof *values);
    struct auth_secrets *secrets = &o->secrets[index];

    if (values == NULL)
        return no_memory(err);
    secrets->values = values;
    for (size_t i = 0; i < e->secret_file_count; i++) {
        struct str value = STR_NONE;
        bool usable = false;
        enum status st = load_secret(o, &t, e->secret_files[i], &value, &usable, err);

        if (st != STATUS_OK)
            return st;
        if (usable)
            values[secrets->count++] = value;
    }
    return STATUS_OK;
}

static enum status load_secrets(struct settings_owner *o, settings_warn warn, void *context,
                                struct err *err)
{
    const struct config *config = o->config;
    size_t files = 1;
    enum status st = STATUS_OK;

    for (size_t i = 0; i < config->endpoint_count; i++)
        files += config->endpoints[i].secret_file_count;
    o->secret_paths = calloc(files, sizeof *o->secret_paths);
    o->secret_ids = calloc(files, sizeof *o->secret_ids);
    o->secrets = calloc(config->endpoint_count, sizeof *o->secrets);
    if (o->secret_paths == NULL || o->secret_ids == NULL || o->secrets == NULL)
        return no_memory(err);
    for (size_t i = 0; st == STATUS_OK && i < config->endpoint_count; i++)
        st = load_endpoint(o, i, warn, context, err);
    return st;
}

/* ---- the configuration */

static struct settings_owner *owner_make(const char *path)
{
    struct settings_owner *o = calloc(1, sizeof *o);

    if (o == NULL)
        return NULL;
    buf_init(&o->text, CONFIG_FILE_MAX);
    o->path = str_dup(str_of(path));
    if (o->path == NULL) {
        owner_free(o);
        return NULL;
    }
    o->file = file_id_of(path);
    return o;
}

/* Takes `o` with its text. */
static enum status fill_owner(const struct settings **out, struct settings_owner *o,
                              settings_warn warn, void *context, struct err *err)
{
    enum status st = config_parse(&o->config, o->path, buf_str(&o->text), err);

    if (st == STATUS_OK)
        st = load_secrets(o, warn, context, err);
    if (st != STATUS_OK) {
        owner_free(o);
        return st;
    }
    o->settings = (struct settings){o->config, o->secrets, o->path, o};
    atomic_init(&o->holders, 1);
    *out = &o->settings;
    return STATUS_OK;
}

/* Whoever can write to the file chooses our hooks. */
static enum status check_owner(const char *path, const struct stat *sb, struct err *err)
{
    if (sb->st_uid != 0 && sb->st_uid != geteuid())
        return err_set(
            err, STATUS_CONFIG,
            "%s: belongs to user %lu, not to root or to user %lu that we run as; make it "
            "one of theirs",
            path, (unsigned long)sb->st_uid, (unsigned long)geteuid());
    if ((sb->st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return err_set(err, STATUS_CONFIG, "%s: others can write to it; run: chmod go-w %s", path,
                       path);
    return STATUS_OK;
}

enum status settings_load(const struct settings **out, const char *path, settings_warn warn,
                          void *context, struct err *err)
{
    struct settings_owner *o = owner_make(path);
    struct err failed = ERR_INIT;
    struct stat sb;
    enum status st;

    if (o == NULL)
        return no_memory(err);
    st = settings_read(path, &o->text, &sb, &failed);
    if (st != STATUS_OK)
        st = err_set(err, st, "%s: %s", path, failed.text);
    if (st == STATUS_OK)
        st = check_owner(path, &sb, err);
    if (st == STATUS_OK)
        return fill_owner(out, o, warn, context, err);
    owner_free(o);
    return st;
}

enum status settings_reload_secrets(const struct settings **out, const struct settings *old,
                                    settings_warn warn, void *context, struct err *err)
{
    struct settings_owner *o = owner_make(old->path);

    if (o == NULL)
        return no_memory(err);
    o->file = old->owner->file;
    buf_add_str(&o->text, buf_str(&old->owner->text));
    if (o->text.failed != STATUS_OK) {
        owner_free(o);
        return no_memory(err);
    }
    return fill_owner(out, o, warn, context, err);
}

/* ---- for checks */

struct problem {
    const struct config_endpoint *endpoint;
    const char *file;
    settings_problem tell;
    void *context;
};

static void report_problem(void *context, bool usable, const char *text)
{
    const struct problem *p = context;

    p->tell(p->context, p->endpoint, p->file, usable, text);
}

void settings_problems(const struct settings *settings, settings_problem tell, void *context)
{
    const struct settings_owner *o = settings->owner;
    size_t index = 0;

    for (size_t i = 0; i < o->config->endpoint_count; i++) {
        const struct config_endpoint *e = &o->config->endpoints[i];

        for (size_t k = 0; k < e->secret_file_count; k++, index++) {
            struct problem p = {e, o->secret_paths[index], tell, context};
            struct err err = ERR_INIT;
            struct buf secret;
            bool usable;

            buf_init(&secret, SETTINGS_SECRET_MAX);
            if (settings_secret(p.file, &secret, &usable, report_problem, &p, &err) != STATUS_OK)
                tell(context, e, p.file, false, err.text);
            if (usable)
                check_key_size(e, p.file, buf_str(&secret), report_problem, &p);
            explicit_bzero(secret.ptr, secret.len);
            buf_free(&secret);
        }
    }
}
