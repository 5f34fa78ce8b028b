/* SPDX-License-Identifier: MIT
 * config - the configuration file's meaning. Pure: text in, struct out.
 *
 * Strict: an unknown key, a key given twice, a value out of range, an endpoint without
 * authentication and without `auth = "none"` are errors that name file, line, key and remedy.
 */
#ifndef CORE_CONFIG_CONFIG_H
#define CORE_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "core/address.h"

/* A larger file is refused. */
#define CONFIG_FILE_MAX ((size_t)256 * 1024)
#define CONFIG_ENDPOINTS_MAX 256
#define CONFIG_NAME_MAX 64            /* of an endpoint, of a query parameter */
#define CONFIG_HOOK_DEFAULT "default" /* the hook that the key `hook` sets up */
#define CONFIG_HEADER_NAME_MAX 128    /* of auth-header */
/* body-max where the scheme signs the body, which must be read before the sender is known. */
#define CONFIG_BODY_MAX_SIGNED ((uint64_t)64 * 1024)

/* Without free-space-min this share of the file system is kept free, if it is more than the
 * default.
 */
#define CONFIG_FREE_SPACE_PERCENT 1

/* The default of api-url. */
#define CONFIG_API_URL "https://api.assemblyai.com"

enum auth_scheme {
    AUTH_NONE,             /* auth = "none" */
    AUTH_STATIC,           /* auth-header and/or auth-query: either is enough */
    AUTH_AAI_SIGNATURE,    /* auth = "aai-signature" */
    AUTH_STANDARD_WEBHOOKS /* auth = "standard-webhooks" */
};

struct config_endpoint {
    char *name; /* [A-Za-z0-9_-]{1,64} */
    char *url;  /* or NULL */
    enum auth_scheme scheme;
    char *auth_header; /* or NULL */
    char *auth_query;  /* or NULL */
    char **secret_files;
    size_t secret_file_count;
    struct address_net *allow_from;
    size_t allow_from_count;
    struct address_net *trusted_proxies;
    size_t trusted_proxy_count;
    uint64_t body_max;           /* bytes; default 16 MiB, 64 KiB for schemes that sign the body */
    uint64_t quarantine_max;     /* bytes of its quarantined entries; default 256 MiB */
    uint64_t signature_window_s; /* default 300 */
    /* What may be recorded on a day if neither a secret nor an address is asked for; 0: no limit.
     */
    uint64_t daily_events_max; /* default 1000 */
    uint64_t daily_bytes_max;  /* default 64 MiB */
    char **hook;               /* NULL-terminated argv, or NULL: record only */
    uint64_t hook_timeout_s;   /* default 600 */
    uint64_t hook_memory_max; /* bytes of address space of each of its processes; 0, the default: no
                                 limit */
    uint64_t hook_file_max;   /* bytes of each file that it writes; 0, the default: no limit */
    uint64_t hook_processes_max; /* of our user, when it makes one more; 0, the default: no limit */
    char **params; /* NULL-terminated names of query parameters that the hook gets, or NULL */
    unsigned line; /* of the file, where the endpoint begins */
};

struct config {
    char *spool;             /* absolute path */
    uint64_t keep_s;         /* default 90 days */
    uint64_t free_space_min; /* bytes; default 16 MiB; 0 switches the reserve off */
    unsigned
        free_space_percent; /* of the file system, if that is more: 1 without the key, else 0 */
    uint64_t segment_max;   /* bytes; default 16 MiB */
    unsigned threads;       /* FastCGI mode */
    uint64_t deadline_ms;   /* default 6000: from the accept to the answer */
    uint64_t refused_max;   /* bytes that the refused box may hold; 0 switches it off */
    char *runner;           /* path of stenohook-run, or NULL */
    char *api_key_file;     /* absolute path, or NULL */
    char *api_url;          /* as core/url.h's url_check_base wants it */
    unsigned hooks_max;     /* hooks that run at the same time, of all endpoints; default 2 */
    struct config_endpoint *endpoints;
    size_t endpoint_count; /* at least 1 */
};

/* Reads a file's text; `file` is its name in errors. The caller frees *out with config_free.
 * STATUS_CONFIG: err is "FILE:LINE: KEY: problem; remedy". STATUS_MEMORY is the only other failure.
 */
enum status config_parse(struct config **out, const char *file, struct str text,
                         struct err *err) STATUS_CHECKED;
void config_free(struct config *config); /* NULL is fine */

/* Returns the endpoint of that name. If `name` is empty, or unknown and not `named` (certain to be
 * the name of an endpoint, as from PATH_INFO), returns the endpoint "default", else the only one.
 * NULL: unknown. */
const struct config_endpoint *config_endpoint(const struct config *config, struct str name,
                                              bool named);

/* The endpoint of just that name, or NULL. */
const struct config_endpoint *config_endpoint_named(const struct config *config, struct str name);
/* Whether any endpoint has a hook. */
bool config_has_hook(const struct config *config);

/* Reports to `warn` what is valid but probably a mistake (a URL in clear text, ...), in one
 * sentence each. */
typedef void (*config_warn)(void *context, const char *text);
void config_review(const struct config *config, config_warn warn, void *context);

/* One row for each key. The manual page is tested against this table. */
struct config_key {
    const char *section; /* "" or "endpoint" */
    const char *name;
    const char *type;    /* "string", "size", "duration", "number", "list" */
    const char *initial; /* the default as text, "" for none */
    const char *least;   /* size, duration, number: the range as text, ends included; else "" */
    const char *most;
    bool or_zero; /* 0 is allowed too, and means no limit */
};
extern const struct config_key config_keys[];
extern const size_t config_key_count;

#endif
