/* SPDX-License-Identifier: MIT
 * status - see base/status.h.
 */
#include "base/status.h"

#include <stddef.h>

enum exit_code { EXIT_GOOD, EXIT_FOUND, EXIT_WRONG_USE, EXIT_CONFIG, EXIT_TROUBLE };

struct status_row {
    const char *name;
    int http;
    enum exit_code exit;
    enum log_level level;
};

static const struct status_row rows[STATUS_COUNT] = {
    [STATUS_OK] = {"ok", 200, EXIT_GOOD, LOG_LEVEL_INFO},
    [STATUS_UNAUTHORIZED] = {"unauthorized", 401, EXIT_FOUND, LOG_LEVEL_WARNING},
    [STATUS_ADDRESS] = {"address", 403, EXIT_FOUND, LOG_LEVEL_WARNING},
    [STATUS_FOREIGN] = {"foreign", 403, EXIT_FOUND, LOG_LEVEL_WARNING},
    [STATUS_UNKNOWN_ENDPOINT] = {"unknown-endpoint", 404, EXIT_FOUND, LOG_LEVEL_WARNING},
    [STATUS_METHOD] = {"method", 405, EXIT_FOUND, LOG_LEVEL_INFO},
    [STATUS_TOO_LARGE] = {"too-large", 413, EXIT_FOUND, LOG_LEVEL_WARNING},
    [STATUS_MALFORMED] = {"malformed", 400, EXIT_FOUND, LOG_LEVEL_WARNING},
    [STATUS_TRUNCATED] = {"truncated", 503, EXIT_FOUND, LOG_LEVEL_WARNING},
    [STATUS_STALE] = {"stale", 503, EXIT_FOUND, LOG_LEVEL_WARNING},
    [STATUS_BUSY] = {"busy", 503, EXIT_TROUBLE, LOG_LEVEL_WARNING},
    [STATUS_CONFIG] = {"config", 503, EXIT_CONFIG, LOG_LEVEL_ERROR},
    [STATUS_NO_SECRET] = {"no-secret", 503, EXIT_CONFIG, LOG_LEVEL_ERROR},
    [STATUS_BUDGET] = {"budget", 503, EXIT_FOUND, LOG_LEVEL_ERROR},
    [STATUS_OWNER] = {"owner", 503, EXIT_CONFIG, LOG_LEVEL_ERROR},
    [STATUS_UNTRUSTED] = {"untrusted", 503, EXIT_CONFIG, LOG_LEVEL_ERROR},
    [STATUS_NO_SPACE] = {"no-space", 503, EXIT_TROUBLE, LOG_LEVEL_ERROR},
    [STATUS_DEADLINE] = {"deadline", 503, EXIT_TROUBLE, LOG_LEVEL_ERROR},
    [STATUS_IO] = {"io", 503, EXIT_TROUBLE, LOG_LEVEL_ERROR},
    [STATUS_POISONED] = {"poisoned", 503, EXIT_TROUBLE, LOG_LEVEL_ERROR},
    [STATUS_MEMORY] = {"memory", 503, EXIT_TROUBLE, LOG_LEVEL_ERROR},
    [STATUS_LIMIT] = {"limit", 503, EXIT_TROUBLE, LOG_LEVEL_ERROR},
    [STATUS_CORRUPT] = {"corrupt", 503, EXIT_FOUND, LOG_LEVEL_ERROR},
    [STATUS_PAUSED] = {"paused", 503, EXIT_FOUND, LOG_LEVEL_ERROR},
    [STATUS_USAGE] = {"usage", 503, EXIT_WRONG_USE, LOG_LEVEL_ERROR},
    [STATUS_MISSING] = {"missing", 503, EXIT_FOUND, LOG_LEVEL_ERROR},
};

static const struct status_row *row(enum status status)
{
    /* A status from nowhere is our own trouble: never a 2xx, never final for the sender. */
    return &rows[(unsigned)status < STATUS_COUNT ? status : STATUS_IO];
}

const char *status_name(enum status status)
{
    return row(status)->name;
}

int status_http(enum status status)
{
    return row(status)->http;
}

int status_exit(enum status status)
{
    return (int)row(status)->exit;
}

enum log_level status_level(enum status status)
{
    return row(status)->level;
}
