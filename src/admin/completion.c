/* SPDX-License-Identifier: MIT
 * completion - scripts by which shells complete.
 */
#include "admin/completion.h"

#include <string.h>

/* Options whose values are paths. */
static bool is_path(const struct options_row *o)
{
    return o->value != NULL && (strcmp(o->value, "FILE") == 0 || strcmp(o->value, "DIR") == 0);
}

static void add_names(struct buf *out, const struct command_program *p)
{
    for (size_t i = 0; i < p->count; i++)
        buf_printf(out, "%s ", p->commands[i].name);
    buf_add_text(out, "help");
}

/* ---- bash */

static void bash_options(struct buf *out, const struct options_row *rows)
{
    for (; rows != NULL && rows->name != NULL; rows++) {
        if (rows->id < OPTIONS_LONG)
            buf_printf(out, "-%c ", (char)rows->id);
        buf_printf(out, "--%s ", rows->name);
    }
    buf_add_text(out, "--config --help");
}

/* What stands behind an option that takes a value. */
static void bash_values(struct buf *out, const char *verb, const struct options_row *rows)
{
    for (; rows != NULL && rows->name != NULL; rows++) {
        if (rows->value == NULL)
            continue;
        buf_printf(out, "    %s:--%s", verb, rows->name);
        if (rows->id < OPTIONS_LONG)
            buf_printf(out, " | %s:-%c", verb, (char)rows->id);
        if (is_path(rows))
            buf_add_text(out, ") COMPREPLY=($(compgen -f -- \"$word\")); return ;;\n");
        else
            buf_printf(out, ") COMPREPLY=($(compgen -W '%s' -- \"$word\")); return ;;\n",
                       rows->choices == NULL ? "" : rows->choices);
    }
}

void completion_bash(struct buf *out, const struct command_program *p)
{
    buf_printf(
        out,
        "# bash completion of %s\n"
        "_%s() {\n"
        "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} verb= i\n"
        "    COMPREPLY=()\n"
        "    # bash makes a word of its own of the = in --option=value\n"
        "    [[ $word == = ]] && word=\n"
        "    [[ $before == = ]] && before=${COMP_WORDS[COMP_CWORD-2]}\n"
        "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
        "        case ${COMP_WORDS[i]} in\n"
        "        --config) ((i++)) ;;\n"
        "        -* | =) ;;\n"
        "        *) verb=${COMP_WORDS[i]}; break ;;\n"
        "        esac\n"
        "    done\n"
        "    case $verb:$before in\n"
        "    *:--config) COMPREPLY=($(compgen -f -- \"$word\")); return ;;\n",
        p->name, p->name);
    for (size_t i = 0; i < p->count; i++)
        bash_values(out, p->commands[i].name, p->commands[i].options);
    buf_add_text(out, "    esac\n    case $verb:$word in\n    :-*) COMPREPLY=($(compgen -W "
                      "'--config --help --version' -- \"$word\")) ;;\n    :*) COMPREPLY=($(compgen "
                      "-W '");
    add_names(out, p);
    buf_add_text(out, "' -- \"$word\")) ;;\n    help:*) COMPREPLY=($(compgen -W '");
    add_names(out, p);
    buf_add_text(out, "' -- \"$word\")) ;;\n");
    for (size_t i = 0; i < p->count; i++) {
        const struct command *c = &p->commands[i];

        buf_printf(out, "    %s:-*) COMPREPLY=($(compgen -W '", c->name);
        bash_options(out, c->options);
        buf_add_text(out, "' -- \"$word\")) ;;\n");
        if (c->words != NULL)
            buf_printf(out, "    %s:*) COMPREPLY=($(compgen -W '%s' -- \"$word\")) ;;\n", c->name,
                       c->words);
    }
    buf_printf(out, "    esac\n}\ncomplete -F _%s %s\n", p->name, p->name);
}

/* ---- zsh */

/* Within single quotes, and with those characters escaped that mean something to _arguments. */
static void zsh_text(struct buf *out, const char *text)
{
    for (; *text != '\0' && *text != '\n'; text++) {
        if (*text == '\'')
            buf_add_text(out, "'\\'");
        else if (strchr("[]:\\", *text) != NULL)
            buf_add_char(out, '\\');
        buf_add_char(out, *text);
    }
}

static void zsh_option(struct buf *out, const struct options_row *o)
{
    if (o->id < OPTIONS_LONG)
        buf_printf(out, "            '*-%c[", (char)o->id);
    else
        buf_printf(out, "            '*--%s[", o->name);
    zsh_text(out, o->help);
    buf_add_char(out, ']');
    if (o->value != NULL)
        buf_printf(out, ":%s:", o->value);
    if (is_path(o))
        buf_add_text(out, "_files");
    else if (o->choices != NULL)
        buf_printf(out, "(%s)", o->choices);
    buf_add_text(out, "' \\\n");
}

/* An option with a letter is two specifications. */
static void zsh_options(struct buf *out, const struct options_row *rows)
{
    for (; rows != NULL && rows->name != NULL; rows++) {
        struct options_row by_name = *rows;

        if (rows->id < OPTIONS_LONG)
            zsh_option(out, rows);
        by_name.id = OPTIONS_LONG;
        zsh_option(out, &by_name);
    }
    buf_add_text(out, "            '--config[the configuration to use]:FILE:_files' \\\n"
                      "            '--help[print the options]'");
}

void completion_zsh(struct buf *out, const struct command_program *p)
{
    buf_printf(out,
               "#compdef %s\n"
               "_%s() {\n"
               "    local state curcontext=$curcontext\n"
               "    local -a verbs\n"
               "    verbs=(\n",
               p->name, p->name);
    for (size_t i = 0; i < p->count; i++) {
        buf_printf(out, "        '%s:", p->commands[i].name);
        zsh_text(out, p->commands[i].summary);
        buf_add_text(out, "'\n");
    }
    buf_add_text(out,
                 "        'help:explain a command'\n"
                 "    )\n"
                 "    _arguments -C '--config[the configuration to use]:FILE:_files' "
                 "'--help[list the commands]' \\\n"
                 "        '--version[print the version]' '1: :->verb' '*:: :->rest' && return\n"
                 "    case $state in\n"
                 "    verb) _describe command verbs ;;\n"
                 "    rest)\n"
                 "        case $words[1] in\n"
                 "        help) _describe command verbs ;;\n");
    for (size_t i = 0; i < p->count; i++) {
        const struct command *c = &p->commands[i];

        buf_printf(out, "        %s) _arguments \\\n", c->name);
        zsh_options(out, c->options);
        if (c->words != NULL)
            buf_printf(out, " \\\n            '1:word:(%s)'", c->words);
        buf_add_text(out, " ;;\n");
    }
    buf_printf(out, "        esac ;;\n    esac\n}\n_%s \"$@\"\n", p->name);
}
