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

/* Makes the folder and those above it that are missing, each with `mode`. */
enum status init_folders(const char *path, mode_t mode, struct err *err) STATUS_CHECKED;
/* The same for the folder that holds `path`. */
enum status init_folders_above(const char *path, mode_t mode, struct err *err) STATUS_CHECKED;

/* Makes the file with these bytes, this owner and mode, whole and synced before it has its name.
 * *made false: it was there already and is as it was. */
enum status init_file(const char *path, struct str bytes, mode_t mode, uid_t uid, gid_t gid,
                      bool *made, struct err *err) STATUS_CHECKED;

/* 32 random bytes as 43 characters of the URL-safe alphabet (RFC 4648 section 5) without padding.
 */
enum status init_secret(struct buf *out, struct err *err) STATUS_CHECKED;

/* Makes `path` absolute, from the working directory if it is relative. Freed by the caller. */
enum status init_absolute(char **out, const char *path, struct err *err) STATUS_CHECKED;

#endif
