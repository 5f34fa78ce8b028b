/* SPDX-License-Identifier: MIT
 * config_scan - the form of a configuration file: words, strings, braces. What a value means is not
 * looked at here.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "core/config/config_parts.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define NAME_BYTES LETTERS "0123456789_-"
#define WORD_BYTES NAME_BYTES "."
/* Of what is quoted from the file in an error. */
#define QUOTED_MAX 60

enum token { TOKEN_END, TOKEN_BAD, TOKEN_WORD, TOKEN_STRING, TOKEN_MARK };

struct scan {
    struct config_tree *tree;
    size_t section; /* index of the one that is being read */
    char *at;
    char *kept;    /* behind what is kept of the text before `at` */
    unsigned line; /* of `at` */
    struct err *err;

    enum token token;
    struct str word; /* of a string: what stands between its quotes */
    char mark;       /* { } = , */
    unsigned token_line;
};

static int shown(struct str s)
{
    return s.len > QUOTED_MAX ? QUOTED_MAX : (int)s.len;
}

/* ---- characters to tokens */

/* Newlines are kept, so that libConfuse counts lines as we do. */
static void pass_newline(struct scan *s)
{
    *s->kept++ = '\n';
    s->line++;
    s->at++;
}

static bool pass_block_comment(struct scan *s)
{
    const char *end = strstr(s->at + 2, "*/");

    if (end == NULL)
        return false;
    for (end += 2; s->at < end;) {
        if (*s->at == '\n')
            pass_newline(s);
        else
            s->at++;
    }
    return true;
}

/* Up to the next token; false where a comment does not end. */
static bool skip_blanks(struct scan *s)
{
    for (;;) {
        if (*s->at == '\n')
            pass_newline(s);
        else if (*s->at == ' ' || *s->at == '\t')
            s->at++;
        else if (*s->at == '#' || strncmp(s->at, "//", 2) == 0)
            s->at += strcspn(s->at, "\n");
        else if (strncmp(s->at, "/*", 2) != 0)
            return true;
        else if (!pass_block_comment(s))
            return false;
    }
}

static enum token bad(struct scan *s, const char *text)
{
    (void)config_refuse(s->tree, s->line, s->err, "%s", text);
    return TOKEN_BAD;
}

/* What may not stand in a string with these quotes: NULL when the character at `p` is fine. */
static const char *string_fault(char quote, const char *p)
{
    if (*p == '\0' || *p == '\n')
        return "this string is not closed; it must end on its line with the quote it began with";
    if ((unsigned char)*p < 0x20 && *p != '\t')
        return "a string holds a control character; take it out";
    if (quote == '\'' && *p == '\\')
        return "a backslash cannot stand between single quotes; use double quotes and \\\\";
    if (quote == '"' && *p == '\\' && (p[1] == '\0' || strchr("\\\"$", p[1]) == NULL))
        return "a backslash may only stand before \\ \" or $; write \\\\ for a backslash";
    if (quote == '"' && *p == '$' && p[1] == '{')
        return "variables of the environment are not put in; write the value itself, or \\$ for a "
               "dollar sign";
    return NULL;
}

static enum token take_string(struct scan *s)
{
    char quote = *s->at++;

    s->word.ptr = s->at;
    while (*s->at != quote) {
        const char *fault = string_fault(quote, s->at);

        if (fault != NULL)
            return bad(s, fault);
        s->at += *s->at == '\\' ? 2 : 1;
    }
    s->word.len = (size_t)(s->at - s->word.ptr);
    s->at++;
    return TOKEN_STRING;
}

static enum token take_word(struct scan *s)
{
    s->word.ptr = s->at;
    s->word.len = strspn(s->at, WORD_BYTES);
    s->at += s->word.len;
    return TOKEN_WORD;
}

static enum token take_other(struct scan *s)
{
    unsigned char c = (unsigned char)*s->at;
    struct err *err = s->err;

    if (c == '/')
        return bad(s, "a path must stand in double quotes");
    if (c == '+')
        return bad(s, "\"+=\" is not known; write the whole list once, after \"=\"");
    if (c == ';')
        return bad(s, "no \";\" is needed; take it out");
    if (c <= 0x20 || c >= 0x7f)
        (void)config_refuse(s->tree, s->line, err,
                            "byte 0x%02x cannot stand here; values stand in double quotes", c);
    else
        (void)config_refuse(s->tree, s->line, err,
                            "\"%c\" cannot stand here; values stand in double quotes", c);
    return TOKEN_BAD;
}

static enum token take(struct scan *s)
{
    if (*s->at == '\0')
        return TOKEN_END;
    if (*s->at == '"' || *s->at == '\'')
        return take_string(s);
    if (strchr("{}=,", *s->at) != NULL) {
        s->mark = *s->at++;
        return TOKEN_MARK;
    }
    if (strchr(WORD_BYTES, *s->at) != NULL)
        return take_word(s);
    return take_other(s);
}

/* libConfuse takes far longer over comments and runs of blanks than we do: it gets one blank for
 * each. */
static void keep_token(struct scan *s, const char *begin)
{
    size_t len = (size_t)(s->at - begin);

    if (s->kept < begin)
        *s->kept++ = ' ';
    memmove(s->kept, begin, len);
    if (s->word.ptr != NULL)
        s->word.ptr -= begin - s->kept;
    s->kept += len;
}

static enum token next(struct scan *s)
{
    const char *begin;

    s->word = STR_NONE;
    s->mark = '\0';
    if (!skip_blanks(s))
        return s->token = bad(s, "this comment is not closed; it must end with */");
    s->token_line = s->line;
    begin = s->at;
    s->token = take(s);
    keep_token(s, begin);
    return s->token;
}

static bool is_value(const struct scan *s)
{
    return s->token == TOKEN_STRING || s->token == TOKEN_WORD;
}

static bool is_mark(const struct scan *s, char mark)
{
    return s->token == TOKEN_MARK && s->mark == mark;
}

/* The current token is not what should stand here. What is wrong inside a token was told already.
 */
static enum status unexpected(struct scan *s, const char *wanted)
{
    switch (s->token) {
    case TOKEN_BAD:
        return STATUS_CONFIG;
    case TOKEN_END:
        return config_refuse(s->tree, s->token_line, s->err, "the file ends too early; %s", wanted);
    case TOKEN_MARK:
        return config_refuse(s->tree, s->token_line, s->err, "unexpected \"%c\"; %s", s->mark,
                             wanted);
    case TOKEN_WORD:
    case TOKEN_STRING:
        break;
    }
    return config_refuse(s->tree, s->token_line, s->err, "unexpected \"%.*s\"; %s", shown(s->word),
                         s->word.ptr, wanted);
}

/* ---- tokens to sections and keys */

static enum status scan_list(struct scan *s, const char *name)
{
    if (is_mark(s, '}'))
        return config_refuse(s->tree, s->token_line, s->err,
                             "%s: the list is empty; leave the key out", name);
    for (;;) {
        if (!is_value(s))
            return unexpected(s, "a list is written {\"one\", \"two\"}");
        (void)next(s);
        if (is_mark(s, ','))
            (void)next(s);
        else if (!is_mark(s, '}'))
            return unexpected(s, "entries of a list stand between commas, and a } closes it");
        if (is_mark(s, '}'))
            return STATUS_OK;
    }
}

static enum status scan_value(struct scan *s, const struct config_key *key)
{
    bool list = strcmp(key->type, "list") == 0;

    (void)next(s);
    if (is_value(s))
        return STATUS_OK;
    if (!is_mark(s, '{'))
        return unexpected(s, "a value stands in double quotes");
    if (!list)
        return config_refuse(s->tree, s->token_line, s->err,
                             "%s: takes one value, not a list; write %s = \"...\"", key->name,
                             key->name);
    (void)next(s);
    return scan_list(s, key->name);
}

static enum status unknown_key(struct scan *s, const char *section)
{
    struct buf remedy;
    enum status st;

    buf_init(&remedy, ERR_TEXT_MAX);
    config_key_remedy(&remedy, section, s->word);
    st = config_refuse(s->tree, s->token_line, s->err, "%.*s: no such key; %s", shown(s->word),
                       s->word.ptr, remedy.ptr);
    buf_free(&remedy);
    return st;
}

static enum status scan_key(struct scan *s)
{
    struct config_section *section = &s->tree->sections[s->section];
    const char *kind = s->section == 0 ? "" : "endpoint";
    struct config_value *value;
    int index;

    if (s->token != TOKEN_WORD)
        return unexpected(s, "a key stands here, as in: spool = \"/home/u/stenohook\"");
    index = config_key_find(kind, s->word);
    if (index < 0)
        return unknown_key(s, kind);
    value = &section->values[index];
    if (value->line != 0)
        return config_refuse(s->tree, s->token_line, s->err,
                             "%s: given twice, the first time in line %u; keep one of them",
                             config_keys[index].name, value->line);
    value->line = s->token_line;
    s->tree->given[index] = true;
    (void)next(s);
    if (!is_mark(s, '='))
        return unexpected(s, "an = stands between a key and its value");
    return scan_value(s, &config_keys[index]);
}

static enum status add_section(struct config_tree *tree, unsigned line, struct str title,
                               struct err *err)
{
    size_t size = (tree->count + 1) * sizeof *tree->sections;
    struct config_section *grown = realloc(tree->sections, size);
    struct config_section *section;

    if (grown == NULL)
        return err_set(err, STATUS_MEMORY, "no memory for the configuration");
    tree->sections = grown;
    section = &grown[tree->count];
    memset(section, 0, sizeof *section);
    section->line = line;
    if (title.ptr != NULL && (section->title = str_dup(title)) == NULL)
        return err_set(err, STATUS_MEMORY, "no memory for the configuration");
    tree->count++;
    return STATUS_OK;
}

static enum status check_title(struct scan *s)
{
    if (!str_only(s->word, NAME_BYTES) || s->word.len > CONFIG_NAME_MAX)
        return config_refuse(s->tree, s->token_line, s->err,
                             "endpoint \"%.*s\": a name has 1 to %d letters, digits, \"-\" and "
                             "\"_\"; it is the last part of the endpoint's URL",
                             shown(s->word), s->word.ptr, CONFIG_NAME_MAX);
    for (size_t i = 1; i < s->tree->count; i++)
        if (str_is(s->word, s->tree->sections[i].title))
            return config_refuse(s->tree, s->token_line, s->err,
                                 "endpoint \"%.*s\": given twice, the first time in line %u; give "
                                 "the second another name",
                                 shown(s->word), s->word.ptr, s->tree->sections[i].line);
    if (s->tree->count > CONFIG_ENDPOINTS_MAX)
        return config_refuse(s->tree, s->token_line, s->err, "more than %d endpoints",
                             CONFIG_ENDPOINTS_MAX);
    return STATUS_OK;
}

static enum status scan_endpoint(struct scan *s)
{
    enum status st;

    (void)next(s);
    if (!is_value(s))
        return unexpected(s, "an endpoint is written: endpoint \"NAME\" { ... }");
    st = check_title(s);
    if (st != STATUS_OK)
        return st;
    st = add_section(s->tree, s->token_line, s->word, s->err);
    if (st != STATUS_OK)
        return st;
    (void)next(s);
    if (!is_mark(s, '{'))
        return unexpected(s, "an endpoint is written: endpoint \"NAME\" { ... }");
    s->section = s->tree->count - 1;
    for (;;) {
        (void)next(s);
        if (is_mark(s, '}'))
            break;
        st = scan_key(s);
        if (st != STATUS_OK)
            return st;
    }
    s->section = 0;
    return STATUS_OK;
}

static enum status scan_file(struct scan *s)
{
    enum status st = STATUS_OK;

    while (st == STATUS_OK && next(s) != TOKEN_END)
        st = s->token == TOKEN_WORD && str_is(s->word, "endpoint") ? scan_endpoint(s) : scan_key(s);
    *s->kept = '\0';
    return st;
}

/* ---- the text */

/* Notepad's byte order mark is left out, CR LF becomes LF. */
static char *copy_text(struct str text)
{
    char *copy;
    size_t len = 0;

    if (str_starts(text, "\xef\xbb\xbf")) {
        text.ptr += 3;
        text.len -= 3;
    }
    if (text.len == 0 || memchr(text.ptr, '\r', text.len) == NULL)
        return str_dup(text);
    copy = malloc(text.len + 1);
    for (size_t i = 0; copy != NULL && i < text.len; i++)
        if (text.ptr[i] != '\r' || i + 1 == text.len || text.ptr[i + 1] != '\n')
            copy[len++] = text.ptr[i];
    if (copy != NULL)
        copy[len] = '\0';
    return copy;
}

static unsigned line_of(struct str text, const char *place)
{
    unsigned line = 1;

    for (const char *p = text.ptr; p < place; p++)
        line += *p == '\n';
    return line;
}

static enum status check_text(const struct config_tree *tree, struct str text, struct err *err)
{
    const char *nul = text.len == 0 ? NULL : memchr(text.ptr, '\0', text.len);

    if (text.len > CONFIG_FILE_MAX)
        return config_refuse(tree, 0, err, "the file is larger than %zu KiB",
                             CONFIG_FILE_MAX / 1024);
    if (nul != NULL)
        return config_refuse(tree, line_of(text, nul), err,
                             "a NUL byte; the file must be plain text (UTF-8, not UTF-16)");
    return STATUS_OK;
}

enum status config_scan(struct config_tree *tree, const char *file, struct str text,
                        struct err *err)
{
    struct scan s = {.tree = tree, .line = 1, .err = err};
    enum status st;

    *tree = (struct config_tree){.file = file};
    st = check_text(tree, text, err);
    if (st != STATUS_OK)
        return st;
    tree->text = copy_text(text);
    if (tree->text == NULL)
        return err_set(err, STATUS_MEMORY, "no memory for the configuration");
    st = add_section(tree, 1, STR_NONE, err);
    if (st != STATUS_OK)
        return st;
    s.at = s.kept = tree->text;
    return scan_file(&s);
}
