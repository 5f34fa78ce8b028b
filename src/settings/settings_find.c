/* SPDX-License-Identifier: MIT
 * settings_find - finds the configuration.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/program.h"
#include "base/str.h"
#include "base/user.h"
#include "settings/settings_parts.h"

#define BELOW_HOME "/.config/stenohook/stenohook.conf"
#define BELOW_SYSCONF "/stenohook/stenohook.conf"
/* Of the list of places that were tried. */
#define PLACES_MAX 400

static enum status no_memory(struct err *err)
{
    return err_set(err, STATUS_MEMORY, "no memory for a path");
}

static char *joined(const char *folder, const char *rest)
{
    struct buf path;
    char *copy = NULL;

    buf_init(&path, PATH_MAX);
    buf_add_text(&path, folder);
    buf_add_text(&path, rest);
    if (path.failed == STATUS_OK)
        copy = str_dup(buf_str(&path));
    buf_free(&path);
    return copy;
}

/* Root owns the directories above every program: that would say nothing. */
static bool program_home(char home[PATH_MAX])
{
    uid_t uid = geteuid();

    return uid != 0 && program_self(home) && program_above(home, uid);
}

static enum status from_environment(char **out, struct err *err)
{
    const char *path = getenv("STENOHOOK_CONFIG");

    if (path == NULL || *path == '\0')
        return STATUS_OK;
    if (*path != '/')
        return err_set(err, STATUS_CONFIG,
                       "STENOHOOK_CONFIG is \"%s\"; it must be an absolute path", path);
    *out = str_dup(str_of(path));
    return *out == NULL ? no_memory(err) : STATUS_OK;
}

static enum status from_command_line(char **out, const char *given, struct err *err)
{
    char folder[PATH_MAX];
    char *slashed;

    if (*given == '/') {
        *out = str_dup(str_of(given));
        return *out == NULL ? no_memory(err) : STATUS_OK;
    }
    if (*given == '\0')
        return err_set(err, STATUS_CONFIG, "the path of the configuration is empty");
    if (getcwd(folder, sizeof folder) == NULL)
        return err_errno(err, "the current directory has no name");
    slashed = joined(folder, "/");
    *out = slashed == NULL ? NULL : joined(slashed, given);
    free(slashed);
    return *out == NULL ? no_memory(err) : STATUS_OK;
}

/* Tries one place: sets *out if there is a file. */
static enum status look_in_folder(char **out, const char *folder, const char *rest,
                                  struct buf *places, struct err *err)
{
    char *path = joined(folder, rest);
    struct stat sb;

    if (path == NULL)
        return no_memory(err);
    if (stat(path, &sb) == 0) {
        *out = path;
        return STATUS_OK;
    }
    buf_printf(places, "%s%s", places->len == 0 ? "" : ", ", path);
    free(path);
    /* A sentence that has no room for all of them names the first. */
    return places->failed == STATUS_MEMORY ? no_memory(err) : STATUS_OK;
}

/* Unless it is `looked_at`: err names each place once. */
static enum status look_in_passwd_home(char **out, const char *looked_at, struct buf *places,
                                       struct err *err)
{
    struct user user;
    enum status st = user_find(USER_FILE, NULL, geteuid(), &user, err);

    if (st == STATUS_MISSING)
        return STATUS_OK;
    if (st != STATUS_OK)
        return st;
    if (user.home != NULL && (looked_at == NULL || strcmp(user.home, looked_at) != 0))
        st = look_in_folder(out, user.home, BELOW_HOME, places, err);
    user_free(&user);
    return st;
}

enum status settings_find(char **out, const char *given, struct err *err)
{
    char home[PATH_MAX];
    char *found = NULL;
    struct buf places;
    bool has_home;
    enum status st;

    if (given != NULL)
        return from_command_line(out, given, err);
    buf_init(&places, PLACES_MAX);
    st = from_environment(&found, err);
    has_home = st == STATUS_OK && found == NULL && program_home(home);
    if (has_home)
        st = look_in_folder(&found, home, BELOW_HOME, &places, err);
    if (st == STATUS_OK && found == NULL)
        st = look_in_passwd_home(&found, has_home ? home : NULL, &places, err);
    if (st == STATUS_OK && found == NULL)
        st = look_in_folder(&found, SYSCONFDIR, BELOW_SYSCONF, &places, err);
    if (st == STATUS_OK && found == NULL)
        st = err_set(err, STATUS_CONFIG,
                     "no configuration in %s; write one there (stenohook init does), or name it in "
                     "STENOHOOK_CONFIG",
                     places.ptr);
    buf_free(&places);
    if (st == STATUS_OK)
        *out = found;
    return st;
}

enum status settings_become_author(const char *path, struct err *err)
{
    struct stat sb;

    if (geteuid() != 0 || stat(path, &sb) != 0 || sb.st_uid == 0)
        return STATUS_OK;
    return user_become(sb.st_uid, sb.st_gid, path, err);
}
