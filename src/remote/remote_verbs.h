/* SPDX-License-Identifier: MIT
 * remote_verbs - the verbs of stenohook-remote, and what their options share.
 */
#ifndef REMOTE_REMOTE_VERBS_H
#define REMOTE_REMOTE_VERBS_H

#include <stddef.h>
#include <stdint.h>

#include "cli/command.h"
#include "cli/options.h"

extern const struct command_program remote_program;

enum status cmd_send(int argc, char **argv, const char *config_path,
                     struct err *err) STATUS_CHECKED;
enum status cmd_submit(int argc, char **argv, const char *config_path,
                       struct err *err) STATUS_CHECKED;
enum status cmd_fetch(int argc, char **argv, const char *config_path,
                      struct err *err) STATUS_CHECKED;
enum status cmd_reconcile(int argc, char **argv, const char *config_path,
                          struct err *err) STATUS_CHECKED;
enum status cmd_sandbox(int argc, char **argv, const char *config_path,
                        struct err *err) STATUS_CHECKED;
enum status cmd_trial(int argc, char **argv, const char *config_path,
                      struct err *err) STATUS_CHECKED;
extern const struct options_row cmd_trial_options[];
extern const struct options_row cmd_send_options[], cmd_submit_options[], cmd_fetch_options[],
    cmd_reconcile_options[], cmd_sandbox_options[];

/* The values of an option that may be given more than once. Borrowed from argv. */
#define WORDS_MAX 64
struct words {
    const char *at[WORDS_MAX];
    size_t count;
};
/* STATUS_USAGE: more than WORDS_MAX. `option` is named. */
enum status words_add(struct words *words, const char *word, const char *option,
                      struct err *err) STATUS_CHECKED;

#endif
