/* SPDX-License-Identifier: MIT
 * config_keys - the table of keys, and the remedy for a key that is not in it.
 */
#include <string.h>

#include "base/buf.h"
#include "base/typo.h"
#include "core/config/config.h"
#include "core/config/config_parts.h"

#define ENDPOINT "endpoint"
#define NO_RANGE .least = "", .most = ""

const struct config_key config_keys[] = {
    [KEY_SPOOL] = {"", "spool", "string", "", NO_RANGE},
    [KEY_KEEP] = {"", "keep", "duration", "90d", .least = "1d", .most = "36500d"},
    [KEY_FREE_SPACE_MIN] = {"", "free-space-min", "size", "16M", .least = "1", .most = "1024G",
                            .or_zero = true},
    [KEY_SEGMENT_MAX] = {"", "segment-max", "size", "16M", .least = "64K", .most = "1G"},
    [KEY_THREADS] = {"", "threads", "number", "32", .least = "1", .most = "256"},
    [KEY_DEADLINE] = {"", "deadline", "duration", "6s", .least = "1s", .most = "9s"},
    [KEY_REFUSED_MAX] = {"", "refused-max", "size", "64M", .least = "1", .most = "1024G",
                         .or_zero = true},
    [KEY_RUNNER] = {"", "runner", "string", "", NO_RANGE},
    [KEY_API_KEY_FILE] = {"", "api-key-file", "string", "", NO_RANGE},
    [KEY_API_URL] = {"", "api-url", "string", CONFIG_API_URL, NO_RANGE},
    [KEY_HOOKS_MAX] = {"", "hooks-max", "number", "2", .least = "1", .most = "64"},
    [KEY_URL] = {ENDPOINT, "url", "string", "", NO_RANGE},
    [KEY_AUTH] = {ENDPOINT, "auth", "string", "", NO_RANGE},
    [KEY_AUTH_HEADER] = {ENDPOINT, "auth-header", "string", "", NO_RANGE},
    [KEY_AUTH_QUERY] = {ENDPOINT, "auth-query", "string", "", NO_RANGE},
    [KEY_SECRET_FILES] = {ENDPOINT, "secret-files", "list", "", NO_RANGE},
    [KEY_ALLOW_FROM] = {ENDPOINT, "allow-from", "list", "", NO_RANGE},
    [KEY_TRUSTED_PROXIES] = {ENDPOINT, "trusted-proxies", "list", "", NO_RANGE},
    [KEY_BODY_MAX] = {ENDPOINT, "body-max", "size", "16M", .least = "1K", .most = "256M"},
    [KEY_QUARANTINE_MAX] = {ENDPOINT, "quarantine-max", "size", "256M", .least = "1M",
                            .most = "1024G"},
    [KEY_SIGNATURE_WINDOW] = {ENDPOINT, "signature-window", "duration", "5m", .least = "1s",
                              .most = "1d"},
    [KEY_DAILY_EVENTS_MAX] = {ENDPOINT, "daily-events-max", "number", "1000", .least = "1",
                              .most = "1000000000", .or_zero = true},
    [KEY_DAILY_BYTES_MAX] = {ENDPOINT, "daily-bytes-max", "size", "64M", .least = "64K",
                             .most = "1024G", .or_zero = true},
    [KEY_HOOK] = {ENDPOINT, "hook", "list", "", NO_RANGE},
    [KEY_HOOK_TIMEOUT] = {ENDPOINT, "hook-timeout", "duration", "10m", .least = "1s", .most = "1d"},
    [KEY_HOOK_MEMORY_MAX] = {ENDPOINT, "hook-memory-max", "size", "0", .least = "16M",
                             .most = "1024G", .or_zero = true},
    [KEY_HOOK_FILE_MAX] = {ENDPOINT, "hook-file-max", "size", "0", .least = "1", .most = "1024G",
                           .or_zero = true},
    [KEY_HOOK_PROCESSES_MAX] = {ENDPOINT, "hook-processes-max", "number", "0", .least = "1",
                                .most = "4194304", .or_zero = true},
    [KEY_PARAMS] = {ENDPOINT, "params", "list", "", NO_RANGE},
};
const size_t config_key_count = sizeof config_keys / sizeof *config_keys;

_Static_assert(sizeof config_keys / sizeof *config_keys == KEY_COUNT, "one row for each index");

int config_key_find(const char *section, struct str name)
{
    for (int i = 0; i < KEY_COUNT; i++)
        if (strcmp(config_keys[i].section, section) == 0 && str_is(name, config_keys[i].name))
            return i;
    return -1;
}

static int find_nearest(const char *section, struct str name)
{
    unsigned best = typo_near(name) + 1;
    int found = -1;

    for (int i = 0; i < KEY_COUNT; i++) {
        unsigned d;

        if (strcmp(config_keys[i].section, section) != 0)
            continue;
        d = typo_distance(name, config_keys[i].name);
        if (d < best) {
            best = d;
            found = i;
        }
    }
    return found;
}

void config_key_remedy(struct buf *out, const char *section, struct str name)
{
    const char *other = *section == '\0' ? ENDPOINT : "";
    int key = find_nearest(section, name);

    if (key < 0 && *section == '\0' && typo_distance(name, ENDPOINT) <= typo_near(name)) {
        buf_add_text(out, "did you mean \"endpoint\"?");
    } else if (key >= 0) {
        buf_printf(out, "did you mean \"%s\"?", config_keys[key].name);
    } else if (config_key_find(other, name) >= 0) {
        buf_add_text(out, *other == '\0' ? "it belongs outside the endpoints"
                                         : "it belongs in an endpoint \"NAME\" { ... }");
    } else {
        buf_add_text(out, "the keys here are");
        for (int i = 0; i < KEY_COUNT; i++)
            if (strcmp(config_keys[i].section, section) == 0)
                buf_printf(out, " %s", config_keys[i].name);
    }
}
