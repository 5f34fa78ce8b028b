/* SPDX-License-Identifier: MIT
 * init_plan - what init is to make, and for whom. Nothing is made here.
 */
#include "admin/init_plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin/init_files.h"
#include "admin/init_text.h"
#include "base/file.h"
#include "base/str.h"
#include "base/user.h"
#include "cli/print.h"

#define SYSTEM_CONFIG SYSCONFDIR "/stenohook/stenohook.conf"
#define SYSTEM_SPOOL "/var/lib/stenohook"
#define HOME_CONFIG "/.config/stenohook/stenohook.conf"
#define HOME_SPOOL "/stenohook"
#define PATH_BYTES 4096

static enum status copy_path(char **out, const char *first, const char *second, struct err *err)
{
    enum status status;
    struct buf b;

    buf_init(&b, PATH_BYTES);
    buf_add_text(&b, first);
    buf_add_text(&b, second);
    status = buf_status(&b, "a path", err);
    if (status == STATUS_OK)
        status = init_absolute(out, b.ptr, err);
    buf_free(&b);
    return status;
}

/* A secret, as a file in the folder of the configuration. */
static enum status place_beside(const struct init *init, char **out, const char *file,
                                struct err *err)
{
    const char *slash = strrchr(init->config_path, '/');
    enum status status;
    char *folder =
        str_dup((struct str){init->config_path, (size_t)(slash + 1 - init->config_path)});

    if (folder == NULL)
        return err_set(err, STATUS_MEMORY, "no memory for a path");
    status = copy_path(out, folder, file, err);
    free(folder);
    return status;
}

/* ---- for whom, and where */

enum status init_plan_user(struct init *init, struct err *err)
{
    const char *name = init->wish->user;
    struct user user;

    init->owner.system = geteuid() == 0;
    if (init->owner.system && name == NULL)
        return err_set(err, STATUS_USAGE,
                       "missing --user: the user that the gateway runs as, such as www-data (or "
                       "run this as that user)");
    if (!user_look_up(name, geteuid(), &user)) {
        if (name != NULL)
            return err_set(err, STATUS_USAGE, "--user: there is no user '%s'", name);
        return err_set(err, STATUS_CONFIG,
                       "user %ld has no entry in the user database, so no home: give --config and "
                       "--spool",
                       (long)geteuid());
    }
    init->owner.uid = user.uid;
    init->owner.gid = user.gid;
    init->home = user.home;
    if (init->owner.system && init->owner.uid == 0)
        return err_set(err, STATUS_USAGE,
                       "--user: invalid value 'root' (use the user that the gateway runs as)");
    if (!init->owner.system && init->owner.uid != geteuid())
        return err_set(
            err, STATUS_USAGE,
            "--user: only root can do this for another user: remove --user, or run this as root");
    return STATUS_OK;
}

/* Where it was asked for; else where the system has such things; else below the user's home. */
static enum status choose_path(const struct init *init, char **out, const char *wish,
                               const char *system, const char *below_home, struct err *err)
{
    if (wish != NULL)
        return init_absolute(out, wish, err);
    if (init->owner.system)
        return init_absolute(out, system, err);
    if (init->home == NULL)
        return err_set(err, STATUS_CONFIG, "user %ld has no home: give --config and --spool",
                       (long)init->owner.uid);
    return copy_path(out, init->home, below_home, err);
}

/* As for every other command: --config, else STENOHOOK_CONFIG, else where it is looked for. */
static enum status wanted_config(const char **out, const char *given, struct err *err)
{
    const char *named = getenv("STENOHOOK_CONFIG");

    *out = given;
    if (given != NULL || named == NULL || *named == '\0')
        return STATUS_OK;
    if (*named != '/')
        return err_set(err, STATUS_CONFIG,
                       "STENOHOOK_CONFIG is \"%s\"; it must be an absolute path", named);
    *out = named;
    return STATUS_OK;
}

enum status init_plan_paths(struct init *init, struct err *err)
{
    const struct init_wish *w = init->wish;
    const char *config;
    enum status status = wanted_config(&config, w->config, err);

    if (status == STATUS_OK)
        status = choose_path(init, &init->config_path, config, SYSTEM_CONFIG, HOME_CONFIG, err);
    if (status == STATUS_OK)
        status = choose_path(init, &init->spool_path, w->spool, SYSTEM_SPOOL, HOME_SPOOL, err);
    return status == STATUS_OK ? place_beside(init, &init->secret_path, "secret", err) : status;
}

/* ---- the configuration */

/* The secret that the configuration names: relative to its folder. */
static enum status place_secret(const struct init *init, struct init_endpoint *e, struct err *err)
{
    const char *file = e->endpoint->secret_file_count == 0 ? NULL : e->endpoint->secret_files[0];

    buf_init(&e->secret, INIT_SECRET_MAX);
    if (file == NULL)
        return STATUS_OK;
    return file[0] == '/' ? init_absolute(&e->secret_path, file, err)
                          : place_beside(init, &e->secret_path, file, err);
}

static enum status take_endpoints(struct init *init, struct err *err)
{
    const struct config *config = init->config;
    const char *name = init->wish->endpoint;
    enum status status = STATUS_OK;

    init->endpoints = calloc(config->endpoint_count + 1, sizeof *init->endpoints);
    if (init->endpoints == NULL)
        return err_set(err, STATUS_MEMORY, "no memory for the endpoints");
    for (size_t i = 0; status == STATUS_OK && i < config->endpoint_count; i++) {
        struct init_endpoint *e = &init->endpoints[init->endpoint_count];

        if (name != NULL && strcmp(name, config->endpoints[i].name) != 0)
            continue;
        e->endpoint = &config->endpoints[i];
        init->endpoint_count++;
        status = place_secret(init, e, err);
    }
    if (status == STATUS_OK && init->endpoint_count == 0)
        status = err_set(err, STATUS_USAGE,
                         "there is no endpoint \"%s\" in %s; init does not change a configuration: "
                         "add it there and run this again",
                         name == NULL ? "default" : name, init->config_path);
    return status;
}

static enum status parse_config(struct init *init, struct str text, struct err *err)
{
    enum status status = config_parse(&init->config, init->config_path, text, err);

    return status == STATUS_OK ? take_endpoints(init, err) : status;
}

/* Root does not make files where another user's configuration wants them. */
static enum status trust_existing(const struct init *init, uid_t uid, struct err *err)
{
    if (uid != geteuid() && uid != 0)
        return err_set(err, STATUS_CONFIG, "%s belongs to user %ld: run this as that user",
                       init->config_path, (long)uid);
    return STATUS_OK;
}

static enum status refuse_option(const struct init *init, const char *option, const char *key,
                                 const struct config_endpoint *e, const char *value,
                                 struct err *err)
{
    if (value == NULL)
        return err_set(err, STATUS_USAGE,
                       "%s: init does not change a configuration, and endpoint \"%s\" in %s has no "
                       "%s: set it there, or remove %s",
                       option, e->name, init->config_path, key, option);
    return err_set(err, STATUS_USAGE,
                   "%s: init does not change a configuration, and endpoint \"%s\" in %s has %s = "
                   "\"%s\": change it there, or remove %s",
                   option, e->name, init->config_path, key, value, option);
}

/* No option is ignored silently: each says what is so already, or is refused. */
static enum status check_options(const struct init *init, struct err *err)
{
    const struct init_wish *w = init->wish;

    if (w->spool != NULL && strcmp(init->spool_path, init->config->spool) != 0)
        return err_set(err, STATUS_USAGE,
                       "%s says spool = \"%s\": change it there, or remove --spool",
                       init->config_path, init->config->spool);
    for (size_t i = 0; i < init->endpoint_count; i++) {
        const struct config_endpoint *e = init->endpoints[i].endpoint;

        if (w->url != NULL && (e->url == NULL || strcmp(w->url, e->url) != 0))
            return refuse_option(init, "--url", "url", e, e->url, err);
        if (w->header != NULL && (e->auth_header == NULL || strcmp(w->header, e->auth_header) != 0))
            return refuse_option(init, "--header", "auth-header", e, e->auth_header, err);
    }
    return STATUS_OK;
}

/* What is there wins: its spool and its secrets are completed. */
static enum status use_existing(struct init *init, struct str text, uid_t uid, struct err *err)
{
    enum status status = trust_existing(init, uid, err);

    if (status == STATUS_OK)
        status = parse_config(init, text, err);
    if (status == STATUS_OK)
        status = check_options(init, err);
    if (status == STATUS_OK)
        print_hint("%s exists and is left as it is", init->config_path);
    return status;
}

static enum status make_text(const struct init *init, struct buf *out, struct err *err)
{
    const struct init_wish *w = init->wish;
    struct init_text text = {.spool = init->spool_path,
                             .endpoint = w->endpoint != NULL ? w->endpoint : "default",
                             .url = w->url,
                             .header = w->header != NULL ? w->header : "X-Webhook-Secret",
                             .secret_file = init->secret_path};

    init_text(out, &text);
    return buf_status(out, "the configuration", err);
}

/* The fault is in the command line, so the error names no line of the file, which is not written
 * yet. */
static enum status blame_option(const struct init *init, const struct err *why, struct err *err)
{
    static const struct {
        const char *key, *option;
    } keys[] = {{"spool", "--spool"},
                {"url", "--url"},
                {"endpoint", "--endpoint"},
                {"auth-header", "--header"}};
    size_t path_len = strlen(init->config_path);
    const char *text = why->text;
    const char *key =
        strncmp(text, init->config_path, path_len) == 0 ? strstr(text + path_len, ": ") : NULL;

    for (size_t i = 0; key != NULL && i < sizeof keys / sizeof *keys; i++) {
        const char *said = strstr(key + 2, ": ");

        if (strncmp(key + 2, keys[i].key, strlen(keys[i].key)) == 0 && said != NULL)
            return err_set(err, STATUS_USAGE, "%s: %s", keys[i].option, said + 2);
    }
    return err_set(err, STATUS_USAGE, "%s", text);
}

/* A string of the configuration ends on its line. */
static enum status check_one_line(const char *option, const char *value, struct err *err)
{
    if (value != NULL && strpbrk(value, "\r\n") != NULL)
        return err_set(err, STATUS_USAGE, "%s: invalid value '%s' (it holds a line break)", option,
                       value);
    return STATUS_OK;
}

static enum status make_new(struct init *init, struct buf *text, struct err *err)
{
    struct err why = ERR_INIT;
    enum status status;

    buf_reset(text, 0);
    status = check_one_line("--spool", init->wish->spool, err);
    if (status == STATUS_OK)
        status = check_one_line("--url", init->wish->url, err);
    if (status == STATUS_OK)
        status = make_text(init, text, err);
    if (status != STATUS_OK)
        return status;
    status = parse_config(init, buf_str(text), &why);
    if (status == STATUS_CONFIG)
        return blame_option(init, &why, err);
    return err_pass(err, status, &why);
}

enum status init_plan_config(struct init *init, struct buf *text, bool *exists, struct err *err)
{
    struct err why = ERR_INIT;
    uid_t uid = 0;
    enum status status = init_read(init->config_path, init->owner.system, text, &uid, &why);

    *exists = status == STATUS_OK;
    if (status == STATUS_MISSING)
        return make_new(init, text, err);
    return *exists ? use_existing(init, buf_str(text), uid, err) : err_pass(err, status, &why);
}

void init_plan_free(struct init *init)
{
    for (size_t i = 0; i < init->endpoint_count; i++) {
        free(init->endpoints[i].secret_path);
        buf_wipe(&init->endpoints[i].secret);
    }
    free(init->endpoints);
    config_free(init->config);
    free(init->home);
    free(init->config_path);
    free(init->secret_path);
    free(init->spool_path);
}
