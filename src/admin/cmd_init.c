/* SPDX-License-Identifier: MIT
 * cmd_init - stenohook init
 *
 * Makes what is missing and leaves what is there, so that one that was cut off is simply run again.
 */
#include <errno.h>
#include <getopt.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/command.h"
#include "admin/init_files.h"
#include "admin/init_text.h"
#include "admin/print.h"
#include "admin/webroot.h"
#include "base/file.h"
#include "base/str.h"
#include "core/config.h"

#define SYSTEM_CONFIG SYSCONFDIR "/stenohook/stenohook.conf"
#define SYSTEM_SPOOL "/var/lib/stenohook"
#define HOME_CONFIG "/.config/stenohook/stenohook.conf"
#define HOME_SPOOL "/stenohook"
#define PATH_BYTES 4096
#define SECRET_MAX 4096
#define OUTPUT_MAX 65536

struct wish {
    const char *spool, *config, *url, *endpoint, *header, *user;
};

struct init {
    const struct wish *wish;
    bool system; /* root, for another user */
    uid_t uid;   /* whose the spool and the secret are */
    gid_t gid;
    char *config_path, *secret_path, *spool_path;
    struct config *config; /* as it is on disk, or will be */
    const struct config_endpoint *endpoint;
    struct buf secret;
};

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

/* ---- for whom, and where */

static enum status find_user(struct init *init, const char **home, struct err *err)
{
    const char *user = init->wish->user;
    const struct passwd *pw;

    init->system = geteuid() == 0;
    if (init->system && user == NULL)
        return err_set(err, STATUS_USAGE,
                       "say whom the web server runs the gateway as: --user www-data (or run this "
                       "as that user)");
    errno = 0;
    pw = user != NULL ? getpwnam(user) : getpwuid(geteuid());
    if (pw == NULL && user != NULL)
        return err_set(err, STATUS_USAGE, "--user '%s': there is no such user", user);
    if (pw == NULL)
        return err_set(err, STATUS_CONFIG,
                       "user %ld has no entry in the user database, so no home: give --config and "
                       "--spool",
                       (long)geteuid());
    if (init->system && pw->pw_uid == 0)
        return err_set(err, STATUS_USAGE,
                       "--user must be the user whom the web server runs the gateway as, not root");
    if (!init->system && pw->pw_uid != geteuid())
        return err_set(
            err, STATUS_USAGE,
            "only root can do this for another user: take --user away, or run it as root");
    init->uid = pw->pw_uid;
    init->gid = pw->pw_gid;
    *home = pw->pw_dir;
    return STATUS_OK;
}

static enum status find_paths(struct init *init, const char *home, struct err *err)
{
    const struct wish *w = init->wish;
    enum status status;
    char *slash;

    if (w->config != NULL)
        status = init_absolute(&init->config_path, w->config, err);
    else
        status = copy_path(&init->config_path, init->system ? "" : home,
                           init->system ? SYSTEM_CONFIG : HOME_CONFIG, err);
    if (status != STATUS_OK)
        return status;
    if (w->spool != NULL)
        status = init_absolute(&init->spool_path, w->spool, err);
    else
        status = copy_path(&init->spool_path, init->system ? "" : home,
                           init->system ? SYSTEM_SPOOL : HOME_SPOOL, err);
    if (status != STATUS_OK)
        return status;
    slash = strrchr(init->config_path, '/');
    *slash = '\0';
    status = copy_path(&init->secret_path, init->config_path, "/secret", err);
    *slash = '/';
    return status;
}

/* ---- the configuration */

static enum status parse(struct init *init, struct str text, struct err *err)
{
    enum status status = config_parse(&init->config, init->config_path, text, err);

    if (status != STATUS_OK)
        return status;
    init->endpoint =
        config_endpoint(init->config, str_of(init->wish->endpoint), init->wish->endpoint != NULL);
    if (init->endpoint == NULL)
        return err_set(err, STATUS_USAGE,
                       "%s: which endpoint? Give --endpoint with one of its names",
                       init->config_path);
    return STATUS_OK;
}

/* What is there wins: its spool and its secret are completed. */
static enum status use_existing(struct init *init, struct str text, struct err *err)
{
    enum status status = parse(init, text, err);

    if (status != STATUS_OK)
        return status;
    print_hint("%s is there already and is left as it is", init->config_path);
    if (init->wish->spool != NULL && strcmp(init->spool_path, init->config->spool) != 0)
        return err_set(err, STATUS_USAGE,
                       "%s says spool = \"%s\": change it there, or take --spool away",
                       init->config_path, init->config->spool);
    if (init->wish->url != NULL &&
        (init->endpoint->url == NULL || strcmp(init->wish->url, init->endpoint->url) != 0))
        print_warning("--url changes nothing here: set url in %s", init->config_path);
    return STATUS_OK;
}

static enum status make_text(const struct init *init, struct buf *out, struct err *err)
{
    const struct wish *w = init->wish;
    struct init_text text = {.spool = init->spool_path,
                             .endpoint = w->endpoint != NULL ? w->endpoint : "default",
                             .url = w->url,
                             .header = w->header != NULL ? w->header : "X-Webhook-Secret",
                             .secret_file = init->secret_path};

    init_text(out, &text);
    return buf_status(out, "the configuration", err);
}

/* Reads the configuration that is there, or makes up the new one; *exists tells which. A value that
 * the configuration does not take is told before anything is made. */
static enum status plan_config(struct init *init, struct buf *text, bool *exists, struct err *err)
{
    enum status status;

    *exists = file_slurp(-1, init->config_path, text) == 0;
    if (*exists)
        return use_existing(init, buf_str(text), err);
    if (errno != ENOENT && errno != ENOTDIR)
        return err_errno(err, "cannot read %s", init->config_path);
    buf_reset(text, 0);
    status = make_text(init, text, err);
    if (status != STATUS_OK)
        return status;
    status = parse(init, buf_str(text), err);
    /* What is wrong was said on the command line, not in a file of the user's. */
    return status == STATUS_CONFIG ? STATUS_USAGE : status;
}

static enum status write_config(const struct init *init, const struct buf *text, struct err *err)
{
    enum status status = init_folders_above(init->config_path, init->system ? 0755 : 0700, err);
    bool made;

    if (status != STATUS_OK)
        return status;
    /* It may name hooks and paths that are nobody's business, but the gateway must read it. */
    status = init_file(init->config_path, buf_str(text), init->system ? 0640 : 0600, 0, init->gid,
                       &made, err);
    if (status == STATUS_OK)
        print_hint(made ? "made the configuration %s" : "%s is there already and is left as it is",
                   init->config_path);
    return status;
}

/* ---- the secret */

static enum status read_secret(struct init *init, const char *path, bool *exists, struct err *err)
{
    *exists = file_slurp(-1, path, &init->secret) == 0;
    if (!*exists && errno != ENOENT)
        return err_errno(err, "cannot read the secret %s", path);
    while (init->secret.len > 0 && strchr("\r\n", init->secret.ptr[init->secret.len - 1]) != NULL)
        buf_cut(&init->secret, init->secret.len - 1);
    if (*exists && init->secret.len == 0)
        return err_set(err, STATUS_NO_SECRET,
                       "the secret %s is empty: remove it, and run this again", path);
    return STATUS_OK;
}

static enum status make_secret(struct init *init, const char *path, struct err *err)
{
    struct str line;
    enum status status;
    bool made;

    status = init_secret(&init->secret, err);
    buf_add_char(&init->secret, '\n');
    line = buf_str(&init->secret);
    if (status == STATUS_OK)
        status = init_folders_above(path, init->system ? 0755 : 0700, err);
    if (status == STATUS_OK)
        status = init_file(path, line, 0600, init->uid, init->gid, &made, err);
    if (status != STATUS_OK)
        return status;
    if (!made)
        return err_set(err, STATUS_IO, "another init made %s just now: run this again", path);
    buf_cut(&init->secret, init->secret.len - 1);
    print_hint("made the secret %s", path);
    return STATUS_OK;
}

static enum status provide_secret(struct init *init, struct err *err)
{
    enum status status;
    const char *path;
    bool exists;

    if (init->endpoint->secret_file_count == 0)
        return STATUS_OK;
    path = init->endpoint->secret_files[0];
    status = read_secret(init, path, &exists, err);
    if (status != STATUS_OK)
        return status;
    if (!exists)
        return make_secret(init, path, err);
    print_hint("the secret %s is there already and is left as it is", path);
    return STATUS_OK;
}

/* ---- the spool */

static enum status give_away(const struct init *init, const char *path, struct err *err)
{
    if (chown(path, init->uid, init->gid) != 0)
        return err_errno(err, "cannot give %s to user %ld", path, (long)init->uid);
    return STATUS_OK;
}

static enum status provide_spool(const struct init *init, struct err *err)
{
    const char *path = init->config->spool;
    bool exists = access(path, F_OK) == 0;
    enum status status;

    if (webroot_likely(path))
        print_warning(
            "%s looks like a place whose files the web server hands out: keep the spool elsewhere",
            path);
    status = init_folders_above(path, init->system ? 0755 : 0700, err);
    if (status == STATUS_OK && !exists)
        status = init_folders(path, 0700, err);
    if (status == STATUS_OK && !exists && init->system)
        status = give_away(init, path, err);
    /* What is inside is made by its owner, never by root. */
    if (status == STATUS_OK)
        status = spool_become_owner(path, err);
    if (status == STATUS_OK && geteuid() != init->uid)
        status = err_set(err, STATUS_OWNER,
                         "the spool %s belongs to another user: give it to user %ld, or name its "
                         "owner with --user",
                         path, (long)init->uid);
    if (status == STATUS_OK)
        status = spool_create(path, err);
    if (status == STATUS_OK)
        print_hint(exists ? "the spool %s is there already" : "made the spool %s", path);
    return status;
}

/* ---- what to tell the sender */

static void add_line(struct buf *out, const char *name, const char *value)
{
    if (value != NULL)
        buf_printf(out, "%s %s\n", name, value);
}

static enum status print_result(const struct init *init, struct err *err)
{
    const struct config_endpoint *e = init->endpoint;
    enum status status;
    struct buf b;

    buf_init(&b, OUTPUT_MAX);
    add_line(&b, "webhook_url", e->url);
    add_line(&b, "webhook_auth_header_name", e->scheme == AUTH_STATIC ? e->auth_header : NULL);
    add_line(&b,
             e->scheme == AUTH_STATIC && e->auth_header != NULL ? "webhook_auth_header_value"
                                                                : "secret",
             init->secret.len > 0 ? init->secret.ptr : NULL);
    add_line(&b, "endpoint", e->name);
    add_line(&b, "configuration", init->config_path);
    add_line(&b, "spool", init->config->spool);
    if (e->secret_file_count > 0)
        add_line(&b, "secret_file", e->secret_files[0]);
    status = print_buf(&b, "the result", err);
    explicit_bzero(b.ptr, b.cap);
    buf_free(&b);
    if (e->url == NULL)
        print_hint("webhook_url is where the web server runs the gateway, for instance "
                   "https://example.com/cgi-bin/stenohook.cgi");
    print_hint(
        "next: give these values to the sender with each transcript, and run 'stenohook check'");
    return status;
}

static enum status perform(struct init *init, struct err *err)
{
    enum status status;
    const char *home = NULL;
    bool exists = false;
    struct buf text;

    buf_init(&text, INIT_TEXT_MAX);
    status = find_user(init, &home, err);
    if (status == STATUS_OK)
        status = find_paths(init, home, err);
    if (status == STATUS_OK)
        status = plan_config(init, &text, &exists, err);
    /* The secret before the configuration that names it; the spool last, since root becomes its
     * owner there. */
    if (status == STATUS_OK)
        status = provide_secret(init, err);
    if (status == STATUS_OK && !exists)
        status = write_config(init, &text, err);
    if (status == STATUS_OK)
        status = provide_spool(init, err);
    if (status == STATUS_OK)
        status = print_result(init, err);
    buf_free(&text);
    return status;
}

static enum status parse_options(int argc, char **argv, struct wish *wish, struct err *err)
{
    static const struct option table[] = {
        {"spool", required_argument, NULL, 's'},    {"url", required_argument, NULL, 'u'},
        {"endpoint", required_argument, NULL, 'e'}, {"header", required_argument, NULL, 'H'},
        {"user", required_argument, NULL, 'U'},     {NULL, 0, NULL, 0},
    };
    enum status status;
    int c;

    options_begin();
    while ((c = options_next(argc, argv, ":", table, &status, err)) != -1)
        switch (c) {
        case 's':
            wish->spool = optarg;
            break;
        case 'u':
            wish->url = optarg;
            break;
        case 'e':
            wish->endpoint = optarg;
            break;
        case 'H':
            wish->header = optarg;
            break;
        case 'U':
            wish->user = optarg;
            break;
        default:
            return status;
        }
    return options_operands(argc, argv, 0, 0, err);
}

enum status cmd_init(int argc, char **argv, const char *config_path, struct err *err)
{
    struct wish wish = {.config = config_path};
    struct init init = {.wish = &wish};
    enum status status;

    status = parse_options(argc, argv, &wish, err);
    if (status != STATUS_OK)
        return status;
    buf_init(&init.secret, SECRET_MAX);
    status = perform(&init, err);
    explicit_bzero(init.secret.ptr, init.secret.cap);
    buf_free(&init.secret);
    config_free(init.config);
    free(init.config_path);
    free(init.secret_path);
    free(init.spool_path);
    return status;
}
