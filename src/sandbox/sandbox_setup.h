/* SPDX-License-Identifier: MIT
 * sandbox_setup - the settings of the sandbox's server, from its environment.
 */
#ifndef SANDBOX_SANDBOX_SETUP_H
#define SANDBOX_SANDBOX_SETUP_H

#include "remote/deliver.h"
#include "sandbox/transcripts.h"

#define SANDBOX_PREFIX "STENOHOOK_SANDBOX_"
/* In the folder of the state. */
#define SANDBOX_KEY_FILE "key"

struct sandbox {
    struct transcripts state;
    struct buf key;
    uint64_t delay_ms; /* from the submission to the end of a transcript */
    struct deliver_plan plan;
    uint64_t rate; /* requests in each rate_seconds */
    uint64_t rate_seconds;
    uint64_t upload_max; /* bytes */
    uint64_t threads;
};

/* STATUS_OWNER: we are root, and whoever reaches the port would speak to a process of root's. */
enum status sandbox_check_user(struct err *err) STATUS_CHECKED;

/* `get` is getenv. Opens the state's folder; makes a key if there is none. STATUS_CONFIG: err names
 * the variable. */
enum status sandbox_setup(struct sandbox *sandbox, char *(*get)(const char *name),
                          struct err *err) STATUS_CHECKED;
void sandbox_free(struct sandbox *sandbox);

/* Makes a random key in dir/SANDBOX_KEY_FILE unless there is a file of that name. */
enum status sandbox_make_key(int dir, struct err *err) STATUS_CHECKED;

#endif
