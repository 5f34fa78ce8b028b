/* SPDX-License-Identifier: MIT
 * hookenv - the environment of a hook. Pure. stenohook-hook(7) is its specification.
 *
 * PATH, HOME, LANG, and of the event STENOHOOK_EVENT_ID _ENDPOINT _KIND _TRANSCRIPT_ID _STATUS
 * _RECEIVED_AT _ATTEMPT _QUERY _PARAMS (JSON) and STENOHOOK_PARAM_NAME for each query parameter
 * that the endpoint's `params` lists. Nothing else of the request becomes a variable, and no value
 * is ever part of a name.
 */
#ifndef CORE_HOOKENV_H
#define CORE_HOOKENV_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "core/config.h"
#include "core/record.h"

/* A variable with a longer value is left out, since exec refuses strings beyond 128 KiB: the record
 * has it all. */
#define HOOKENV_VALUE_MAX ((size_t)64 * 1024)

struct hookenv {
    char **envp; /* NULL-terminated; for exec */
    char *block; /* where the strings live */
};

/* `home` and `lang` are those of the runner's user; NULL: not set. A NUL in a value ends...
 * nothing: it becomes U+FFFD, as bytes that are no UTF-8 do; the first of several parameters of one
 * name counts. */
enum status hookenv_make(struct hookenv *out, const struct config_endpoint *endpoint,
                         const struct record *record, uint32_t attempt, const char *home,
                         const char *lang, struct err *err) STATUS_CHECKED;
void hookenv_free(struct hookenv *env);

/* The variable of a listed parameter: "customer-id" gives STENOHOOK_PARAM_CUSTOMER_ID. false: no
 * name can be made of it (the configuration refuses it). Freed by the caller. */
#define HOOKENV_NAME_MAX 96
bool hookenv_param_name(char out[HOOKENV_NAME_MAX], const char *param);

#endif
