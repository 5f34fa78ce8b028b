/* SPDX-License-Identifier: MIT
 * auth_standard - Standard Webhooks 1.0: webhook-id, webhook-timestamp and webhook-signature,
 * symmetric (v1).
 */
#include "base/num.h"
#include "core/auth/auth_parts.h"

#define SECRET_PREFIX "whsec_"
#define V1_MARK "v1,"

struct header_names {
    const char *id;
    const char *time;
    const char *signature;
};

static const struct header_names standard_names = {"webhook-id", "webhook-timestamp",
                                                   "webhook-signature"};
static const struct header_names svix_names = {"svix-id", "svix-timestamp", "svix-signature"};

struct message {
    struct str id;
    struct str time;
    uint64_t seconds;
    struct str signatures;
};

static bool has(const struct request *r, const char *header)
{
    unsigned count;

    (void)request_header(r, header, &count);
    return count > 0;
}

/* One set or the other, never a mixture. */
static const struct header_names *names_of(const struct request *r)
{
    const struct header_names *n = &standard_names;

    if (has(r, n->id) || has(r, n->time) || has(r, n->signature))
        return n;
    n = &svix_names;
    return has(r, n->id) || has(r, n->time) || has(r, n->signature) ? n : &standard_names;
}

static enum status read_message(const struct request *r, const struct header_names *n,
                                struct message *out, struct err *err)
{
    out->id = auth_header_once(r, n->id, err);
    out->time = auth_header_once(r, n->time, err);
    out->signatures = auth_header_once(r, n->signature, err);
    if (out->id.ptr == NULL || out->time.ptr == NULL || out->signatures.ptr == NULL)
        return STATUS_UNAUTHORIZED;
    if (!num_u64(out->time, &out->seconds))
        return err_set(err, STATUS_UNAUTHORIZED, "%s is not a number", n->time);
    return STATUS_OK;
}

/* "v1,BASE64" entries between blanks; other versions are ignored. An entry that ends in a comma
 * shows that a server joined two headers: then none counts. */
static bool any_signature(struct str rest, struct str expected)
{
    struct str entry;
    bool found = false;
    bool joined = false;

    while (rest.ptr != NULL) {
        (void)str_cut(rest, ' ', &entry, &rest);
        joined |= str_ends(entry, ",") && !str_is(entry, V1_MARK);
        if (!str_starts(entry, V1_MARK))
            continue;
        entry.ptr += sizeof V1_MARK - 1;
        entry.len -= sizeof V1_MARK - 1;
        found |= entry.len == expected.len && mac_equal(entry.ptr, expected.ptr, expected.len);
    }
    return found && !joined;
}

/* Decodes the key in a secret; false if it is not base64 or empty. */
static bool decode_secret(struct str secret, struct buf *key)
{
    if (str_starts(secret, SECRET_PREFIX)) {
        secret.ptr += sizeof SECRET_PREFIX - 1;
        secret.len -= sizeof SECRET_PREFIX - 1;
    }
    return mac_base64_decode(key, secret) && key->len > 0;
}

size_t auth_standard_key_size(struct str secret)
{
    struct buf key;
    size_t size;

    buf_init(&key, secret.len + 1);
    size = decode_secret(secret, &key) ? key.len : secret.len;
    buf_wipe(&key);
    return size;
}

/* STATUS_OK if a signature is right under this secret. */
static enum status try_secret(const struct auth_attempt *a, const struct message *m,
                              struct str secret, struct err *err)
{
    const struct str parts[] = {m->id, STR("."), m->time, STR("."), a->body};
    uint8_t mac[MAC_SHA256_LEN];
    struct buf key, expected;
    enum status st = STATUS_UNAUTHORIZED;

    buf_init(&key, secret.len + 1);
    buf_init(&expected, 2 * MAC_SHA256_LEN);
    if (!decode_secret(secret, &key)) {
        st = key.failed == STATUS_OK ? STATUS_NO_SECRET : buf_status(&key, "a secret", err);
        goto out;
    }
    mac_hmac_sha256(buf_str(&key), parts, sizeof parts / sizeof *parts, mac);
    mac_base64(&expected, mac, sizeof mac);
    st = buf_status(&expected, "a signature", err);
    if (st == STATUS_OK && !any_signature(m->signatures, buf_str(&expected)))
        st = STATUS_UNAUTHORIZED;
out:
    buf_free(&expected);
    buf_free(&key);
    return st;
}

enum status auth_standard_check(const struct auth_attempt *a, struct str *message_id,
                                struct err *err)
{
    const struct header_names *names = names_of(a->request);
    struct message m = {.seconds = 0};
    size_t unusable = 0;
    bool found = false;
    enum status st = read_message(a->request, names, &m, err);

    if (st != STATUS_OK)
        return st;
    for (size_t i = 0; i < a->secrets->count; i++) {
        st = try_secret(a, &m, a->secrets->values[i], err);
        if (st == STATUS_MEMORY)
            return st;
        unusable += st == STATUS_NO_SECRET;
        found |= st == STATUS_OK;
    }
    *message_id = m.id;
    if (found)
        return auth_window_check(a, m.seconds, err);
    /* The sender may be right: an unusable secret is our fault. */
    if (unusable != 0)
        return err_set(err, STATUS_NO_SECRET,
                       "endpoint \"%s\": %zu of its %zu secrets cannot be used: not base64 after "
                       "the prefix; copy it again from the sender",
                       a->endpoint->name, unusable, a->secrets->count);
    return err_set(err, STATUS_UNAUTHORIZED, "%s does not match the body under any of %zu secrets",
                   names->signature, a->secrets->count);
}
