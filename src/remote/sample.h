/* SPDX-License-Identifier: MIT
 * sample - makes sample bodies of every kind that the sender documents.
 */
#ifndef REMOTE_SAMPLE_H
#define REMOTE_SAMPLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "remote/members.h"

/* Makes a UUID of random bits. */
#define SAMPLE_ID_MAX 40
void sample_id(const uint8_t random[16], char out[SAMPLE_ID_MAX]);

/* Adds the members of a kind: "completed", "error", "redacted", "streaming" or "voice". `m` must be
 * empty. STATUS_USAGE: another kind. */
enum status sample_fill(struct members *m, const char *kind, const char *id, int64_t now_ns,
                        struct err *err) STATUS_CHECKED;

#endif
