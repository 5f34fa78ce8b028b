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
#include "base/print.h"
#include "base/file.h"
#include "base/str.h"
#include "base/user.h"

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

/* The secret, as a file in the folder of the configuration. */
static enum status beside(struct init *init, const char *file, struct err *err)
{
    const char *slash = strrchr(init->config_path, '/');
    enum status status;
    char *folder =
        str_dup((struct str){init->config_path, (size_t)(slash + 1 - init->config_path)});

    if (folder == NULL)
        return err_set(err, STATUS_MEMORY, "no memory for a path");
    status = copy_path(&init->secret_path, folder, file, err);
    free(folder);
    return status;
}

/* ---- for whom, and where */

enum status init_plan_user(struct init *init, struct err *err)
{
    const char *name = init->wish->user;
    struct user user;

    init->system = geteuid() == 0;
    if (init->system && name == NULL)
        return err_set(err, STATUS_USAGE,
                       "say whom the web server runs the gateway as: --user www-data (or run this "
                       "as that user)");
    if (!user_look_up(name, geteuid(), &user)) {
        if (name != NULL)
            return err_set(err, STATUS_USAGE, "--user '%s': there is no such user", name);
        return err_set(err, STATUS_CONFIG,
                       "user %ld has no entry in the user database, so no home: give --config and "
                       "--spool",
                       (long)geteuid());
    }
    init->uid = user.uid;
    init->gid = user.gid;
    init->home = user.home;
    if (init->system && init->uid == 0)
        return err_set(err, STATUS_USAGE,
                       "--user must be the user whom the web server runs the gateway as, not root");
    if (!init->system && init->uid != geteuid())
        return err_set(
            err, STATUS_USAGE,
            "only root can do this for another user: take --user away, or run it as root");
    return STATUS_OK;
}

/* Where it was asked for; else where the system has such things; else below the user's home. */
static enum status choose(const struct init *init, char **out, const char *wish, const char *system,
                          const char *below_home, struct err *err)
{
    if (wish != NULL)
        return init_absolute(out, wish, err);
    if (init->system)
        return init_absolute(out, system, err);
    if (init->home == NULL)
        return err_set(err, STATUS_CONFIG, "user %ld has no home: give --config and --spool",
                       (long)init->uid);
    return copy_path(out, init->home, below_home, err);
}

enum status init_plan_paths(struct init *init, struct err *err)
{
    const struct init_wish *w = init->wish;
    enum status status =
        choose(init, &init->config_path, w->config, SYSTEM_CONFIG, HOME_CONFIG, err);

    if (status == STATUS_OK)
        status = choose(init, &init->spool_path, w->spool, SYSTEM_SPOOL, HOME_SPOOL, err);
    return status == STATUS_OK ? beside(init, "secret", err) : status;
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

/* Root does not make files where another user's configuration wants them. */
static enum status trust_existing(const struct init *init, struct err *err)
{
    struct stat sb;

    if (stat(init->config_path, &sb) != 0)
        return err_errno(err, "cannot look at %s", init->config_path);
    if (sb.st_uid != geteuid() && sb.st_uid != 0)
        return err_set(err, STATUS_CONFIG, "%s belongs to user %ld: run this as that user",
                       init->config_path, (long)sb.st_uid);
    return STATUS_OK;
}

/* The secret that the configuration names: relative to its folder. */
static enum status place_secret(struct init *init, struct err *err)
{
    const char *file =
        init->endpoint->secret_file_count == 0 ? NULL : init->endpoint->secret_files[0];

    free(init->secret_path);
    init->secret_path = NULL;
    if (file == NULL)
        return STATUS_OK;
    return file[0] == '/' ? init_absolute(&init->secret_path, file, err) : beside(init, file, err);
}

/* What is there wins: its spool and its secret are completed. */
static enum status use_existing(struct init *init, struct str text, struct err *err)
{
    enum status status = trust_existing(init, err);

    if (status == STATUS_OK)
        status = parse(init, text, err);
    if (status == STATUS_OK)
        status = place_secret(init, err);
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
    const struct init_wish *w = init->wish;
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
enum status init_plan_config(struct init *init, struct buf *text, bool *exists, struct err *err)
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
