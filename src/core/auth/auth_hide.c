/* SPDX-License-Identifier: MIT
 * auth_hide - finds secrets where they do not belong, so that they are not kept there.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mac.h"
#include "base/text.h"
#include "core/auth/auth.h"
#include "core/query.h"

struct auth_hidden {
    struct buf decoded; /* the value that is looked at */
    size_t count;
    uint8_t digests[][MAC_SHA256_LEN]; /* of all secrets */
};

enum status auth_hidden_make(struct auth_hidden **out, const struct auth_secrets *secrets,
                             size_t endpoints, struct err *err)
{
    struct auth_hidden *h;
    size_t count = 0;

    for (size_t i = 0; i < endpoints; i++)
        count += secrets[i].count;
    h = calloc(1, sizeof *h + count * MAC_SHA256_LEN);
    if (h == NULL)
        return err_set(err, STATUS_MEMORY, "no memory for the digests of the secrets");
    buf_init(&h->decoded, 0);
    for (size_t i = 0; i < endpoints; i++)
        for (size_t k = 0; k < secrets[i].count; k++)
            mac_secret_digest(secrets[i].values[k], h->digests[h->count++]);
    *out = h;
    return STATUS_OK;
}

void auth_hidden_free(struct auth_hidden *h)
{
    if (h == NULL)
        return;
    buf_wipe(&h->decoded);
    free(h);
}

bool auth_is_secret(const struct auth_hidden *h, struct str value)
{
    uint8_t digest[MAC_SHA256_LEN];
    bool found = false;

    if (value.len == 0 || h->count == 0)
        return false;
    mac_secret_digest(value, digest);
    for (size_t i = 0; i < h->count; i++)
        found |= mac_equal(digest, h->digests[i], sizeof digest);
    return found;
}

/* Whether it is one once decoded. Without memory nobody can tell: then it is. */
static bool decodes_to_secret(struct auth_hidden *h, struct str encoded, bool plus_is_blank)
{
    buf_reset(&h->decoded, SIZE_MAX);
    h->decoded.max = encoded.len;
    text_percent_decode(&h->decoded, encoded, plus_is_blank);
    return h->decoded.failed != STATUS_OK || auth_is_secret(h, buf_str(&h->decoded));
}

/* The value, or the whole of a parameter: base64 ends in `=`. */
static bool holds_secret(void *context, const struct query_piece *p)
{
    struct auth_hidden *h = context;
    const struct str parts[] = {p->value, p->whole};
    bool found = false;

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (parts[i].len == 0)
            continue;
        found |= decodes_to_secret(h, parts[i], false);
        if (memchr(parts[i].ptr, '+', parts[i].len) != NULL)
            found |= decodes_to_secret(h, parts[i], true);
    }
    return found;
}

void auth_query_hide(struct buf *out, struct auth_hidden *h, struct str query)
{
    if (h->count == 0)
        buf_add_str(out, query);
    else
        query_filter(out, query, holds_secret, h);
}
