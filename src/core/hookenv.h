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
#include "core/config/config.h"
#include "core/record.h"

/* A variable with a longer value is left out, since exec refuses strings beyond 128 KiB: the record
 * has it all. */
#define HOOKENV_VALUE_MAX ((size_t)64 * 1024)
/* Of all variables together, far below what Linux takes (2 MiB by default). Where a variable would
 * pass it, it is left out; the query and its parameters, which the sender chooses, come last. */
#define HOOKENV_TOTAL_MAX ((size_t)192 * 1024)
/* The PATH of hooks, whatever started the runner. */
#define HOOKENV_PATH "/usr/local/bin:/usr/bin:/bin"

struct hookenv {
    char **envp; /* NULL-terminated; for exec */
    char *block; /* where the strings live */
};

/* `home` and `lang` are those of the runner's user; NULL: not set. What the record does not have is
 * not set either. A NUL in a value ends nothing: it becomes U+FFFD, as bytes that are no UTF-8 do;
 * the first of several parameters of one name counts. STATUS_MEMORY is the only failure. */
enum status hookenv_make(struct hookenv *out, const struct config_endpoint *endpoint,
                         const struct record *record, uint32_t attempt, const char *home,
                         const char *lang, struct err *err) STATUS_CHECKED;
void hookenv_free(struct hookenv *env);

/* The variable of a listed parameter: "customer-id" gives STENOHOOK_PARAM_CUSTOMER_ID. false: no
 * name can be made of it (the configuration refuses it); `out` is then untouched. */
#define HOOKENV_NAME_MAX 96
bool hookenv_param_name(char out[HOOKENV_NAME_MAX], const char *param);

#endif
