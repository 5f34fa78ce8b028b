/* SPDX-License-Identifier: MIT
 * settings - the configuration and the secrets as they lie on disk: found, owned, read, and read again when changed.
 *
 * The file is $STENOHOOK_CONFIG of the process environment; else .config/stenohook/stenohook.conf in the topmost
 * directory above the program that our user owns; else the same below the passwd home; else SYSCONFDIR/stenohook/
 * stenohook.conf. It must belong to root or to us and be writable by nobody else. stenohook.conf(5) says the same.
 */
#ifndef STORE_SETTINGS_H
#define STORE_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "core/auth.h"
#include "core/config.h"

/* One reading. Immutable; shared by threads; given back with settings_release. */
struct settings {
    const struct config *config;
    const struct auth_secrets *secrets; /* one for each endpoint, in the same order */
    const char *path;                   /* of the configuration file */
};

/* Where the configuration is (absolute, freed by the caller). `given` is a command line's --config or NULL. STATUS_CONFIG
 * names the places that were looked at. */
enum status settings_find(char **out, const char *given, struct err *err) STATUS_CHECKED;

/* Reads file and secrets. A secret file that is missing or readable by others is told to `warn` (may be NULL) and, when
 * missing, passed over; which endpoints are left without any secret shows in `secrets`. */
typedef void (*settings_warn)(void *context, const char *text);
enum status settings_load(const struct settings **out, const char *path, settings_warn warn, void *context,
                          struct err *err) STATUS_CHECKED;
void settings_release(const struct settings *settings);

/* For FastCGI: one cache a process. settings_current compares the files' identities (device, inode, size, times) with
 * those that were read and reads again where they differ. A new version that is broken is told once to `warn` and the
 * last good one serves on. STATUS_CONFIG only while there has never been a good one. Thread-safe. */
struct settings_cache;
enum status settings_cache_make(struct settings_cache **out, settings_warn warn, void *context, struct err *err)
    STATUS_CHECKED;
enum status settings_current(struct settings_cache *cache, const struct settings **out, struct err *err)
    STATUS_CHECKED;
void settings_cache_free(struct settings_cache *cache);

#endif
