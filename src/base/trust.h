/* SPDX-License-Identifier: MIT
 * trust - whether another user can change what a path leads to.
 *
 * A user who can write to a folder can put another file in the place of one that is there. So it is
 * not enough to look at a file: each folder of its path counts, each link on the way, the folder
 * that the link is in, and where it leads. This is what sshd (StrictModes) and Postfix ask of the
 * files that they act on.
 *
 * A component is trusted if it belongs to root or to us (the effective user), and nobody else may
 * write to it:
 *
 * - A group may write if nobody is in it but root, the owner and us: a user's private group, as
 *   Debian makes one for each user. /etc/passwd and /etc/group are read directly; a group that they
 *   do not know (of LDAP, of sssd) counts as one with others in it, as does a component with an
 *   access list (POSIX ACL), whose entries show as the group's rights. Members that a directory
 *   service adds to a local group are not seen.
 * - A sticky folder, such as /tmp, may be open to others if what follows in it belongs to root or
 *   to us: others can neither rename nor remove that.
 * - In a container whose user namespace has no number for the real root, his files belong to the
 *   overflow user (65534). He counts as root if that number is nobody else's in the container. The
 *   user `nobody` of a host does not.
 *
 * A walk and a use that follows it leave no gap: what only root and we can change has not been
 * changed by others in between.
 */
#ifndef BASE_TRUST_H
#define BASE_TRUST_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/err.h"

#define TRUST_LINKS_MAX 40 /* symbolic links in one path, as in Linux */

/* The variable of the process's environment that is "yes" for the strict rule below. */
#define TRUST_STRICT "STENOHOOK_STRICT"
#define TRUST_YES "yes"

typedef void (*trust_tell)(void *context, const char *sentence);

/* Walks the absolute `path` from "/", with links resolved as the kernel does, and judges each
 * component. STATUS_OK: only root and we can change what the path leads to, except that folders on
 * the way may belong to other users who alone can write to them: `foreign` (may be NULL) gets one
 * sentence about each, which names its remedy. If STENOHOOK_STRICT=yes is in the environment of the
 * process, such a folder is refused instead.
 *
 * STATUS_UNTRUSTED: err names the first component that others can change, and the remedy. The file
 * itself, at the end of the path, is refused if it belongs to another user.
 * STATUS_MISSING: a component does not exist. STATUS_IO, STATUS_MEMORY, STATUS_LIMIT (too many
 * links, too long): it cannot be known. err begins with a path in each case. */
enum status trust_path(const char *path, trust_tell foreign, void *context,
                       struct err *err) STATUS_CHECKED;

/* Whether the strict rule applies: what starts another program of ours passes the variable on. */
bool trust_is_strict(void);

/* Judges the file that `fd` has open, of which fstat said *sb, as trust_path judges the end of a
 * path, so that the very file that is read was judged: after trust_path, which judges what leads
 * there. `path` is for err, which begins with it. STATUS_UNTRUSTED. */
enum status trust_opened(int fd, const struct stat *sb, const char *path,
                         struct err *err) STATUS_CHECKED;

/* The same for a user who is not the effective one: for root, who reads what is another's and must
 * judge it as that user does. */
enum status trust_path_of(uid_t us, const char *path, trust_tell foreign, void *context,
                          struct err *err) STATUS_CHECKED;
enum status trust_opened_of(uid_t us, int fd, const struct stat *sb, const char *path,
                            struct err *err) STATUS_CHECKED;

#endif
