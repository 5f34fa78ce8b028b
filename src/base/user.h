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

#define USER_FILE "/etc/passwd"

struct user {
    uid_t uid;
    gid_t gid;
    char *home; /* absolute path, or NULL; given back by user_free */
};

/* The user of that name, or where `name` is NULL of that number, as `file` (USER_FILE) has him.
 * false: no such user, or no memory; *out is then untouched. */
bool user_find(const char *file, const char *name, uid_t uid, struct user *out);

/* As user_find in USER_FILE, and where he is not in it by the name service, except in a statically
 * linked program. For programs that people start. */
bool user_look_up(const char *name, uid_t uid, struct user *out);

void user_free(struct user *user);

#endif
