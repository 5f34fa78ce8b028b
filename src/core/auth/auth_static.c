/* SPDX-License-Identifier: MIT
 * auth_static - a secret that the sender repeats: in a header of the endpoint's choice, in the
 * query, or in either.
 */
#include <stdio.h>

#include "base/text.h"
#include "core/auth/auth_parts.h"
#include "core/query.h"

/* Tries all secrets, also after one was right, so that the time taken says nothing. Compares the
 * whole value: if a server joined two headers into "a, b", neither part counts. */
static bool matches(const struct auth_secrets *secrets, struct str given)
{
    bool found = false;

    if (given.len == 0)
        return false;
    for (size_t i = 0; i < secrets->count; i++)
        found |= mac_secret_equal(secrets->values[i], given);
    return found;
}

/* Web servers strip blanks from a header: such a secret never arrives. */
static bool any_has_blank(const struct auth_secrets *secrets)
{
    for (size_t i = 0; i < secrets->count; i++)
        if (str_trim(secrets->values[i]).len != secrets->values[i].len)
            return true;
    return false;
}

static enum status mismatch(const struct auth_attempt *a, const char *what, size_t len,
                            struct err *err)
{
    size_t count = a->secrets->count;
    char expected[48] = "";

    if (count == 1)
        (void)snprintf(expected, sizeof expected, ", %zu expected", a->secrets->values[0].len);
    return err_set(
        err, STATUS_UNAUTHORIZED, "%s does not match %s%zu secret%s (%zu bytes given%s)%s", what,
        count == 1 ? "the " : "any of ", count, count == 1 ? "" : "s", len, expected,
        any_has_blank(a->secrets) ? "; a secret file begins or ends with a blank: take it out"
                                  : "");
}

static enum status check_header(const struct auth_attempt *a, struct err *err)
{
    const char *header = a->endpoint->auth_header;
    struct str given = auth_header_once(a->request, header, err);

    if (given.ptr == NULL)
        return STATUS_UNAUTHORIZED;
    return matches(a->secrets, given) ? STATUS_OK : mismatch(a, header, given.len, err);
}

/* Returns the value of the parameter, still encoded, if it is given once and not empty; else
 * STR_NONE. */
static struct str query_once(const struct auth_attempt *a, struct err *err)
{
    const char *wanted = a->endpoint->auth_query;
    struct str value;
    size_t count = query_find(a->request->query, str_of(wanted), &value);

    if (count == 1 && value.len > 0)
        return value;
    (void)err_set(err, STATUS_UNAUTHORIZED, "query parameter %s %s", wanted,
                  count == 0   ? "missing"
                  : count == 1 ? "empty"
                               : "given more than once");
    return STR_NONE;
}

/* A `+` is a blank in a query built by a form's rules, and a `+` in a pasted base64 secret: both
 * are accepted. */
static bool query_matches(const struct auth_attempt *a, struct buf *decoded, struct str value)
{
    bool found;

    buf_reset(decoded, decoded->max);
    text_percent_decode(decoded, value, true);
    found = matches(a->secrets, buf_str(decoded));
    buf_reset(decoded, decoded->max);
    text_percent_decode(decoded, value, false);
    return matches(a->secrets, buf_str(decoded)) || found;
}

static enum status check_query(const struct auth_attempt *a, struct err *err)
{
    struct buf decoded;
    struct str value;
    enum status st = STATUS_UNAUTHORIZED;

    buf_init(&decoded, a->request->query.len + 1);
    value = query_once(a, err);
    if (value.ptr != NULL && query_matches(a, &decoded, value))
        st = STATUS_OK;
    else if (decoded.failed != STATUS_OK)
        st = err_set(err, STATUS_MEMORY, "no memory for the query");
    else if (value.ptr != NULL)
        st = mismatch(a, "the token in the query", decoded.len, err);
    buf_free(&decoded);
    return st;
}

enum status auth_static_check(const struct auth_attempt *a, struct str *message_id, struct err *err)
{
    struct err header = ERR_INIT;
    struct err query = ERR_INIT;
    enum status st = STATUS_UNAUTHORIZED;

    (void)message_id;
    if (a->endpoint->auth_header != NULL)
        st = check_header(a, &header);
    if (st == STATUS_OK || a->endpoint->auth_query == NULL)
        return st == STATUS_OK ? st : err_pass(err, st, &header);
    st = check_query(a, &query);
    if (st == STATUS_OK)
        return st;
    return err_set(err, st, "%s%s%s", header.text, header.text[0] == '\0' ? "" : "; ", query.text);
}
