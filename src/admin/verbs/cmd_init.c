/* SPDX-License-Identifier: MIT
 * cmd_init - stenohook init
 *
 * Makes what is missing and leaves what is there, so that one that was cut off is simply run again.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/init_files.h"
#include "admin/init_plan.h"
#include "admin/init_text.h"
#include "admin/verbs/verbs.h"
#include "admin/webroot.h"
#include "base/str.h"
#include "cli/print.h"

#define OUTPUT_MAX 65536

enum { OPT_SPOOL = OPTIONS_LONG, OPT_URL, OPT_ENDPOINT, OPT_HEADER, OPT_USER };

const struct options_row cmd_init_options[] = {
    {OPT_SPOOL, "spool", "DIR", NULL,
     "the folder of the records (default: ~/stenohook; as root /var/lib/stenohook)"},
    {OPT_URL, "url", "URL", NULL, "the address of the gateway for the sender"},
    {OPT_ENDPOINT, "endpoint", "NAME", NULL, "the name of the endpoint (default: default)"},
    {OPT_HEADER, "header", "NAME", NULL,
     "the header that carries the secret (default: X-Webhook-Secret)"},
    {OPT_USER, "user", "NAME", NULL, "as root: the user that the gateway runs as"},
    {0},
};

/* ---- the configuration */

static enum status write_config(const struct init *init, const struct buf *text, struct err *err)
{
    struct init_owner owner = init->owner;
    enum status status;
    bool made;

    owner.uid = 0;
    /* It may name private hooks and paths, but the gateway must read it. */
    status =
        init_file(init->config_path, buf_str(text), owner.system ? 0640 : 0600, &owner, &made, err);
    if (status == STATUS_OK)
        print_hint(made ? "made the configuration %s" : "%s exists and is left as it is",
                   init->config_path);
    return status;
}

/* ---- the secret */

/* STATUS_MISSING: there is none. */
static enum status read_secret(struct buf *secret, const char *path, bool system, struct err *err)
{
    uid_t uid;
    enum status status = init_read(path, system, secret, &uid, err);

    while (secret->len > 0 && strchr("\r\n", secret->ptr[secret->len - 1]) != NULL)
        buf_cut(secret, secret->len - 1);
    if (status == STATUS_OK && secret->len == 0)
        return err_set(err, STATUS_NO_SECRET,
                       "the secret %s is empty: remove it, and run this again", path);
    return status;
}

static enum status make_secret(const struct init *init, struct buf *secret, const char *path,
                               struct err *err)
{
    struct str line;
    enum status status;
    bool made;

    status = init_secret(secret, err);
    buf_add_char(secret, '\n');
    line = buf_str(secret);
    if (status == STATUS_OK)
        status = init_file(path, line, 0600, &init->owner, &made, err);
    if (status != STATUS_OK)
        return status;
    if (!made)
        return err_set(err, STATUS_IO, "another init has just made %s: run this again", path);
    buf_cut(secret, secret->len - 1);
    print_hint("made the secret %s", path);
    return STATUS_OK;
}

static enum status provide_secret(const struct init *init, struct init_endpoint *e, struct err *err)
{
    const char *path = e->secret_path;
    enum status status;

    if (path == NULL)
        return STATUS_OK;
    status = read_secret(&e->secret, path, init->owner.system, err);
    if (status == STATUS_MISSING)
        return make_secret(init, &e->secret, path, err);
    if (status == STATUS_OK)
        print_hint("the secret %s exists and is left as it is", path);
    return status;
}

static enum status provide_secrets(const struct init *init, struct err *err)
{
    enum status status = STATUS_OK;

    for (size_t i = 0; status == STATUS_OK && i < init->endpoint_count; i++)
        status = provide_secret(init, &init->endpoints[i], err);
    return status;
}

/* ---- the spool */

static enum status provide_spool(const struct init *init, struct err *err)
{
    const char *path = init->config->spool;
    enum status status;
    bool made = false;

    if (webroot_likely(path))
        print_warning(
            "%s seems to lie among the files that the web server serves: keep the spool elsewhere",
            path);
    status = init_folder(path, &init->owner, &made, err);
    /* What is inside is made by its owner, never by root. */
    if (status == STATUS_OK)
        status = spool_become_owner(path, err);
    if (status == STATUS_OK && geteuid() != init->owner.uid)
        status = err_set(err, STATUS_OWNER,
                         "the spool %s belongs to another user: give it to user %ld, or name its "
                         "owner with --user",
                         path, (long)init->owner.uid);
    if (status == STATUS_OK)
        status = spool_create(path, err);
    if (status == STATUS_OK)
        print_hint(made ? "made the spool %s" : "the spool %s exists", path);
    return status;
}

/* ---- what to tell the sender */

static void add_line(struct buf *out, const char *name, const char *value)
{
    if (value != NULL)
        buf_printf(out, "%s %s\n", name, value);
}

static void add_endpoint(struct buf *b, const struct init *init, const struct init_endpoint *made)
{
    const struct config_endpoint *e = made->endpoint;

    add_line(b, "webhook_url", e->url);
    add_line(b, "webhook_auth_header_name", e->scheme == AUTH_STATIC ? e->auth_header : NULL);
    add_line(b,
             e->scheme == AUTH_STATIC && e->auth_header != NULL ? "webhook_auth_header_value"
                                                                : "secret",
             made->secret.len > 0 ? made->secret.ptr : NULL);
    add_line(b, "endpoint", e->name);
    add_line(b, "configuration", init->config_path);
    add_line(b, "spool", init->config->spool);
    add_line(b, "secret_file", made->secret_path);
}

static enum status print_result(const struct init *init, struct err *err)
{
    enum status status = STATUS_OK;
    bool lacks_url = false;

    for (size_t i = 0; status == STATUS_OK && i < init->endpoint_count; i++) {
        struct buf b;

        buf_init(&b, OUTPUT_MAX);
        if (i > 0)
            buf_add_char(&b, '\n');
        add_endpoint(&b, init, &init->endpoints[i]);
        lacks_url = lacks_url || init->endpoints[i].endpoint->url == NULL;
        status = print_buf(&b, "the result", err);
        buf_wipe(&b);
    }
    if (lacks_url)
        print_hint(
            "webhook_url is the address at which the web server runs the gateway, for instance "
            "https://example.com/cgi-bin/stenohook.cgi");
    print_hint(
        "next: give these values to the sender with each transcript, and run 'stenohook check'");
    return status;
}

static enum status run_init(struct init *init, struct err *err)
{
    enum status status;
    bool exists = false;
    struct buf text;

    buf_init(&text, INIT_TEXT_MAX);
    status = init_plan_user(init, err);
    if (status == STATUS_OK)
        status = init_plan_paths(init, err);
    if (status == STATUS_OK)
        status = init_plan_config(init, &text, &exists, err);
    /* The secrets before the configuration that names them; the spool last, since root becomes its
     * owner there. */
    if (status == STATUS_OK)
        status = provide_secrets(init, err);
    if (status == STATUS_OK && !exists)
        status = write_config(init, &text, err);
    if (status == STATUS_OK)
        status = provide_spool(init, err);
    if (status == STATUS_OK)
        status = print_result(init, err);
    buf_free(&text);
    return status;
}

static enum status parse_options(int argc, char **argv, struct init_wish *wish, struct err *err)
{
    enum status status;
    int c;

    options_begin();
    while ((c = options_take(cmd_init_options, argc, argv, &status, err)) != -1)
        switch (c) {
        case OPT_SPOOL:
            wish->spool = optarg;
            break;
        case OPT_URL:
            wish->url = optarg;
            break;
        case OPT_ENDPOINT:
            wish->endpoint = optarg;
            break;
        case OPT_HEADER:
            wish->header = optarg;
            break;
        case OPT_USER:
            wish->user = optarg;
            break;
        default:
            return status;
        }
    return options_operands(argc, argv, 0, 0, err);
}

enum status cmd_init(int argc, char **argv, const char *config_path, struct err *err)
{
    struct init_wish wish = {.config = config_path};
    struct init init = {.wish = &wish};
    enum status status;

    status = parse_options(argc, argv, &wish, err);
    if (status != STATUS_OK)
        return status;
    status = run_init(&init, err);
    init_plan_free(&init);
    return status;
}
