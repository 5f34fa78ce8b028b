/* SPDX-License-Identifier: MIT
 * user - who a user is: by name or by number.
 *
 * The user database's file is read directly. Asking the name service loads libraries of the host,
 * which costs a CGI more than the rest of its work, and crashes a statically linked program where
 * they are of another version.
 */
#ifndef BASE_USER_H
#define BASE_USER_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

#define USER_FILE "/etc/passwd"

struct user {
    uid_t uid;
    gid_t gid;
    char *home; /* absolute path, or NULL; given back by user_free */
};

/* The user of that name, or if `name` is NULL of that number, as `file` (USER_FILE) has him.
 * STATUS_MISSING, with err untouched: no such user, or the file cannot be read. STATUS_MEMORY,
 * STATUS_IO: it cannot be known. *out is untouched unless it is STATUS_OK. */
enum status user_find(const char *file, const char *name, uid_t uid, struct user *out,
                      struct err *err) STATUS_CHECKED;

/* As user_find in USER_FILE; if the user is not in it, by the name service, except in a statically
 * linked program. false: no such user, or it cannot be known. For programs that people start. */
bool user_look_up(const char *name, uid_t uid, struct user *out);

void user_free(struct user *user);

/* Root becomes the owner of `owned`, for good: that user, with the group that the user database
 * gives (`gid` if the user is not in it) and no further groups. STATUS_IO, STATUS_OWNER: it failed,
 * or did half of it; the process must end. */
enum status user_become(uid_t uid, gid_t gid, const char *owned, struct err *err) STATUS_CHECKED;

#endif
