/* SPDX-License-Identifier: MIT
 * init_files - what init puts on disk: folders, files that never replace another, a fresh secret.
 */
#ifndef ADMIN_INIT_FILES_H
#define ADMIN_INIT_FILES_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

/* Whose the files are. All paths are absolute, and walked as init_place_find does, whose failures
 * are also failures here. */
struct init_owner {
    bool system; /* we are root, who makes them for uid and gid; else they are ours */
    uid_t uid;
    gid_t gid;
};

/* Makes the folder, 0700, and those above it that are missing, which in the system's case are
 * root's. *made false: there is something of that name, which is as it was. */
enum status init_folder(const char *path, const struct init_owner *owner, bool *made,
                        struct err *err) STATUS_CHECKED;

/* Makes the file with these bytes, this owner and mode, whole and synced before it has its name,
 * and folders above it that are missing. *made false: it was there already and is as it was. */
enum status init_file(const char *path, struct str bytes, mode_t mode,
                      const struct init_owner *owner, bool *made, struct err *err) STATUS_CHECKED;

/* Appends the file to `out`, and says whose it is. STATUS_MISSING: there is none. */
enum status init_read(const char *path, bool system, struct buf *out, uid_t *uid,
                      struct err *err) STATUS_CHECKED;

/* 32 random bytes as 43 characters of the URL-safe alphabet (RFC 4648 section 5) without padding.
 */
enum status init_secret(struct buf *out, struct err *err) STATUS_CHECKED;

/* Makes `path` absolute, from the working directory if it is relative. Freed by the caller. */
enum status init_absolute(char **out, const char *path, struct err *err) STATUS_CHECKED;

#endif
