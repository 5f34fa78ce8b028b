/* SPDX-License-Identifier: MIT
 * check_files - whether files and folders are as safe and as usable as they must be.
 */
#include "admin/check_files.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin/webroot.h"
#include "base/program.h"
#include "base/str.h"
#include "store/spool/spool.h"

#define OTHERS_WRITE (S_IWGRP | S_IWOTH)
#define PATH_BYTES 4096

void check_place(struct findings *f, const char *what, const char *path)
{
    if (webroot_likely(path))
        finding_warning(
            f, "%s %s seems to lie among the files that the web server serves: move it elsewhere",
            what, path);
}

/* Whoever can write to a folder can put another file in the place of the one that is there, unless
 * it is sticky. */
static bool folder_open(const char *path)
{
    char folder[PATH_BYTES];
    const char *slash = strrchr(path, '/');
    size_t len = slash == path ? 1 : (size_t)(slash - path);
    struct stat sb;

    if (len >= sizeof folder)
        return false;
    memcpy(folder, path, len);
    folder[len] = '\0';
    return stat(folder, &sb) == 0 && (sb.st_mode & OTHERS_WRITE) != 0 &&
           (sb.st_mode & S_ISVTX) == 0;
}

struct program_finding {
    struct findings *findings;
    const char *what, *path;
};

static void warn_of_folder(void *context, const char *text)
{
    const struct program_finding *of = context;

    finding_warning(of->findings, "%s %s: %s", of->what, of->path, text);
}

static void report_program(struct findings *f, const struct program_finding *of, enum status status,
                           const struct err *err)
{
    if (status != STATUS_OK)
        finding_error(f, "%s %s", of->what, err->text);
    else
        finding_good(f, "%s %s", of->what, of->path);
}

void check_program(struct findings *f, const char *what, const char *path)
{
    struct program_finding of = {f, what, path};
    struct err err = ERR_INIT;

    report_program(f, &of, program_check(path, warn_of_folder, &of, &err), &err);
}

void check_hook(struct findings *f, char *const *argv)
{
    struct program_finding of = {f, "the hook", argv[0]};
    struct err err = ERR_INIT;

    report_program(f, &of, program_check_call(argv, warn_of_folder, &of, &err), &err);
}

void check_spool_folder(struct findings *f, const char *path)
{
    struct stat sb;

    check_place(f, "the spool", path);
    if (stat(path, &sb) != 0)
        finding_error(f, "cannot read the spool %s: %s", path, strerror(errno));
    else if (!spool_mode_private(sb.st_mode))
        finding_error(f, SPOOL_NOT_PRIVATE, path, path);
    else if (folder_open(path))
        finding_error(
            f, "the folder that holds the spool %s can be changed by others: chmod go-w it", path);
    else
        finding_good(f, "the spool %s", path);
}
