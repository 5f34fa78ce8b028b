/* SPDX-License-Identifier: MIT
 * sign - signs bodies as core/auth/auth.h checks them. Pure.
 */
#ifndef REMOTE_SIGN_H
#define REMOTE_SIGN_H

#include <stdint.h>

#include "base/err.h"
#include "base/mac.h"
#include "base/str.h"
#include "core/config/config.h"
#include "remote/http.h"

#define SIGN_VALUE_MAX 128

struct signature {
    char time[24];
    char value[SIGN_VALUE_MAX];
    struct http_header headers[4]; /* ends with STR_NONE; points into this struct and to `id` */
};

/* Makes the headers of AUTH_AAI_SIGNATURE and AUTH_STANDARD_WEBHOOKS; other schemes have none. `id`
 * names the delivery (Standard Webhooks) and is borrowed. STATUS_NO_SECRET: the secret is invalid
 * for the scheme. */
enum status sign_body(struct signature *out, enum auth_scheme scheme, struct str secret,
                      struct str body, struct str id, uint64_t now_s,
                      struct err *err) STATUS_CHECKED;

#endif
