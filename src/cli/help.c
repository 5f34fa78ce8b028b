/* SPDX-License-Identifier: MIT
 * help - see cli/help.h.
 */
#include "cli/help.h"

#include <stdio.h>

/* Where the explanations of options begin. */
#define INDENT 19

static void add_commands(struct buf *out, const struct command_program *p, bool raw)
{
    for (size_t i = 0; i < p->count; i++)
        if (p->commands[i].raw == raw)
            buf_printf(out, "  %-10s %s\n", p->commands[i].name, p->commands[i].summary);
}

static bool has_raw(const struct command_program *p)
{
    for (size_t i = 0; i < p->count; i++)
        if (p->commands[i].raw)
            return true;
    return false;
}

void help_program(struct buf *out, const struct command_program *p)
{
    buf_printf(out,
               "usage: %s [--config FILE] COMMAND [ARGUMENT ...]\n"
               "       %s --version | --help | help COMMAND\n"
               "\n"
               "Commands:\n",
               p->name, p->name);
    add_commands(out, p, false);
    if (has_raw(p)) {
        buf_add_text(out, "\nCommands that are programs of their own:\n");
        add_commands(out, p, true);
    }
    buf_printf(
        out,
        "\nExit codes: 0 ok, 1 found a problem or nothing, 2 wrong usage, 3 configuration, 4 "
        "input/output.\n"
        "The manual: %s.\n",
        p->manuals);
}

static void add_option(struct buf *out, const struct options_row *o)
{
    char letter[8] = "";
    struct str rest = str_of(o->help);
    size_t before = out->len;
    bool more = true;

    if (o->id < OPTIONS_LONG)
        snprintf(letter, sizeof letter, "-%c, ", (char)o->id);
    buf_printf(out, "  %s--%s%s%s", letter, o->name, o->value == NULL ? "" : " ",
               o->value == NULL ? "" : o->value);
    if (out->len - before > INDENT - 2) {
        buf_add_char(out, '\n');
        before = out->len;
    }
    while (more) {
        struct str line;

        more = str_cut(rest, '\n', &line, &rest);
        buf_printf(out, "%*s", (int)(INDENT - (out->len - before)), "");
        buf_add_str(out, line);
        buf_add_char(out, '\n');
        before = out->len;
    }
}

void help_command(struct buf *out, const struct command_program *p, const struct command *c)
{
    buf_printf(out, "usage: %s [--config FILE] %s%s%s\n\n%s: %s\n", p->name, c->name,
               c->arguments[0] == '\0' ? "" : " ", c->arguments, c->name, c->summary);
    if (c->options != NULL && c->options->name != NULL)
        buf_add_char(out, '\n');
    for (const struct options_row *o = c->options; o != NULL && o->name != NULL; o++)
        add_option(out, o);
    if (c->help[0] != '\0')
        buf_printf(out, "\n%s", c->help);
}
