/* SPDX-License-Identifier: MIT
 * auth_kit - deliveries to an endpoint, and whether their senders prove themselves.
 */
#ifndef AUTH_KIT_H
#define AUTH_KIT_H

#include <stdint.h>

#include "core/auth/auth.h"

#define AK_ENV_MAX 8

/* One delivery: what the endpoint wants, what came, and what was said of it. */
struct ak_delivery {
    struct config_endpoint endpoint;
    struct str values[3];
    struct auth_secrets secrets;
    const char *env[AK_ENV_MAX]; /* with gaps where a test leaves NULL */
    const char *body;
    int64_t now_s;
    struct principal *principal;
    struct err err;
};

/* One to the endpoint "calls", without a secret, an environment or a body. */
struct ak_delivery ak_delivery(enum auth_scheme scheme);
/* What auth_check says of it; principal and err are those of this call. */
enum status ak_check(struct ak_delivery *d);

/* Each of these checks it, and leaves no principal behind. */

/* The sender has proved itself, and the delivery may be recorded. */
void ak_right(struct ak_delivery *d);
/* No principal, and these words for the log, with none of the secrets. */
void ak_wrong(struct ak_delivery *d, enum status expected, const char *text);
/* The same with STATUS_UNAUTHORIZED. */
void ak_unauthorized(struct ak_delivery *d, const char *text);
/* The secret is right, but no principal is made, with these words for the log. */
void ak_held(struct ak_delivery *d, enum status expected, const char *text);

/* A network as it is written in the configuration, which must be sound. */
struct address_net ak_net(const char *text);

#endif
