/* SPDX-License-Identifier: MIT
 * check_files - whether files and folders are as safe and as usable as they must be.
 */
#include "admin/check_files.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "admin/webroot.h"
#include "base/program.h"
#include "store/spool/spool.h"

void check_place(struct findings *f, const char *what, const char *path)
{
    if (webroot_likely(path))
        finding_warning(
            f, "%s %s seems to lie among the files that the web server serves: move it elsewhere",
            what, path);
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

void check_spool_folder(struct findings *f, const struct spool *spool)
{
    struct stat sb;

    check_place(f, "the spool", spool->path);
    if (fstat(spool->dir, &sb) != 0)
        finding_error(f, "cannot read the spool %s: %s", spool->path, strerror(errno));
    else if (!spool_mode_private(sb.st_mode))
        finding_error(f, SPOOL_NOT_PRIVATE, spool->path, spool->path);
    else
        finding_good(f, "the spool %s", spool->path);
}
