/* SPDX-License-Identifier: MIT
 * config_scan - the grammar of a configuration file. It does not look at what a value means.
 *
 * Values are unescaped in place: each moves to the beginning of the tree's text, after those before
 * it, and gets a NUL. There is always room, for a `=`, `{`, `,` or `endpoint` came before it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "core/config/config_parts.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define NAME_BYTES LETTERS "0123456789_-"
#define WORD_BYTES NAME_BYTES "."
/* An error quotes no more of the file than this. */
#define QUOTED_MAX 60
#define WANTED_ENDPOINT "expected endpoint \"NAME\" { ... }"

enum token { TOKEN_END, TOKEN_BAD, TOKEN_WORD, TOKEN_STRING, TOKEN_MARK };

struct config_reading {
    struct config_tree *tree;
    char *at;
    char *kept;    /* the end of the values that were moved to the beginning of the text */
    unsigned line; /* of `at` */
    struct err *err;

    enum token token;
    struct str word; /* of a string: what its quotes enclose, with its escapes */
    char mark;       /* { } = , */
    unsigned token_line;
};

static int quoted_len(struct str s)
{
    return s.len > QUOTED_MAX ? QUOTED_MAX : (int)s.len;
}

/* ---- characters to tokens */

static bool skip_block_comment(struct config_reading *s)
{
    const char *end = strstr(s->at + 2, "*/");

    if (end == NULL)
        return false;
    for (end += 2; s->at < end; s->at++)
        s->line += *s->at == '\n';
    return true;
}

/* Goes to the next token; false if a comment does not end. */
static bool skip_blanks(struct config_reading *s)
{
    for (;;) {
        if (*s->at == '\n')
            s->line++;
        if (*s->at == '\n' || *s->at == ' ' || *s->at == '\t')
            s->at++;
        else if (*s->at == '#' || strncmp(s->at, "//", 2) == 0)
            s->at += strcspn(s->at, "\n");
        else if (strncmp(s->at, "/*", 2) != 0)
            return true;
        else if (!skip_block_comment(s))
            return false;
    }
}

static enum token refuse_text(struct config_reading *s, const char *text)
{
    (void)config_refuse(s->tree, s->line, s->err, "%s", text);
    return TOKEN_BAD;
}

/* Returns what is wrong with the character at `p` of a string in these quotes, or NULL. */
static const char *string_fault(char quote, const char *p)
{
    if (*p == '\0' || *p == '\n')
        return "string not closed; end it on its line with the quote that it began with";
    if ((unsigned char)*p < 0x20 && *p != '\t')
        return "control character in a string; remove it";
    if (quote == '\'' && *p == '\\')
        return "backslash in single quotes; use double quotes and \\\\";
    if (quote == '"' && *p == '\\' && (p[1] == '\0' || strchr("\\\"$", p[1]) == NULL))
        return "unknown escape (expected \\\\, \\\" or \\$); write \\\\ for a backslash";
    if (quote == '"' && *p == '$' && p[1] == '{')
        return "environment variables are not expanded; write the value itself, or \\$ for a "
               "dollar sign";
    return NULL;
}

static enum token read_string(struct config_reading *s)
{
    char quote = *s->at++;

    s->word.ptr = s->at;
    while (*s->at != quote) {
        const char *fault = string_fault(quote, s->at);

        if (fault != NULL)
            return refuse_text(s, fault);
        s->at += *s->at == '\\' ? 2 : 1;
    }
    s->word.len = (size_t)(s->at - s->word.ptr);
    s->at++;
    return TOKEN_STRING;
}

static enum token read_word(struct config_reading *s)
{
    s->word.ptr = s->at;
    s->word.len = strspn(s->at, WORD_BYTES);
    s->at += s->word.len;
    return TOKEN_WORD;
}

static enum token refuse_byte(struct config_reading *s)
{
    unsigned char c = (unsigned char)*s->at;

    if (c == '/')
        return refuse_text(s, "unexpected \"/\"; write a path in double quotes");
    if (c == '+')
        return refuse_text(s, "\"+=\" is not supported; write the whole list once, after \"=\"");
    if (c == ';')
        return refuse_text(s, "unexpected \";\"; remove it");
    (void)config_refuse(s->tree, s->line, s->err,
                        c <= 0x20 || c >= 0x7f ? "unexpected byte 0x%02x; %s"
                                               : "unexpected \"%c\"; %s",
                        c, "write values in double quotes");
    return TOKEN_BAD;
}

static enum token read_token(struct config_reading *s)
{
    if (*s->at == '\0')
        return TOKEN_END;
    if (*s->at == '"' || *s->at == '\'')
        return read_string(s);
    if (strchr("{}=,", *s->at) != NULL) {
        s->mark = *s->at++;
        return TOKEN_MARK;
    }
    if (strchr(WORD_BYTES, *s->at) != NULL)
        return read_word(s);
    return refuse_byte(s);
}

static enum token next_token(struct config_reading *s)
{
    s->word = STR_NONE;
    s->mark = '\0';
    if (!skip_blanks(s))
        return s->token = refuse_text(s, "comment not closed; end it with */");
    s->token_line = s->line;
    return s->token = read_token(s);
}

static bool is_value(const struct config_reading *s)
{
    return s->token == TOKEN_STRING || s->token == TOKEN_WORD;
}

static bool is_mark(const struct config_reading *s, char mark)
{
    return s->token == TOKEN_MARK && s->mark == mark;
}

/* Moves the current token, a value, to the values that are kept. */
static const char *keep_value(struct config_reading *s)
{
    const char *kept = s->kept, *end = s->word.ptr + s->word.len;

    /* In single quotes and in words there is no backslash. */
    for (const char *p = s->word.ptr; p < end; p++) {
        p += *p == '\\';
        *s->kept++ = *p;
    }
    *s->kept++ = '\0';
    return kept;
}

/* The current token is not what the grammar wants. What is wrong in a token is already reported. */
static enum status refuse_token(struct config_reading *s, const char *wanted)
{
    if (s->token == TOKEN_BAD)
        return STATUS_CONFIG;
    if (s->token == TOKEN_END)
        return config_refuse(s->tree, s->token_line, s->err, "unexpected end of the file; %s",
                             wanted);
    if (s->token == TOKEN_MARK)
        s->word = (struct str){&s->mark, 1};
    return config_refuse(s->tree, s->token_line, s->err, "unexpected \"%.*s\"; %s",
                         quoted_len(s->word), s->word.ptr, wanted);
}

/* ---- tokens to sections and keys */

/* The current token is the first in the braces. */
static enum status scan_list(struct config_reading *s, const char *name, struct config_value *value)
{
    if (is_mark(s, '}'))
        return config_refuse(s->tree, s->token_line, s->err, "%s: empty list; leave the key out",
                             name);
    for (;;) {
        const char *item;

        if (!is_value(s))
            return refuse_token(s, "expected a list like {\"one\", \"two\"}");
        item = keep_value(s);
        if (value->count++ == 0)
            value->items = item;
        (void)next_token(s);
        if (is_mark(s, ','))
            (void)next_token(s);
        else if (!is_mark(s, '}'))
            return refuse_token(s, "expected \",\" between entries of the list, or \"}\" after it");
        if (is_mark(s, '}'))
            return STATUS_OK;
    }
}

static enum status scan_value(struct config_reading *s, const struct config_key *key,
                              struct config_value *value)
{
    (void)next_token(s);
    if (is_value(s)) {
        value->items = keep_value(s);
        value->count = 1;
        return STATUS_OK;
    }
    if (!is_mark(s, '{'))
        return refuse_token(s, "expected a value in double quotes");
    if (strcmp(key->type, "list") != 0)
        return config_refuse(s->tree, s->token_line, s->err,
                             "%s: takes one value, not a list; write %s = \"...\"", key->name,
                             key->name);
    (void)next_token(s);
    return scan_list(s, key->name, value);
}

static enum status refuse_key(struct config_reading *s, const char *section)
{
    struct buf remedy;
    enum status st;

    buf_init(&remedy, ERR_TEXT_MAX);
    config_key_remedy(&remedy, section, s->word);
    st = config_refuse(s->tree, s->token_line, s->err, "%.*s: unknown key; %s", quoted_len(s->word),
                       s->word.ptr, remedy.ptr);
    buf_free(&remedy);
    return st;
}

/* The current token is the key. */
static enum status scan_key(struct config_reading *s, struct config_section *section)
{
    const char *kind = section->title == NULL ? "" : "endpoint";
    struct config_value *value;
    int index;

    if (s->token != TOKEN_WORD)
        return refuse_token(s, "expected a key, as in: spool = \"/home/u/stenohook\"");
    index = config_key_find(kind, s->word);
    if (index < 0)
        return refuse_key(s, kind);
    value = &section->values[index];
    if (value->line != 0)
        return config_refuse(s->tree, s->token_line, s->err,
                             "%s: given twice, first in line %u; remove one of them",
                             config_keys[index].name, value->line);
    value->line = s->token_line;
    (void)next_token(s);
    if (!is_mark(s, '='))
        return refuse_token(s, "expected \"=\" between the key and its value");
    return scan_value(s, &config_keys[index], value);
}

static enum status check_title(const struct config_reading *s)
{
    if (!str_only(s->word, NAME_BYTES) || s->word.len > CONFIG_NAME_MAX)
        return config_refuse(s->tree, s->token_line, s->err,
                             "endpoint \"%.*s\": invalid name; use 1 to %d letters, digits, \"-\" "
                             "and \"_\" (it is the last part of the endpoint's URL)",
                             quoted_len(s->word), s->word.ptr, CONFIG_NAME_MAX);
    for (size_t i = 1; i < s->tree->count; i++)
        if (str_is(s->word, s->tree->sections[i].title))
            return config_refuse(s->tree, s->token_line, s->err,
                                 "endpoint \"%.*s\": given twice, first in line %u; rename one of "
                                 "them",
                                 quoted_len(s->word), s->word.ptr, s->tree->sections[i].line);
    if (s->tree->count > CONFIG_ENDPOINTS_MAX)
        return config_refuse(s->tree, s->token_line, s->err, "too many endpoints (at most %d)",
                             CONFIG_ENDPOINTS_MAX);
    return STATUS_OK;
}

static enum status scan_endpoint(struct config_reading *s)
{
    enum status st;

    (void)next_token(s);
    if (!is_value(s))
        return refuse_token(s, WANTED_ENDPOINT);
    st = check_title(s);
    if (st == STATUS_OK)
        st = config_tree_add(s->tree, keep_value(s), s->token_line, s->err);
    if (st != STATUS_OK)
        return st;
    (void)next_token(s);
    if (!is_mark(s, '{'))
        return refuse_token(s, WANTED_ENDPOINT);
    while (st == STATUS_OK) {
        (void)next_token(s);
        if (is_mark(s, '}'))
            break;
        st = scan_key(s, &s->tree->sections[s->tree->count - 1]);
    }
    return st;
}

static enum status scan_file(struct config_reading *s)
{
    enum status st = STATUS_OK;

    while (st == STATUS_OK && next_token(s) != TOKEN_END)
        st = s->token == TOKEN_WORD && str_is(s->word, "endpoint")
                 ? scan_endpoint(s)
                 : scan_key(s, &s->tree->sections[0]);
    return st;
}

/* ---- the text */

/* Drops the byte order mark that some editors write, and turns CR LF into LF. */
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
                             "NUL byte; the file must be plain text (UTF-8, not UTF-16)");
    return STATUS_OK;
}

enum status config_scan(struct config_tree *tree, const char *file, struct str text,
                        struct err *err)
{
    struct config_reading s = {.tree = tree, .line = 1, .err = err};
    enum status st;

    *tree = (struct config_tree){.file = file};
    st = check_text(tree, text, err);
    if (st != STATUS_OK)
        return st;
    tree->text = copy_text(text);
    if (tree->text == NULL)
        return config_no_memory(err);
    st = config_tree_add(tree, NULL, 1, err);
    s.at = s.kept = tree->text;
    return st == STATUS_OK ? scan_file(&s) : st;
}
