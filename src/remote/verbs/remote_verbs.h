/* SPDX-License-Identifier: MIT
 * remote_verbs - the verbs of stenohook-remote.
 */
#ifndef REMOTE_VERBS_REMOTE_VERBS_H
#define REMOTE_VERBS_REMOTE_VERBS_H

#include "cli/options.h"

extern const struct options_row cmd_send_options[], cmd_submit_options[], cmd_fetch_options[],
    cmd_reconcile_options[], cmd_trial_options[];

enum status cmd_send(int argc, char **argv, const char *config_path,
                     struct err *err) STATUS_CHECKED;
enum status cmd_submit(int argc, char **argv, const char *config_path,
                       struct err *err) STATUS_CHECKED;
enum status cmd_fetch(int argc, char **argv, const char *config_path,
                      struct err *err) STATUS_CHECKED;
enum status cmd_reconcile(int argc, char **argv, const char *config_path,
                          struct err *err) STATUS_CHECKED;
enum status cmd_trial(int argc, char **argv, const char *config_path,
                      struct err *err) STATUS_CHECKED;

#endif
