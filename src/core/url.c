/* SPDX-License-Identifier: MIT
 * url - see core/url.h.
 */
#include "core/url.h"

#include <string.h>
#include <strings.h>

/* What stands between "//" and the path; STR_NONE where the scheme is not ours. */
static struct str authority_of(struct str url)
{
    size_t scheme = str_starts(url, "https://") ? 8 : str_starts(url, "http://") ? 7 : 0;
    struct str authority = {url.ptr + scheme, 0};

    if (scheme == 0)
        return STR_NONE;
    while (scheme + authority.len < url.len &&
           memchr("/?#", authority.ptr[authority.len], 3) == NULL)
        authority.len++;
    return authority;
}

/* Without the port. */
static struct str host_of(struct str authority)
{
    struct str host = authority;

    while (host.len > 0 && host.ptr[host.len - 1] >= '0' && host.ptr[host.len - 1] <= '9')
        host.len--;
    if (host.len == 0 || host.ptr[host.len - 1] != ':')
        return authority;
    host.len--;
    return host;
}

enum status url_check(struct str url, const char *what, struct err *err)
{
    struct str authority = authority_of(url);

    if (authority.ptr == NULL)
        return err_set(err, STATUS_USAGE, "%s must begin with https:// or http://", what);
    if (url.len > URL_MAX)
        return err_set(err, STATUS_USAGE, "%s is longer than %d bytes", what, URL_MAX);
    for (size_t i = 0; i < url.len; i++)
        if ((unsigned char)url.ptr[i] <= 0x20 || (unsigned char)url.ptr[i] >= 0x7f)
            return err_set(err, STATUS_USAGE,
                           "%s holds a blank or a character that is not ASCII; write it as %%XX",
                           what);
    if (memchr(authority.ptr, '@', authority.len) != NULL)
        return err_set(err, STATUS_USAGE, "%s holds a user or a password: leave them out", what);
    if (host_of(authority).len == 0)
        return err_set(err, STATUS_USAGE, "%s names no host", what);
    return STATUS_OK;
}

bool url_is_loopback(struct str url)
{
    struct str host = host_of(authority_of(url));

    /* "127." may begin a name: only an address has nothing but digits and dots. */
    return str_is_nocase(host, "localhost") || str_is(host, "[::1]") ||
           (str_starts(host, "127.") && str_only(host, "0123456789."));
}

enum status url_check_base(struct str url, const char *what, struct err *err)
{
    enum status status = url_check(url, what, err);

    if (status != STATUS_OK)
        return status;
    if (!str_starts(url, "https://") && !url_is_loopback(url))
        return err_set(err, STATUS_USAGE,
                       "%s must begin with https://, or everybody on the way could read the key",
                       what);
    for (size_t i = 0; i < url.len; i++)
        if (url.ptr[i] == '?' || url.ptr[i] == '#')
            return err_set(err, STATUS_USAGE,
                           "%s must end with its path: leave out what begins with %c", what,
                           url.ptr[i]);
    return STATUS_OK;
}

/* ---- comparing */

struct parts {
    bool tls;
    struct str host;
    struct str port;
    struct str path;
};

/* Up to the query or the fragment. */
static struct str place_of(struct str url)
{
    struct str place = {url.ptr, 0};

    while (place.len < url.len && url.ptr[place.len] != '?' && url.ptr[place.len] != '#')
        place.len++;
    return place;
}

static bool split(struct str url, struct parts *out)
{
    struct str place = place_of(url), scheme, rest;

    if (!str_cut(place, ':', &scheme, &rest) || !str_starts(rest, "//"))
        return false;
    rest = (struct str){rest.ptr + 2, rest.len - 2};
    out->tls = str_is_nocase(scheme, "https");
    if (!out->tls && !str_is_nocase(scheme, "http"))
        return false;
    out->host = (struct str){rest.ptr, 0};
    while (out->host.len < rest.len && rest.ptr[out->host.len] != '/')
        out->host.len++;
    out->path = (struct str){rest.ptr + out->host.len, rest.len - out->host.len};
    if (out->path.len == 0)
        out->path = STR("/");
    rest = out->host;
    out->host = host_of(rest);
    out->port = out->host.len == rest.len
                    ? STR("")
                    : (struct str){rest.ptr + out->host.len + 1, rest.len - out->host.len - 1};
    if (out->port.len == 0)
        out->port = out->tls ? STR("443") : STR("80");
    return true;
}

static bool same_nocase(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || strncasecmp(a.ptr, b.ptr, a.len) == 0);
}

bool url_same_place(struct str ours, struct str other)
{
    struct parts a, b;

    /* strncasecmp ends at a NUL. */
    if (!split(ours, &a) || !split(other, &b) || memchr(b.host.ptr, '\0', b.host.len) != NULL)
        return false;
    return a.tls == b.tls && same_nocase(a.host, b.host) && str_eq(a.port, b.port) &&
           str_eq(a.path, b.path);
}

struct str url_query(struct str url)
{
    size_t begin = place_of(url).len;
    struct str query;

    if (begin == url.len || url.ptr[begin] != '?')
        return STR_NONE;
    query = (struct str){url.ptr + begin + 1, 0};
    while (begin + 1 + query.len < url.len && query.ptr[query.len] != '#')
        query.len++;
    return query;
}

enum status url_send_query(struct buf *out, struct str query, struct err *err)
{
    for (size_t i = 0; i < query.len; i++) {
        unsigned char c = (unsigned char)query.ptr[i];

        if (c < 0x20 || c == 0x7f)
            return err_set(err, STATUS_MALFORMED, "the query holds a control character");
        if (c == ' ' || c > 0x7f || memchr("\"<>\\^`{|}", c, 9) != NULL)
            buf_printf(out, "%%%02X", c);
        else
            buf_add_char(out, (char)c);
    }
    return buf_status(out, "the query", err);
}

/* ---- putting together */

void url_escape(struct buf *out, struct str s)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";

    for (size_t i = 0; i < s.len; i++)
        if (memchr(plain, s.ptr[i], sizeof plain - 1) != NULL)
            buf_add_char(out, s.ptr[i]);
        else
            buf_printf(out, "%%%02X", (unsigned char)s.ptr[i]);
}

void url_add_pair(struct buf *url, struct str name, struct str value)
{
    buf_add_char(url, memchr(url->ptr, '?', url->len) == NULL ? '?' : '&');
    url_escape(url, name);
    buf_add_char(url, '=');
    url_escape(url, value);
}

enum status url_add_param(struct buf *url, struct str param, struct err *err)
{
    struct str name, value;

    if (!str_cut(param, '=', &name, &value) || name.len == 0)
        return err_set(err, STATUS_USAGE, "'%.*s' is no parameter: write it as name=value",
                       (int)(param.len < 100 ? param.len : 100), param.ptr);
    url_add_pair(url, name, value);
    return buf_status(url, "the URL", err);
}
