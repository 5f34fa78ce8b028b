/* SPDX-License-Identifier: MIT
 * config_answer - see config_answer.h.
 */
#include "config_answer.h"

#include <inttypes.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/num.h"
#include "core/config/config.h"

#define TEXT_MAX ((size_t)1024 * 1024)
/* Of a longer value only the head is printed. */
#define SHOWN_MAX 300
#define HEAD_MAX 60

/* ---- escapes */

static bool decode_repeated(struct buf *out, struct str inner)
{
    struct str count, unit;
    uint64_t n;
    struct buf once;
    bool fine;

    if (!str_cut(inner, ':', &count, &unit) || !num_u64(count, &n))
        return false;
    buf_init(&once, TEXT_MAX);
    fine = ca_decode(&once, unit);
    for (uint64_t i = 0; fine && i < n; i++)
        buf_add_str(out, buf_str(&once));
    buf_free(&once);
    return fine;
}

/* Decodes the escape that `rest` begins with and returns its length; 0 if it is malformed. */
static size_t decode_escape(struct buf *out, struct str rest)
{
    static const char names[] = "nrt\\", bytes[] = "\n\r\t\\";
    const char *end = memchr(rest.ptr, ')', rest.len);
    const char *name = rest.len < 2 ? NULL : strchr(names, rest.ptr[1]);
    uint64_t byte;

    if (name != NULL) {
        buf_add_char(out, bytes[name - names]);
        return 2;
    }
    if (rest.len >= 4 && rest.ptr[1] == 'x' && num_hex((struct str){rest.ptr + 2, 2}, &byte)) {
        buf_add_char(out, (char)byte);
        return 4;
    }
    if (rest.len < 2 || rest.ptr[1] != '(' || end == NULL ||
        !decode_repeated(out, (struct str){rest.ptr + 2, (size_t)(end - rest.ptr - 2)}))
        return 0;
    return (size_t)(end + 1 - rest.ptr);
}

bool ca_decode(struct buf *out, struct str line)
{
    while (line.len > 0) {
        size_t len = 1;

        if (*line.ptr == '\\')
            len = decode_escape(out, line);
        else
            buf_add_char(out, *line.ptr);
        if (len == 0)
            return false;
        line.ptr += len;
        line.len -= len;
    }
    return out->failed == STATUS_OK;
}

static void encode(struct buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;

        if (c < 0x20 || c >= 0x7f || c == '\\')
            buf_printf(out, "\\x%02x", c);
        else
            buf_add_char(out, (char)c);
    }
}

/* ---- values */

static void add_cut(struct buf *out, struct buf *value)
{
    if (value->len <= SHOWN_MAX)
        buf_add_str(out, buf_str(value));
    else
        buf_printf(out, "%.*s...%zu:%08" PRIx32, HEAD_MAX, value->ptr, value->len,
                   crc32c(0, value->ptr, value->len));
    buf_free(value);
}

static void add_text(struct buf *out, const char *name, const char *text)
{
    struct buf value;

    if (text == NULL)
        return;
    buf_init(&value, TEXT_MAX);
    buf_printf(&value, " %s=\"", name);
    encode(&value, text);
    buf_add_char(&value, '"');
    add_cut(out, &value);
}

static void add_list(struct buf *out, const char *name, char *const *items)
{
    struct buf value;

    if (items == NULL || *items == NULL)
        return;
    buf_init(&value, TEXT_MAX);
    buf_printf(&value, " %s={", name);
    for (; *items != NULL; items++) {
        buf_add_char(&value, '"');
        encode(&value, *items);
        buf_add_text(&value, "\",");
    }
    buf_add_char(&value, '}');
    add_cut(out, &value);
}

static void add_nets(struct buf *out, const char *name, const struct address_net *nets,
                     size_t count)
{
    struct buf value;

    if (count == 0)
        return;
    buf_init(&value, TEXT_MAX);
    buf_printf(&value, " %s={", name);
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < sizeof nets[i].base.bytes; k++)
            buf_printf(&value, "%02x", nets[i].base.bytes[k]);
        buf_printf(&value, "/%u,", nets[i].prefix);
    }
    buf_add_char(&value, '}');
    add_cut(out, &value);
}

static void add_endpoint(struct buf *out, const struct config_endpoint *e)
{
    buf_printf(out, "endpoint line=%u scheme=%d", e->line, (int)e->scheme);
    add_text(out, "name", e->name);
    add_text(out, "url", e->url);
    add_text(out, "auth-header", e->auth_header);
    add_text(out, "auth-query", e->auth_query);
    add_list(out, "secret-files", e->secret_files);
    add_nets(out, "allow-from", e->allow_from, e->allow_from_count);
    add_nets(out, "trusted-proxies", e->trusted_proxies, e->trusted_proxy_count);
    buf_printf(out, " %zu %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64, e->secret_file_count,
               e->body_max, e->signature_window_s, e->hook_timeout_s, e->hook_memory_max);
    add_list(out, "hook", e->hook);
    add_list(out, "params", e->params);
    buf_add_char(out, '\n');
}

void ca_answer(struct buf *out, struct str text)
{
    struct config *c = NULL;
    struct err err = ERR_INIT;
    enum status status = config_parse(&c, "f", text, &err);

    if (status != STATUS_OK) {
        buf_printf(out, "!%s ", status == STATUS_CONFIG ? "" : " not STATUS_CONFIG:");
        encode(out, err.text);
        buf_add_char(out, '\n');
        return;
    }
    buf_printf(out, "global %" PRIu64 " %" PRIu64 " %" PRIu64 " %u %" PRIu64 " %" PRIu64 " %u",
               c->keep_s, c->free_space_min, c->segment_max, c->threads, c->deadline_ms,
               c->refused_max, c->hooks_max);
    add_text(out, "spool", c->spool);
    add_text(out, "runner", c->runner);
    add_text(out, "api-key-file", c->api_key_file);
    add_text(out, "api-url", c->api_url);
    buf_add_char(out, '\n');
    if (c->endpoint_count > 20)
        buf_printf(out, "endpoints %zu\n", c->endpoint_count);
    for (size_t i = 0; i < c->endpoint_count && c->endpoint_count <= 20; i++)
        add_endpoint(out, &c->endpoints[i]);
    config_free(c);
}
