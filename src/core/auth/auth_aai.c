/* SPDX-License-Identifier: MIT
 * auth_aai - AssemblyAI's signed webhooks: X-AAI-Signature: t=<unix seconds>,v1=<hex HMAC-SHA256 of
 * "t.body">.
 */
#include <string.h>

#include "base/num.h"
#include "base/text.h"
#include "core/auth/auth_parts.h"

#define HEADER "X-AAI-Signature"
#define HEX_LEN (2 * MAC_SHA256_LEN)

static enum status malformed(const char *what, struct err *err)
{
    return err_set(err, STATUS_UNAUTHORIZED, HEADER " %s", what);
}

/* Takes the next `name=value` off *rest, without the blanks around it: a server that joins two
 * headers puts one there, and a second `t` must be seen as one. */
static bool next_field(struct str *rest, struct str *name, struct str *value)
{
    struct str field;

    if (rest->ptr == NULL)
        return false;
    (void)str_cut(*rest, ',', &field, rest);
    (void)str_cut(str_trim(field), '=', name, value);
    return true;
}

static enum status find_time(struct str header, struct str *out, uint64_t *seconds, struct err *err)
{
    struct str name, value;
    unsigned count = 0;

    while (next_field(&header, &name, &value))
        if (str_is(name, "t") && count++ == 0)
            *out = value;
    if (count == 0)
        return malformed("has no t=", err);
    if (count > 1)
        return malformed("has more than one t=", err);
    if (!num_u64(*out, seconds))
        return malformed("has a t= that is not a number", err);
    return STATUS_OK;
}

static bool hex_equal(struct str given, const uint8_t mac[MAC_SHA256_LEN])
{
    struct buf bytes;
    bool equal;

    if (given.len != HEX_LEN)
        return false;
    buf_init(&bytes, MAC_SHA256_LEN);
    equal = text_hex_decode(&bytes, given) && bytes.len == MAC_SHA256_LEN &&
            mac_equal(bytes.ptr, mac, MAC_SHA256_LEN);
    buf_free(&bytes);
    return equal;
}

/* Whether a v1 entry is this one: there may be several while a secret is rotated. */
static bool any_signature(struct str header, const uint8_t mac[MAC_SHA256_LEN], unsigned *count)
{
    struct str name, value;
    bool found = false;

    *count = 0;
    while (next_field(&header, &name, &value)) {
        if (!str_is(name, "v1"))
            continue;
        ++*count;
        found |= hex_equal(value, mac);
    }
    return found;
}

enum status auth_aai_check(const struct auth_attempt *a, struct str *message_id, struct err *err)
{
    struct str header = auth_header_once(a->request, HEADER, err);
    struct str time = STR_NONE;
    uint64_t seconds = 0;
    unsigned signatures = 0;
    bool found = false;
    enum status st;

    (void)message_id;
    if (header.ptr == NULL)
        return STATUS_UNAUTHORIZED;
    st = find_time(header, &time, &seconds, err);
    if (st != STATUS_OK)
        return st;
    for (size_t i = 0; i < a->secrets->count; i++) {
        const struct str parts[] = {time, STR("."), a->body};
        uint8_t mac[MAC_SHA256_LEN];

        mac_hmac_sha256(a->secrets->values[i], parts, sizeof parts / sizeof *parts, mac);
        found |= any_signature(header, mac, &signatures);
    }
    if (signatures == 0)
        return malformed("has no v1=", err);
    if (!found)
        return err_set(err, STATUS_UNAUTHORIZED,
                       HEADER " does not match the body under any of %zu secrets (%u given)",
                       a->secrets->count, signatures);
    return auth_window_check(a, seconds, err);
}
