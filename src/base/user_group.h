/* SPDX-License-Identifier: MIT
 * user_group - who is in a group of users.
 */
#ifndef BASE_USER_GROUP_H
#define BASE_USER_GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define USER_GROUP_FILE "/etc/group"

/* Whether nobody is in the group but the users with those numbers: by its list in `groups`
 * (USER_GROUP_FILE), or as a primary group in `users` (USER_FILE). false also if it cannot be
 * known: a group that the file lacks, a member whom the file of users lacks, a file that cannot be
 * read, is larger than USER_GROUP_FILE_MAX, or has a line that asks a directory (NIS's "+").
 *
 * The files are read directly, as in base/user.h. A request may come here for each folder on its
 * way, so the last answer is kept for as long as the files stay as they are. Thread-safe. */
#define USER_GROUP_FILE_MAX ((size_t)8 << 20)
bool user_group_private(const char *users, const char *groups, gid_t gid, const uid_t *uids,
                        size_t count);

#endif
