/* SPDX-License-Identifier: MIT
 * settings_parts - what the settings_*.c share with one another, and with their tests.
 */
#ifndef SETTINGS_SETTINGS_PARTS_H
#define SETTINGS_SETTINGS_PARTS_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>

#include "base/buf.h"
#include "settings/settings.h"

/* ---- settings_file.c */

/* Which version of a file: two readings of it are alike if these are. */
struct file_id {
    bool there;
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec changed; /* contents */
    struct timespec touched; /* contents, owner or mode */
};

struct file_id file_id_of(const char *path);
bool file_id_same(const struct file_id *a, const struct file_id *b);

struct settings_source {
    const char *path;
    uid_t us;              /* whose it may be, beside root's */
    settings_warn foreign; /* as of trust_path; or NULL */
    void *context;
};

/* Reads the whole of a regular file of at most out->max bytes, and what fstat says of it, if only
 * root and `us` can change it. STATUS_CONFIG: it is missing, not readable, not a regular file or
 * too large. err goes on where the caller has named the file, except for STATUS_UNTRUSTED: others
 * can change it, or what leads to it; err names the component. */
enum status settings_read(const struct settings_source *from, struct buf *out, struct stat *sb,
                          struct err *err) STATUS_CHECKED;

/* ---- settings.c */

/* The words of `old` again, whatever stands in the file by now, and the secrets as they are now. */
enum status settings_reload_secrets(const struct settings **out, const struct settings *old,
                                    settings_warn warn, void *context,
                                    struct err *err) STATUS_CHECKED;
const struct settings *settings_hold(const struct settings *settings);
/* Whether the secret files, or all of the files, are as they were when they were read. */
bool settings_secrets_same(const struct settings *settings);
bool settings_same(const struct settings *settings);

#endif
