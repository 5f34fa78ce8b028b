/* SPDX-License-Identifier: MIT
 * request - what the web server says of a request: RFC 3875 variables, borrowed and bounded.
 */
#include "core/request.h"

#include <string.h>

#include "base/num.h"

/* Splits "NAME=VALUE"; false: no `=`. */
static bool split_variable(const char *entry, struct str *name, struct str *value)
{
    return str_cut(str_of(entry), '=', name, value);
}

static enum request_method method_of(struct str text)
{
    if (str_is(text, "POST"))
        return METHOD_POST;
    if (str_is(text, "GET"))
        return METHOD_GET;
    if (str_is(text, "HEAD"))
        return METHOD_HEAD;
    return METHOD_OTHER;
}

/* What one pass over the environment collects. */
enum {
    VAR_METHOD,
    VAR_INFO,
    VAR_SCRIPT,
    VAR_QUERY,
    VAR_TYPE,
    VAR_AGENT,
    VAR_REMOTE,
    VAR_FORWARDED,
    VAR_ROOT,
    VAR_LENGTH,
    VAR_COUNT
};

static const struct str vars[VAR_COUNT] = {
    [VAR_METHOD] = {"REQUEST_METHOD", 14}, [VAR_INFO] = {"PATH_INFO", 9},
    [VAR_SCRIPT] = {"SCRIPT_NAME", 11},    [VAR_QUERY] = {"QUERY_STRING", 12},
    [VAR_TYPE] = {"CONTENT_TYPE", 12},     [VAR_AGENT] = {"HTTP_USER_AGENT", 15},
    [VAR_REMOTE] = {"REMOTE_ADDR", 11},    [VAR_FORWARDED] = {"HTTP_X_FORWARDED_FOR", 20},
    [VAR_ROOT] = {"DOCUMENT_ROOT", 13},    [VAR_LENGTH] = {"CONTENT_LENGTH", 14},
};

/* Of several variables of a name the first counts. */
static void collect_variables(char *const *env, struct str values[VAR_COUNT], unsigned *forwarded)
{
    struct str name, value;

    for (size_t i = 0; i < VAR_COUNT; i++)
        values[i] = STR_NONE;
    *forwarded = 0;
    for (; *env != NULL; env++) {
        if (!split_variable(*env, &name, &value))
            continue;
        for (size_t i = 0; i < VAR_COUNT; i++) {
            if (!str_eq(name, vars[i]))
                continue;
            *forwarded += i == VAR_FORWARDED;
            if (values[i].ptr == NULL)
                values[i] = value;
            break;
        }
    }
}

static struct str or_empty(struct str s)
{
    return s.ptr == NULL ? STR("") : s;
}

static struct str or_none(struct str s)
{
    return s.len == 0 ? STR_NONE : s;
}

enum status request_parse(struct request *r, char *const *env, struct err *err)
{
    struct str values[VAR_COUNT];

    *r = (struct request){.env = env};
    collect_variables(env, values, &r->forwarded_count);
    r->method_text = or_empty(values[VAR_METHOD]);
    r->method = method_of(r->method_text);
    r->path = values[VAR_INFO].len > 0 ? values[VAR_INFO] : or_empty(values[VAR_SCRIPT]);
    r->query = or_empty(values[VAR_QUERY]);
    r->content_type = or_none(values[VAR_TYPE]);
    r->user_agent = or_none(values[VAR_AGENT]);
    r->remote_addr = or_empty(values[VAR_REMOTE]);
    r->forwarded = or_none(values[VAR_FORWARDED]);
    r->document_root = or_empty(values[VAR_ROOT]);
    if (values[VAR_LENGTH].len == 0)
        return STATUS_OK;
    if (!num_u64(values[VAR_LENGTH], &r->length))
        return err_set(err, STATUS_MALFORMED, "CONTENT_LENGTH is not a number: \"%.*s\"",
                       (int)(values[VAR_LENGTH].len < 40 ? values[VAR_LENGTH].len : 40),
                       values[VAR_LENGTH].ptr);
    r->has_length = true;
    return STATUS_OK;
}

/* RFC 3875 section 4.1.18: upper case, `_` for `-`. Servers that pass other characters on make them
 * `_` too. */
static char var_char(char c)
{
    if (c >= 'a' && c <= 'z')
        return (char)(c - 'a' + 'A');
    if ((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
        return c;
    return '_';
}

/* Whether `name` is `prefix` and then the header, in the spelling of variables. */
static bool names_header(struct str name, const char *prefix, const char *header)
{
    size_t prefix_len = strlen(prefix);

    if (!str_starts(name, prefix) || name.len - prefix_len != strlen(header))
        return false;
    for (size_t i = 0; header[i] != '\0'; i++)
        if (name.ptr[prefix_len + i] != var_char(header[i]))
            return false;
    return true;
}

static struct str find_header(const struct request *r, const char *prefix, const char *header,
                              unsigned *count)
{
    struct str name, value, found = STR_NONE;

    *count = 0;
    for (char *const *env = r->env; *env != NULL; env++)
        if (split_variable(*env, &name, &value) && names_header(name, prefix, header) &&
            (*count)++ == 0)
            found = value;
    return found;
}

struct str request_header(const struct request *r, const char *header, unsigned *count)
{
    unsigned own;
    struct str value = find_header(r, "HTTP_", header, &own);

    /* Behind an internal redirect Apache has renamed what a rewrite rule had put there. */
    if (own == 0 && str_is_nocase(str_of(header), "Authorization"))
        value = find_header(r, "REDIRECT_HTTP_", header, &own);
    if (count != NULL)
        *count = own;
    return value;
}

struct str request_var(const struct request *r, const char *name, unsigned *count)
{
    struct str found = STR_NONE, entry_name, value;
    unsigned own = 0;

    for (char *const *env = r->env; *env != NULL; env++)
        if (split_variable(*env, &entry_name, &value) && str_is(entry_name, name) && own++ == 0)
            found = value;
    if (count != NULL)
        *count = own;
    return found;
}

bool request_client(const struct request *r, const struct address_net *proxies, size_t count,
                    struct address *out)
{
    struct address remote;

    if (r->forwarded_count > 1 && address_parse(r->remote_addr, &remote) &&
        address_in(proxies, count, &remote))
        return false;
    return address_client(r->remote_addr, r->forwarded, proxies, count, out);
}

struct str request_endpoint_name(const struct request *r, bool *has_info)
{
    struct str name = r->path;

    *has_info = request_var(r, "PATH_INFO", NULL).len > 0;
    if (*has_info && name.ptr[0] == '/')
        return (struct str){name.ptr + 1, name.len - 1};
    if (*has_info)
        return name;
    for (size_t i = name.len; i > 0; i--)
        if (name.ptr[i - 1] == '/')
            return (struct str){name.ptr + i, name.len - i};
    return name;
}
