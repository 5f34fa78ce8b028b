/* SPDX-License-Identifier: MIT
 * auth_parts - what a scheme of authentication is to auth.c: one entry of its table. Shared by the
 * auth_*.c only.
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

/* What a check looks at. */
struct auth_attempt {
    const struct config_endpoint *endpoint;
    const struct auth_secrets *secrets; /* at least one where the scheme needs_secret */
    const struct request *request;
    struct str body; /* whole where the scheme needs_body, else nothing to look at */
    int64_t now_ns;
};

/* What it found. */
struct auth_finding {
    const char *proof;     /* how it was proved, for principal_scheme */
    struct str message_id; /* signed by the sender, or STR_NONE */
};

struct auth_scheme_entry {
    const char *name;
    bool needs_body;
    bool needs_secret;
    /* STATUS_OK, or STATUS_STALE where all but the signed time is right: *out is filled. Else
     * STATUS_UNAUTHORIZED, STATUS_NO_SECRET (a secret of ours cannot be used and no other one is
     * right) or STATUS_MEMORY. Looks at no address. err never holds a secret or a value from the
     * request that may be one. */
    enum status (*check)(const struct auth_attempt *attempt, struct auth_finding *out,
                         struct err *err);
};

enum status auth_static_check(const struct auth_attempt *a, struct auth_finding *out,
                              struct err *err) STATUS_CHECKED;
enum status auth_aai_check(const struct auth_attempt *a, struct auth_finding *out,
                           struct err *err) STATUS_CHECKED;
enum status auth_standard_check(const struct auth_attempt *a, struct auth_finding *out,
                                struct err *err) STATUS_CHECKED;

/* ---- for checks */

/* The header's value where it is there exactly once and not empty; else STR_NONE, and err says
 * which of it. */
struct str auth_header_once(const struct request *request, const char *header, struct err *err);

/* STATUS_STALE where `signed_s` (seconds since 1970) is further from now than the endpoint's
 * signature-window. */
enum status auth_window_check(const struct auth_attempt *a, uint64_t signed_s,
                              struct err *err) STATUS_CHECKED;

#endif
