/* SPDX-License-Identifier: MIT
 * sign - see remote/sign.h.
 */
#include "remote/sign.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define SECRET_PREFIX "whsec_"

static enum status copy_value(struct signature *out, struct buf *value, struct err *err)
{
    enum status status = buf_status(value, "a signature", err);

    if (status == STATUS_OK)
        memcpy(out->value, value->ptr, value->len + 1);
    buf_free(value);
    return status;
}

static enum status sign_aai(struct signature *out, struct str secret, struct str body,
                            struct err *err)
{
    const struct str parts[] = {str_of(out->time), STR("."), body};
    uint8_t mac[MAC_SHA256_LEN];
    enum status status;
    struct buf value;

    mac_hmac_sha256(secret, parts, sizeof parts / sizeof *parts, mac);
    buf_init(&value, sizeof out->value - 1);
    buf_printf(&value, "t=%s,v1=", out->time);
    text_hex(&value, mac, sizeof mac);
    status = copy_value(out, &value, err);
    if (status == STATUS_OK)
        out->headers[0] = (struct http_header){"X-AAI-Signature", str_of(out->value)};
    return status;
}

static enum status sign_standard(struct signature *out, struct str secret, struct str body,
                                 struct str id, struct err *err)
{
    const struct str parts[] = {id, STR("."), str_of(out->time), STR("."), body};
    uint8_t mac[MAC_SHA256_LEN];
    struct buf key, value;
    enum status status;
    bool usable;

    if (str_starts(secret, SECRET_PREFIX))
        secret =
            (struct str){secret.ptr + strlen(SECRET_PREFIX), secret.len - strlen(SECRET_PREFIX)};
    buf_init(&key, secret.len + 1);
    usable = mac_base64_decode(&key, secret) && key.failed == STATUS_OK && key.len > 0;
    if (usable)
        mac_hmac_sha256(buf_str(&key), parts, sizeof parts / sizeof *parts, mac);
    buf_wipe(&key);
    if (!usable)
        return err_set(
            err, STATUS_NO_SECRET,
            "the secret: invalid base64 after the prefix: copy it again from the sender");
    buf_init(&value, sizeof out->value - 1);
    buf_add_text(&value, "v1,");
    mac_base64(&value, mac, sizeof mac);
    status = copy_value(out, &value, err);
    if (status != STATUS_OK)
        return status;
    out->headers[0] = (struct http_header){"webhook-id", id};
    out->headers[1] = (struct http_header){"webhook-timestamp", str_of(out->time)};
    out->headers[2] = (struct http_header){"webhook-signature", str_of(out->value)};
    return STATUS_OK;
}

enum status sign_body(struct signature *out, enum auth_scheme scheme, struct str secret,
                      struct str body, struct str id, uint64_t now_s, struct err *err)
{
    memset(out, 0, sizeof *out);
    (void)snprintf(out->time, sizeof out->time, "%" PRIu64, now_s);
    if (scheme == AUTH_AAI_SIGNATURE)
        return sign_aai(out, secret, body, err);
    if (scheme == AUTH_STANDARD_WEBHOOKS)
        return sign_standard(out, secret, body, id, err);
    return STATUS_OK;
}
