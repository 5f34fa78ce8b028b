/* SPDX-License-Identifier: MIT
 * wake_find - finds the runner's program, by the same rule for all programs.
 *
 * A copy of the gateway in a cgi-bin has its runner beside it or in the account's home, but the
 * command line is elsewhere: so the gateway leaves its path in the spool, as a symbolic link.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/program.h"
#include "base/user.h"
#include "store/queue/wake.h"

#define RUNNER "stenohook-run"
#define RUNNER_PATH_MAX (PATH_MAX + sizeof RUNNER)
/* What the kernel appends to the path of a program whose file was removed or replaced. */
#define DELETED " (deleted)"

/* ---- the place of the gateway */

bool wake_gateway(char path[PATH_MAX], const struct config *config)
{
    char note[PATH_MAX + sizeof "/" SPOOL_GATEWAY];
    ssize_t len;

    if (config->spool == NULL ||
        (size_t)snprintf(note, sizeof note, "%s/" SPOOL_GATEWAY, config->spool) >= sizeof note)
        return false;
    len = readlink(note, path, PATH_MAX - 1);
    if (len <= 0)
        return false;
    path[len] = '\0';
    return access(path, F_OK) == 0;
}

void wake_note_gateway(const struct spool *spool)
{
    char self[PATH_MAX], noted[PATH_MAX];
    ssize_t len;

    if (!program_self(self) || str_ends(str_of(self), DELETED))
        return;
    len = readlinkat(spool->dir, SPOOL_GATEWAY, noted, sizeof noted);
    if (len == (ssize_t)strlen(self) && memcmp(noted, self, (size_t)len) == 0)
        return;
    /* One that was killed in between left its link. */
    if (symlinkat(self, spool->dir, SPOOL_GATEWAY_NEW) != 0 &&
        (errno != EEXIST || unlinkat(spool->dir, SPOOL_GATEWAY_NEW, 0) != 0 ||
         symlinkat(self, spool->dir, SPOOL_GATEWAY_NEW) != 0))
        return;
    (void)renameat(spool->dir, SPOOL_GATEWAY_NEW, spool->dir, SPOOL_GATEWAY);
}

/* ---- the places */

struct runner_search {
    char path[RUNNER_PATH_MAX];
    enum status status; /* of the last place that was looked at; STATUS_MISSING: go on */
    struct err why;
    char places[ERR_TEXT_MAX]; /* those that were looked at, as part of a sentence */
};

/* Notes a place for the sentence. false: it was looked at before. */
static bool note_place(struct runner_search *s, const char *folder)
{
    char *text = s->places;
    size_t len = strlen(text);
    struct str rest = str_of(text), name;
    bool more = len > 0;

    while (more) {
        more = str_cut(rest, ',', &name, &rest);
        if (str_is(str_trim(name), folder))
            return false;
    }
    (void)snprintf(text + len, sizeof s->places - len, "%s%s", len == 0 ? "" : ", ", folder);
    return true;
}

static void look_in(struct runner_search *s, const char *folder)
{
    if (s->status != STATUS_MISSING || !note_place(s, folder))
        return;
    err_clear(&s->why);
    (void)snprintf(s->path, sizeof s->path, "%s/" RUNNER, strcmp(folder, "/") == 0 ? "" : folder);
    s->status = program_check(s->path, NULL, NULL, &s->why);
}

static void look_beside(struct runner_search *s, const char *program)
{
    char folder[PATH_MAX];
    char *slash;

    (void)snprintf(folder, sizeof folder, "%s", program);
    slash = strrchr(folder, '/');
    if (slash == NULL)
        return;
    slash[slash == folder ? 1 : 0] = '\0';
    look_in(s, folder);
}

/* Root owns the folders above every program: that would say nothing. */
static void look_above(struct runner_search *s, const char *program)
{
    char folder[PATH_MAX];

    (void)snprintf(folder, sizeof folder, "%s", program);
    if (geteuid() != 0 && program_above(folder, geteuid()))
        look_in(s, folder);
}

static void look_in_passwd_home(struct runner_search *s)
{
    struct user user;
    enum status status;

    if (s->status != STATUS_MISSING)
        return;
    status = user_find(USER_FILE, NULL, geteuid(), &user, &s->why);
    if (status != STATUS_OK) {
        s->status = status;
        return;
    }
    if (user.home != NULL)
        look_in(s, user.home);
    user_free(&user);
}

static enum status copy_path(char **out, const struct runner_search *s, struct err *err)
{
    *out = strdup(s->path);
    return *out == NULL ? err_set(err, STATUS_MEMORY, "no memory for a path") : STATUS_OK;
}

static enum status use_named(char **out, const char *runner, struct err *err)
{
    enum status status = program_check(runner, NULL, NULL, err);

    if (status != STATUS_OK)
        return status;
    *out = strdup(runner);
    return *out == NULL ? err_set(err, STATUS_MEMORY, "no memory for a path") : STATUS_OK;
}

enum status wake_find_runner(char **out, const struct config *config, struct err *err)
{
    struct runner_search s = {.status = STATUS_MISSING, .why = ERR_INIT};
    char gateway[PATH_MAX];

    if (config->runner != NULL)
        return use_named(out, config->runner, err);
    if (wake_gateway(gateway, config) || program_self(gateway)) {
        look_beside(&s, gateway);
        look_above(&s, gateway);
    }
    look_in_passwd_home(&s);
    look_in(&s, LIBEXECDIR);
    if (s.status == STATUS_OK)
        return copy_path(out, &s, err);
    if (s.status != STATUS_MISSING)
        return err_pass(err, s.status, &s.why);
    return err_set(err, STATUS_MISSING,
                   "there is no program " RUNNER " in any of %s: put it into one of them, or name "
                   "it with the key runner",
                   s.places);
}

bool wake_runner_sure(const char *path, const struct config *config)
{
    struct runner_search s = {.status = STATUS_MISSING, .why = ERR_INIT};
    char program[PATH_MAX];

    if (config->runner != NULL || wake_gateway(program, config))
        return true;
    /* The home that we lie in is that of a gateway of the same account. */
    if (program_self(program))
        look_above(&s, program);
    look_in_passwd_home(&s);
    look_in(&s, LIBEXECDIR);
    return s.status == STATUS_OK && strcmp(s.path, path) == 0;
}
