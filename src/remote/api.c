/* SPDX-License-Identifier: MIT
 * api - see remote/api.h.
 */
#include "remote/api.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "cli/print.h"
#include "cli/progress.h"
#include "cli/session.h"
#include "core/url.h"
#include "remote/key.h"

void api_init(struct api *api)
{
    *api = (struct api){.key_file = NULL};
}

bool api_take(struct api *api, int option, const char *value)
{
    if (option == API_KEY_FILE)
        api->key_file = value;
    else if (option == API_URL)
        api->url = value;
    return option == API_KEY_FILE || option == API_URL;
}

static bool wait_ms(void *context, uint64_t ms)
{
    (void)context;
    clock_sleep_ns(ms * NS_PER_MS);
    return true;
}

static void print_retry(void *context, const char *why, uint64_t ms)
{
    (void)context;
    print_hint("%s; again in %" PRIu64 ".%" PRIu64 " s", why, ms / 1000, ms % 1000 / 100);
}

static void show_upload(void *context, uint64_t sent, uint64_t total)
{
    (void)context;
    progress_show("%3" PRIu64 " %% of %" PRIu64 " MB", sent * 100 / total,
                  (total + 999999) / 1000000);
}

static void warn_key(void *context, bool usable, const char *text)
{
    (void)context;
    (void)usable;
    print_warning("%s", text);
}

static enum status read_settings(struct api *api, const char *config_path, bool needed,
                                 struct err *err)
{
    const char *variable = getenv(KEY_VARIABLE);
    bool has_key = api->key_file != NULL || (variable != NULL && variable[0] != '\0');
    struct err missing = ERR_INIT;
    enum status status;
    char *path;

    if (needed || config_path != NULL || !has_key)
        return session_settings(&api->settings, config_path, err);
    /* A configuration that exists must be valid; a missing one is ignored. */
    status = settings_find(&path, NULL, &missing);
    if (status != STATUS_OK)
        return STATUS_OK;
    free(path);
    return session_settings(&api->settings, NULL, err);
}

static enum status open_client(struct api *api, struct str key, struct err *err)
{
    const char *url = api->url != NULL        ? api->url
                      : api->settings != NULL ? api->settings->config->api_url
                                              : CONFIG_API_URL;
    enum status status = url_check_base(str_of(url), "--api-url", err);

    api->watch = (struct aai_watch){.wait = wait_ms, .again = print_retry, .progress = show_upload};
    return status == STATUS_OK ? aai_open(&api->aai, url, key, &api->watch, err) : status;
}

enum status api_open(struct api *api, const char *config_path, bool needs_settings, struct err *err)
{
    enum status status = read_settings(api, config_path, needs_settings, err);
    struct buf key;

    buf_init(&key, KEY_MAX);
    if (status == STATUS_OK)
        status = key_read(&key, api->key_file, getenv(KEY_VARIABLE), api->settings, warn_key, err);
    if (status == STATUS_OK)
        status = open_client(api, buf_str(&key), err);
    buf_wipe(&key);
    return status;
}

void api_close(struct api *api)
{
    aai_close(api->aai);
    settings_release(api->settings);
    *api = (struct api){.key_file = NULL};
}
