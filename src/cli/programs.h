/* SPDX-License-Identifier: MIT
 * programs - the verbs of stenohook that other programs do: the rows that both have in their
 * tables.
 */
#ifndef CLI_PROGRAMS_H
#define CLI_PROGRAMS_H

#include "cli/command_table.h"

#define PROGRAM_REMOTE "stenohook-remote"
#define PROGRAM_SANDBOX "stenohook-sandbox.fcgi"

#define VERB_SEND                                                                                  \
    .name = "send", .arguments = "[OPTION ...] [KIND]",                                            \
    .summary = "deliver a sample webhook by AssemblyAI's rules",                                   \
    .help = "KIND is completed (default), error, redacted, streaming or voice. Exits 0 only if "   \
            "every delivery was\nanswered with a 2xx and, by an endpoint of ours, as recorded. "   \
            "--to sends a secret only with --endpoint or\n--secret-file.\n"

#define VERB_SUBMIT                                                                                \
    .name = "submit", .arguments = "[OPTION ...] URL | FILE",                                      \
    .summary = "have audio transcribed, with a webhook to an endpoint of ours",                    \
    .help = "Prints the transcript's id. A file is uploaded first. The endpoint's url and secret " \
            "are those of the\nconfiguration.\n"

#define VERB_FETCH                                                                                 \
    .name = "fetch", .arguments = "[OPTION ...] ID ...",                                           \
    .summary = "get transcripts from AssemblyAI's API",                                            \
    .help = "Without --out, one transcript goes to standard output. Exits 1 if one is not "        \
            "finished or not available.\n"

#define VERB_RECONCILE                                                                             \
    .name = "reconcile", .arguments = "[OPTION ...]",                                              \
    .summary = "record the transcripts whose webhook never arrived",                               \
    .help = "Lists finished transcripts and records those with a webhook to an endpoint of ours "  \
            "that is not on record.\nTheir hooks run. May be run at any time and by cron.\n"

#define VERB_SANDBOX                                                                               \
    .name = "sandbox", .arguments = "[OPTION ...]",                                                \
    .summary = "run a stand-in for AssemblyAI's API on this machine",                              \
    .help = "Runs behind a lighttpd of its own, on 127.0.0.1, until it is interrupted. It then "   \
            "forgets everything unless\n--dir is given. For its environment see "                  \
            "stenohook-sandbox(8).\n"

#endif
