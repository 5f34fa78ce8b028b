/* SPDX-License-Identifier: MIT
 * settings - one reading of the configuration and of the secrets.
 */
#include "settings/settings.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/trust.h"
#include "settings/settings_parts.h"

struct secret_file {
    char *path;
    struct file_id id;
    bool untrusted; /* and skipped, perhaps for a folder above it */
};

struct settings_owner {
    struct settings settings;
    atomic_uint holders;
    char *path;
    struct buf text;
    struct config *config;
    struct auth_secrets *secrets; /* one for each endpoint; the values are the owner's */
    struct file_id file;
    struct secret_file *files; /* all of all endpoints, in their order */
    size_t file_count;
    struct buf foreign;
    settings_warn warn; /* while it is loaded; or NULL */
    void *context;
};

/* Of sentences about folders of others; what is beyond it is not said. */
#define FOREIGN_MAX 8192

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
    for (size_t i = 0; i < o->file_count; i++)
        free(o->files[i].path);
    free(o->files);
    secrets_free(o->secrets, o->config == NULL ? 0 : o->config->endpoint_count);
    config_free(o->config);
    buf_free(&o->text);
    buf_free(&o->foreign);
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

static bool is_untrusted(const char *path, uid_t us)
{
    return trust_path_of(us, path, NULL, NULL, NULL) == STATUS_UNTRUSTED;
}

bool settings_secrets_same(const struct settings *settings)
{
    const struct settings_owner *o = settings->owner;

    for (size_t i = 0; i < o->file_count; i++) {
        const struct secret_file *file = &o->files[i];
        struct file_id now = file_id_of(file->path);

        if (!file_id_same(&now, &file->id) ||
            (file->untrusted && !is_untrusted(file->path, settings->user)))
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

/* Relative to the folder of the configuration, whose path is absolute. */
static char *secret_path(const char *config, const char *file)
{
    const char *slash = strrchr(config, '/');
    struct buf path;
    char *copy = NULL;

    if (*file == '/')
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
    struct settings_owner *owner;
    const struct config_endpoint *endpoint;
};

static void warn_of_secret(void *context, bool usable, const char *text)
{
    const struct secret_warning *t = context;
    char sentence[ERR_TEXT_MAX];

    if (t->owner->warn == NULL)
        return;
    snprintf(sentence, sizeof sentence, "endpoint \"%s\": %s%s", t->endpoint->name, text,
             usable ? "" : " (skipped)");
    t->owner->warn(t->owner->context, sentence);
}

/* Configuration and secrets often lie below the same folders. */
static void note_foreign(void *context, const char *sentence)
{
    struct settings_owner *o = context;

    if (strstr(o->foreign.ptr, sentence) != NULL)
        return;
    buf_printf(&o->foreign, "%s\n", sentence);
    if (o->warn != NULL)
        o->warn(o->context, sentence);
}

static void note_foreign_of_secret(void *context, const char *sentence)
{
    const struct secret_warning *t = context;

    note_foreign(t->owner, sentence);
}

static enum status load_secret(struct settings_owner *o, struct secret_warning *t, const char *name,
                               struct str *out, bool *usable, struct err *err)
{
    struct secret_file *file = &o->files[o->file_count];
    uid_t us = o->settings.user;
    struct buf secret;
    enum status st;

    file->path = secret_path(o->path, name);
    if (file->path == NULL)
        return no_memory(err);
    o->file_count++;
    /* Taken before the file is read: a change in between is seen the next time. */
    file->id = file_id_of(file->path);
    buf_init(&secret, SETTINGS_SECRET_MAX);
    st = settings_secret(file->path, us, &secret, usable, warn_of_secret, note_foreign_of_secret, t,
                         err);
    if (st == STATUS_OK && *usable) {
        check_key_size(t->endpoint, file->path, buf_str(&secret), warn_of_secret, t);
        *out = (struct str){str_dup(buf_str(&secret)), secret.len};
        if (out->ptr == NULL)
            st = no_memory(err);
        explicit_bzero(secret.ptr, secret.len);
    } else if (st == STATUS_OK) {
        file->untrusted = is_untrusted(file->path, us);
    }
    buf_free(&secret);
    return st;
}

static enum status load_endpoint(struct settings_owner *o, size_t index, struct err *err)
{
    const struct config_endpoint *e = &o->config->endpoints[index];
    struct secret_warning t = {o, e};
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

static uid_t user_served(const struct config *config)
{
    uid_t us = geteuid();
    struct stat sb;

    return us == 0 && stat(config->spool, &sb) == 0 ? sb.st_uid : us;
}

static enum status load_secrets(struct settings_owner *o, struct err *err)
{
    const struct config *config = o->config;
    size_t files = 1;
    enum status st = STATUS_OK;

    for (size_t i = 0; i < config->endpoint_count; i++)
        files += config->endpoints[i].secret_file_count;
    o->files = calloc(files, sizeof *o->files);
    o->secrets = calloc(config->endpoint_count, sizeof *o->secrets);
    if (o->files == NULL || o->secrets == NULL)
        return no_memory(err);
    for (size_t i = 0; st == STATUS_OK && i < config->endpoint_count; i++)
        st = load_endpoint(o, i, err);
    return st;
}

/* ---- the configuration */

static struct settings_owner *owner_make(const char *path, settings_warn warn, void *context)
{
    struct settings_owner *o = calloc(1, sizeof *o);

    if (o == NULL)
        return NULL;
    o->warn = warn;
    o->context = context;
    buf_init(&o->foreign, FOREIGN_MAX);
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
                              struct err *err)
{
    enum status st = config_parse(&o->config, o->path, buf_str(&o->text), err);

    if (st == STATUS_OK) {
        o->settings.user = user_served(o->config);
        st = load_secrets(o, err);
    }
    if (st != STATUS_OK) {
        owner_free(o);
        return st;
    }
    o->warn = NULL;
    o->settings = (struct settings){
        .config = o->config,
        .secrets = o->secrets,
        .path = o->path,
        .foreign = o->foreign.ptr,
        .user = o->settings.user,
        .owner = o,
    };
    atomic_init(&o->holders, 1);
    *out = &o->settings;
    return STATUS_OK;
}

enum status settings_load(const struct settings **out, const char *path, settings_warn warn,
                          void *context, struct err *err)
{
    struct settings_owner *o = owner_make(path, warn, context);
    const struct settings_source from = {path, geteuid(), note_foreign, o};
    struct err failed = ERR_INIT;
    struct stat sb;
    enum status st;

    if (o == NULL)
        return no_memory(err);
    st = settings_read(&from, &o->text, &sb, &failed);
    if (st == STATUS_OK)
        return fill_owner(out, o, err);
    owner_free(o);
    if (st == STATUS_UNTRUSTED)
        return err_set(err, st, "the configuration cannot be trusted: %s", failed.text);
    return err_set(err, st, "%s: %s", path, failed.text);
}

enum status settings_reload_secrets(const struct settings **out, const struct settings *old,
                                    settings_warn warn, void *context, struct err *err)
{
    struct settings_owner *o = owner_make(old->path, warn, context);

    if (o == NULL)
        return no_memory(err);
    o->file = old->owner->file;
    buf_add_str(&o->text, buf_str(&old->owner->text));
    if (o->text.failed != STATUS_OK) {
        owner_free(o);
        return no_memory(err);
    }
    return fill_owner(out, o, err);
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
            struct problem p = {e, o->files[index].path, tell, context};
            struct err err = ERR_INIT;
            struct buf secret;
            bool usable = false;

            buf_init(&secret, SETTINGS_SECRET_MAX);
            if (settings_secret(p.file, settings->user, &secret, &usable, report_problem, NULL, &p,
                                &err) != STATUS_OK)
                tell(context, e, p.file, false, err.text);
            if (usable)
                check_key_size(e, p.file, buf_str(&secret), report_problem, &p);
            explicit_bzero(secret.ptr, secret.len);
            buf_free(&secret);
        }
    }
}
