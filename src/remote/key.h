/* SPDX-License-Identifier: MIT
 * key - the key of AssemblyAI's API. It is never taken from argv, and never printed.
 */
#ifndef REMOTE_KEY_H
#define REMOTE_KEY_H

#include "base/buf.h"
#include "base/err.h"
#include "settings/settings.h"

#define KEY_VARIABLE "ASSEMBLYAI_API_KEY"
#define KEY_MAX SETTINGS_SECRET_MAX

/* Appends the key: from the file `given` (--key-file), else `variable` (the environment's value, or
 * NULL), else from the configuration's api-key-file. `tell` gets warnings about the file. settings
 * may be NULL. STATUS_NO_SECRET: there is no key, or it is invalid. */
enum status key_read(struct buf *out, const char *given, const char *variable,
                     const struct settings *settings, settings_tell tell,
                     struct err *err) STATUS_CHECKED;

#endif
