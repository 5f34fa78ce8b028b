/* SPDX-License-Identifier: MIT
 * command - the verbs of the command line.
 */
#include "admin/command.h"

static const struct command commands[] = {
    {"init", "[--spool DIR] [--url URL] [--endpoint NAME] [--header NAME] [--user NAME]",
     "make the spool, a secret and a configuration",
     "  --spool DIR      where to keep the records (default: ~/stenohook; as root "
     "/var/lib/stenohook)\n"
     "  --config FILE    the configuration to write (default: ~/.config/stenohook/stenohook.conf;\n"
     "                   as root " SYSCONFDIR "/stenohook/stenohook.conf)\n"
     "  --url URL        the address of the gateway, as the sender is to use it\n"
     "  --endpoint NAME  what the endpoint is called (default: default)\n"
     "  --header NAME    the header that carries the secret (default: X-Webhook-Secret)\n"
     "  --user NAME      as root: the user whom the web server runs the gateway as\n"
     "\n"
     "What is there already is left as it is. Prints what to tell the sender, one \"name value\" a "
     "line.\n",
     cmd_init},
    {"check", "[-v]", "look for mistakes in the configuration, the spool and the host",
     "  -v, --verbose    say also what is in order\n"
     "\n"
     "Prints \"error: ...\" and \"warning: ...\" lines. Exits 1 where there is an error, 3 where "
     "the configuration\n"
     "cannot be used at all.\n",
     cmd_check},
    {"list",
     "[--since T] [--until T] [--kind K] [--status S] [--endpoint E] [-n N] [--format text|json]",
     "list recorded events, newest last",
     "  --since T        events received at T or later: 24h (ago), 2026-11-23, "
     "2026-11-23T07:50:18Z\n"
     "  --until T        events received before T\n"
     "  --kind K         transcript, redacted_audio, streaming, voice_agent, unknown\n"
     "  --status S       completed, error, ...\n"
     "  --endpoint E     events of this endpoint\n"
     "  -n, --last N     the last N that match\n"
     "  --format F       text (default), or json: one object a line, without the body\n"
     "\n"
     "--kind, --status and --endpoint may be repeated, and take lists: --status completed,error\n",
     cmd_list},
    {"show", "[--raw | --format text|json] ID", "show one event by its id or by the transcript's",
     "  ID               an event's id (12:103), or a transcript, session or event id of the "
     "sender, or the\n"
     "                   beginning of one\n"
     "  --raw            the body exactly as it was received, and nothing else\n"
     "  --format F       text (default), or json: the record as it is in the journal\n",
     cmd_show},
    {"verify", "", "read the whole journal and look for damage",
     "Prints one line a finding and a summary. Bytes that are torn (a write that was cut off) or "
     "void (never\n"
     "acknowledged) are harmless. Exits 1 where something is rotten: a record was altered or "
     "lost.\n",
     cmd_verify},
};

const struct command_program admin_program = {
    .name = "stenohook",
    .manuals = "stenohook(1), stenohook.conf(5), stenohook.fcgi(8)",
    .commands = commands,
    .count = sizeof commands / sizeof *commands,
};
