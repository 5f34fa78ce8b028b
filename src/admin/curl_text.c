/* SPDX-License-Identifier: MIT
 * curl_text - a command for sh that delivers a recorded event again.
 */
#include "admin/curl_text.h"

#include <string.h>

#include "base/text.h"

/* One word of sh, whatever it holds. */
static void add_quoted(struct buf *out, struct str s)
{
    buf_add_char(out, '\'');
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '\'')
            buf_add_text(out, "'\\'");
        buf_add_char(out, s.ptr[i]);
    }
    buf_add_char(out, '\'');
}

static void add_url(struct buf *out, const char *url, struct str query)
{
    struct buf whole;

    buf_init(&whole, out->max);
    buf_add_text(&whole, url);
    if (query.len > 0) {
        buf_add_char(&whole, strchr(url, '?') == NULL ? '?' : '&');
        text_percent_ascii(&whole, query);
    }
    add_quoted(out, buf_str(&whole));
    buf_free(&whole);
}

/* A header with a line break would be another header. */
static void add_content_type(struct buf *out, struct str type)
{
    struct buf header;

    buf_init(&header, out->max);
    buf_add_text(&header, "Content-Type: ");
    for (size_t i = 0; i < type.len; i++)
        if ((unsigned char)type.ptr[i] >= ' ' && type.ptr[i] != 0x7f)
            buf_add_char(&header, type.ptr[i]);
    add_quoted(out, buf_str(&header));
    buf_free(&header);
}

/* The file of the secret, wherever the command runs: relative to the configuration's folder. */
static void add_secret_file(struct buf *out, const struct config_endpoint *e,
                            const char *config_path)
{
    const char *file = e->secret_files[0];
    const char *slash = strrchr(config_path, '/');
    struct buf path;

    buf_init(&path, out->max);
    if (*file != '/' && slash != NULL)
        buf_add(&path, config_path, (size_t)(slash + 1 - config_path));
    buf_add_text(&path, file);
    add_quoted(out, buf_str(&path));
    buf_free(&path);
}

/* curl reads the secret from a descriptor: any user who lists processes sees arguments. */
static void add_secret(struct buf *out, const struct config_endpoint *e, const char *config_path)
{
    if (e->auth_header != NULL) {
        buf_printf(out, " -H @/dev/fd/3 3<<END\n%s: $(cat ", e->auth_header);
        add_secret_file(out, e, config_path);
    } else {
        /* In a file of options, quotes and backslashes are to be escaped. */
        buf_printf(out, " -K /dev/fd/3 3<<END\nurl-query = \"%s=$(cat ", e->auth_query);
        add_secret_file(out, e, config_path);
        buf_add_text(out, " | sed 's/[\"\\\\]/\\\\&/g'");
    }
    buf_printf(out, ")%s\nEND\n", e->auth_header != NULL ? "" : "\"");
}

enum status curl_text(struct buf *out, const struct record *record, const struct config_endpoint *e,
                      const char *config_path, struct err *err)
{
    if (e->url == NULL)
        return err_set(err, STATUS_CONFIG, "endpoint \"%s\" has no url: set it in %s", e->name,
                       config_path);
    if (e->scheme != AUTH_NONE && e->scheme != AUTH_STATIC)
        return err_set(err, STATUS_CONFIG,
                       "endpoint \"%s\" needs signed deliveries, which curl cannot make: use "
                       "'stenohook send'",
                       e->name);
    buf_add_text(out, "stenohook --config ");
    add_quoted(out, str_of(config_path));
    buf_add_text(out, " show --raw ");
    add_quoted(out, record->id);
    /* -g: brackets and braces of a sender's query are no patterns that make many requests. */
    buf_add_text(out, " |\ncurl -gsS --data-binary @- -H ");
    add_content_type(out, record->content_type);
    buf_add_char(out, ' ');
    add_url(out, e->url, record->query);
    if (e->scheme == AUTH_STATIC)
        add_secret(out, e, config_path);
    else
        buf_add_char(out, '\n');
    return buf_status(out, "the command", err);
}
