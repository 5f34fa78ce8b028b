/* SPDX-License-Identifier: MIT
 * command - the verbs of stenohook-remote.
 */
#include "remote/command.h"

#include <inttypes.h>

#include "base/num.h"

#define DURATION_MAX_S 86400

static const struct command commands[] = {
    {"send", "[KIND] [--to URL] [--endpoint NAME] [OPTION ...]",
     "deliver a sample webhook by AssemblyAI's rules",
     "  KIND              completed (default), error, redacted, streaming, voice\n"
     "  --endpoint NAME   the endpoint of the configuration whose address and secret are used\n"
     "  --to URL          another address; without --endpoint and --secret-file no secret is sent\n"
     "  --secret-file F   the secret that F holds\n"
     "  --header NAME     the header that carries it (default: X-Webhook-Secret)\n"
     "  --bad-secret      a wrong secret in place of the right one\n"
     "  --set NAME=VALUE  a member of the body, as transcript_id=...; VALUE is JSON or a text\n"
     "  --query N=VALUE   one more parameter of the address\n"
     "  --data @FILE      the bytes of FILE as the body, or those given themselves\n"
     "  --rule RULE       new (default): a 4xx is final; old: it is not, an unreachable host is\n"
     "  --attempts N      how often it is tried (default: 10)\n"
     "  --interval D      how long is waited between two attempts (default: 10s)\n"
     "  --timeout D       how long an attempt may take (default: 10s)\n"
     "  --repeat N        deliver the same N times, one after the other\n"
     "\n"
     "--set and --query may be repeated. Exits 0 only where every delivery was answered with a "
     "2xx.\n",
     cmd_send},
};

const struct command_program remote_program = {
    .name = "stenohook-remote",
    .manuals = "stenohook-remote(1), stenohook.conf(5)",
    .commands = commands,
    .count = sizeof commands / sizeof *commands,
};

enum status words_add(struct words *words, const char *word, const char *option, struct err *err)
{
    if (words->count == WORDS_MAX)
        return err_set(err, STATUS_USAGE, "%s is given more than %d times", option, WORDS_MAX);
    words->at[words->count++] = word;
    return STATUS_OK;
}

enum status option_number(const char *text, const char *option, uint64_t least, uint64_t most,
                          uint64_t *out, struct err *err)
{
    uint64_t number;

    if (!num_u64(str_of(text), &number) || number < least || number > most)
        return err_set(err, STATUS_USAGE, "%s: '%s' is no number from %" PRIu64 " to %" PRIu64,
                       option, text, least, most);
    *out = number;
    return STATUS_OK;
}

enum status option_duration(const char *text, const char *option, uint64_t *out_ms, struct err *err)
{
    uint64_t seconds;

    if (!num_duration(str_of(text), &seconds) || seconds > DURATION_MAX_S)
        return err_set(err, STATUS_USAGE,
                       "%s: '%s' is no duration of at most a day: write it like 10s", option, text);
    *out_ms = seconds * 1000;
    return STATUS_OK;
}
