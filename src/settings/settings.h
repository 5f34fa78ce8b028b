/* SPDX-License-Identifier: MIT
 * settings - the configuration and the secrets as they lie on disk: found, owned, read, and read
 * again when changed.
 *
 * The file is $STENOHOOK_CONFIG of the process environment; else .config/stenohook/stenohook.conf
 * in the topmost directory above the program that our user owns; else the same below the passwd
 * home; else SYSCONFDIR/stenohook/ stenohook.conf. stenohook.conf(5) says the same.
 *
 * Configuration and secrets are read only if nobody but root and us can change them or put another
 * file in their place (base/trust.h). That is judged whenever one is read: what is in memory was
 * trusted when it came there. How many hard links a file has does not matter: packages, deployments
 * and backups make them, others cannot write through one, and where they could make one, the folder
 * is not trusted.
 */
#ifndef SETTINGS_SETTINGS_H
#define SETTINGS_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "core/auth/auth.h"
#include "core/config/config.h"

#define SETTINGS_SECRET_MAX 4096

struct settings_owner;

/* One reading. Immutable; shared by threads; given back with settings_release. */
struct settings {
    const struct config *config;
    const struct auth_secrets *secrets; /* one for each endpoint, in the same order */
    const char *path;                   /* of the configuration file */
    const char *foreign; /* sentences of trust_path, each with a newline, none twice */
    uid_t user;          /* whose the secrets may be, beside root's: we, or if that is root the
                            spool's owner, whom root serves */
    struct settings_owner *owner; /* opaque: who gives the memory back */
};

/* Where the configuration is (absolute, freed by the caller). `given` is a command line's --config
 * or NULL. STATUS_CONFIG names the places that were looked at. Not thread-safe (it reads the
 * password file). */
enum status settings_find(char **out, const char *given, struct err *err) STATUS_CHECKED;

/* Root does not take orders from a file of another user, but it may become him: for programs that
 * people start. Anyone else stays who he is. */
enum status settings_become_author(const char *path, struct err *err) STATUS_CHECKED;

/* Reads file and secrets. Reports what is wrong with a secret file to `warn` (may be NULL), one
 * sentence each, and `foreign`; skips a missing, unusable or untrusted secret, so which endpoints
 * are left without any shows in `secrets`. STATUS_CONFIG: the file cannot be used as it is.
 * STATUS_UNTRUSTED: others than root and we can change it; err names the component. Other failures
 * (no descriptor, no memory, an I/O error) say nothing about the file: the same call may succeed
 * later. */
typedef void (*settings_warn)(void *context, const char *text);
enum status settings_load(const struct settings **out, const char *path, settings_warn warn,
                          void *context, struct err *err) STATUS_CHECKED;
void settings_release(const struct settings *settings); /* NULL is fine */

/* Checks the secret files again. `usable` false: the secret is skipped. true: it works, but others
 * can read the file, it can be guessed, or it is probably not what was meant. The sentence names
 * the file. */
typedef void (*settings_problem)(void *context, const struct config_endpoint *endpoint,
                                 const char *file, bool usable, const char *text);
void settings_problems(const struct settings *settings, settings_problem tell, void *context);

typedef void (*settings_tell)(void *context, bool usable, const char *text);

/* Reads one secret file, which must be root's or `us`'s. *usable: `out` holds the secret. Reports
 * all that is wrong in sentences that name the file, and to `foreign` (may be NULL) what trust_path
 * does. Fails only if the file is not to blame. */
enum status settings_secret(const char *path, uid_t us, struct buf *out, bool *usable,
                            settings_tell tell, settings_warn foreign, void *context,
                            struct err *err) STATUS_CHECKED;

/* For FastCGI: one cache a process. settings_current compares the files' identities (device, inode,
 * size, times) with those that were read and reads again if they differ. A new version that is
 * broken is reported once to `warn` (with the cache locked: it must not call the cache) and the
 * last good one serves on, with secrets as they are now. One that is untrusted is STATUS_UNTRUSTED
 * until that is mended: somebody else may be at work. STATUS_CONFIG only while there has never been
 * a good one; other failures as of settings_load, and also only until then. Thread-safe. Looks for
 * the file as settings_find(NULL) does. */
struct settings_cache;
enum status settings_cache_make(struct settings_cache **out, settings_warn warn, void *context,
                                struct err *err) STATUS_CHECKED;
enum status settings_current(struct settings_cache *cache, const struct settings **out,
                             struct err *err) STATUS_CHECKED;
/* Whether the last settings_current gave what stands in the file, and not the last good version of
 * a broken one: what is unknown to that one may be known to its author. */
bool settings_cache_whole(struct settings_cache *cache);
void settings_cache_free(struct settings_cache *cache); /* NULL is fine */

#endif
