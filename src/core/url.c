/* SPDX-License-Identifier: MIT
 * url - see core/url.h.
 */
#include "core/url.h"

#include <string.h>

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
