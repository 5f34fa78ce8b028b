/* SPDX-License-Identifier: MIT
 * auth_parts - what auth.c knows of a scheme: one entry of its table.
 *
 * A new scheme is a value of enum auth_scheme with its name in config_auth.c, a file auth_NAME.c
 * with a check, and a row in auth.c.
 */
#ifndef CORE_AUTH_AUTH_PARTS_H
#define CORE_AUTH_AUTH_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/mac.h"
#include "core/auth/auth.h"

/* What a check reads. */
struct auth_attempt {
    const struct config_endpoint *endpoint;
    const struct auth_secrets *secrets; /* at least one if the scheme needs_secret */
    const struct request *request;
    struct str body; /* whole if the scheme needs_body, else empty */
    int64_t now_ns;
};

struct auth_scheme_entry {
    const char *name;
    bool needs_body;
    bool needs_secret;
    /* STATUS_OK, or STATUS_STALE if all but the signed time is right: *message_id is set if the
     * sender signed one. STATUS_UNAUTHORIZED; STATUS_NO_SECRET: one of our secrets is unusable, and
     * no other one is right; STATUS_MEMORY. Ignores the address. err never holds a secret or a
     * value from the request that may be one. */
    enum status (*check)(const struct auth_attempt *attempt, struct str *message_id,
                         struct err *err);
};

enum status auth_static_check(const struct auth_attempt *a, struct str *message_id,
                              struct err *err) STATUS_CHECKED;
enum status auth_aai_check(const struct auth_attempt *a, struct str *message_id,
                           struct err *err) STATUS_CHECKED;
/* See auth_key_size; of a secret that is not base64, its own length. */
size_t auth_standard_key_size(struct str secret);
enum status auth_standard_check(const struct auth_attempt *a, struct str *message_id,
                                struct err *err) STATUS_CHECKED;

/* ---- auth_attempt.c: for checks */

/* Returns the header's value if it is given once and not empty; else STR_NONE, and err says why. */
struct str auth_header_once(const struct request *request, const char *header, struct err *err);

/* STATUS_STALE if `signed_s` (seconds since 1970) is further from now than the endpoint's
 * signature-window. */
enum status auth_window_check(const struct auth_attempt *a, uint64_t signed_s,
                              struct err *err) STATUS_CHECKED;

#endif
