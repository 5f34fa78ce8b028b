/* SPDX-License-Identifier: MIT
 * send - a sample webhook, and its deliveries as AssemblyAI would make them.
 */
#ifndef REMOTE_SEND_H
#define REMOTE_SEND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "remote/deliver.h"
#include "remote/sample.h"
#include "remote/sign.h"
#include "remote/target.h"
#include "remote/words.h"

/* The options, borrowed from argv; NULL: not given. */
struct send {
    const char *kind;
    const char *to;
    const char *endpoint;
    const char *secret_file;
    const char *header;
    const char *data;
    bool bad_secret;
    uint64_t repeat;
    struct deliver_plan plan;
    struct words sets;
    struct words queries;

    /* Made of these by send_prepare. */
    const struct settings *settings; /* or NULL */
    struct target target;            /* endpoint NULL: none */
    struct buf own_secret;           /* of --secret-file */
    struct buf shown;                /* the address without a token */
    struct buf url;
    struct buf body;
    char id[SAMPLE_ID_MAX];
    struct signature signature;
    struct delivery delivery;
};

/* Finds address and secret, and makes body and signature. Free with send_free in any case. */
enum status send_prepare(struct send *send, const char *config_path,
                         struct err *err) STATUS_CHECKED;
void send_free(struct send *send);

/* Makes the deliveries, and prints each attempt. STATUS_MISSING: one was given up, or an endpoint
 * of ours did not record it. */
enum status send_deliver(const struct send *send, struct err *err) STATUS_CHECKED;

#endif
